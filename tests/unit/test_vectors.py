"""The vectors that every implementation must pass (tests/vectors/README.md)."""

from __future__ import annotations

import json
import math
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from uuid import UUID
from zoneinfo import ZoneInfo

import numpy
import pytest

from polyloom.codec import Decoder, Encoder
from polyloom.errors import PolyloomError
from polyloom.frames import Frame, read_frame, write_frame
from polyloom.signing import ENTRY, Signer, proof, sign
from polyloom.warrant import check_signature, sign_job

VECTORS = Path(__file__).parents[1] / "vectors"
VALUES = json.loads((VECTORS / "values.json").read_text())
REFUSED = json.loads((VECTORS / "refused.json").read_text())
SIGNATURES = json.loads((VECTORS / "signatures.json").read_text())


def big(text):
    """Return an int of any size: Python's own limit for texts of ints is lower than the protocol's."""
    return int(Decimal(text))


def parts(build):
    return lambda *inner: build([value_of(one) for one in inner])


def pairs(*inner):
    values = [value_of(one) for one in inner]
    return dict(zip(values[::2], values[1::2], strict=True))


def moment(text, fold, zone):
    value = datetime.fromisoformat(text)
    return (value.replace(tzinfo=ZoneInfo(zone)) if zone else value).replace(fold=fold)


def clock(text, fold, zone=None):
    value = time.fromisoformat(text).replace(fold=fold)
    return value.replace(tzinfo=ZoneInfo(zone)) if zone else value


BUILD = {
    "null": lambda: None,
    "bool": bool,
    "int": big,
    "float": float,
    "str": str,
    "list": parts(list),
    "tuple": parts(tuple),
    "set": parts(set),
    "frozenset": parts(frozenset),
    "dict": pairs,
    "bytes": bytes.fromhex,
    "bytearray": bytearray.fromhex,
    "complex": lambda real, imag: complex(float(real), float(imag)),
    "decimal": Decimal,
    "fraction": Fraction,
    "uuid": UUID,
    "datetime": moment,
    "date": date.fromisoformat,
    "time": clock,
    "timedelta": timedelta,
    "range": range,
    "slice": lambda *inner: slice(*(value_of(one) for one in inner)),
    "ellipsis": lambda: ...,
    "ndarray": lambda dtype, shape, octets: numpy.frombuffer(bytes.fromhex(octets), dtype).reshape(shape),
}


def value_of(described):
    """Return the value that a vector describes."""
    return BUILD[described[0]](*described[1:])


def exact(value):
    """Return something that is equal for two values only if they are the same to the last bit and type."""
    kind = type(value)
    if kind is float:
        return kind, "nan" if math.isnan(value) else value.hex()
    if kind is complex:
        return kind, exact(value.real), exact(value.imag)
    if kind in (list, tuple):
        return kind, [exact(one) for one in value]
    if kind is dict:
        return kind, [(exact(key), exact(one)) for key, one in value.items()]
    if kind is datetime:
        return kind, value.isoformat(), value.fold, str(value.tzinfo)
    if kind is time:
        return kind, value.isoformat(), value.fold, str(value.tzinfo)
    if kind is numpy.ndarray:
        return kind, value.dtype.name, value.shape, value.tobytes()
    if kind is Decimal:
        return kind, str(value)
    return kind, value


def squeezed(text):
    """Drop the white space between the parts of a JSON text, and the quotes around none of it."""
    return "".join(text.split()) if '"' not in text else json.dumps(json.loads(text), separators=(",", ":"))


@pytest.mark.parametrize("vector", VALUES, ids=lambda vector: vector["name"])
def test_wire_decodes_to_exactly_the_value(vector):
    attachments = [bytes.fromhex(one) for one in vector.get("attachments", ())]
    wire = read_frame(Frame(b'{"t":"x","v":' + vector["wire"].encode() + b"}"))["v"]
    assert exact(Decoder(attachments).decode(wire)) == exact(value_of(vector["value"]))


@pytest.mark.parametrize("vector", [one for one in VALUES if "python" in one["encode"]], ids=lambda vector: vector["name"])
def test_value_encodes_to_exactly_the_wire(vector):
    encoder = Encoder()
    frame = write_frame({"v": encoder.encode(value_of(vector["value"]))})
    assert frame.text.decode()[5:-1] == squeezed(vector["wire"])
    assert [bytes(one).hex() for one in encoder.attachments] == vector.get("attachments", [])


@pytest.mark.parametrize("vector", REFUSED, ids=lambda vector: vector["name"])
def test_refused_form_names_its_code_and_path(vector):
    attachments = [bytes.fromhex(one) for one in vector.get("attachments", ())]
    with pytest.raises(PolyloomError) as caught:
        Decoder(attachments).decode(json.loads(vector["wire"]))
    assert caught.value.rooted().to_wire() | {"message": ""} == {
        "code": vector["code"],
        "message": "",
        "path": vector["path"],
    } | ({"hint": caught.value.hint} if caught.value.hint else {})
    assert caught.value.message


@pytest.mark.parametrize("vector", SIGNATURES["entries"], ids=lambda vector: vector["name"])
def test_entry_has_exactly_this_signature_and_none_with_another_byte(vector):
    signer, fields = Signer(vector["secret"], vector["receiver"]), fields_of(vector)
    signed = [*fields, b"s", vector["signature"].encode()]
    assert sign(vector["secret"].encode(), [ENTRY, vector["receiver"], *fields]) == vector["signature"]
    assert signer.number(signed) == int(dict(vector["fields"])["q"])
    for at, field in enumerate(signed):
        assert signer.number([*signed[:at], field + b"0", *signed[at + 1 :]]) is None
        assert signer.number([*signed[:at], *signed[at + 1 :]]) is None


def test_no_two_entries_have_one_signature():
    made = [vector["signature"] for vector in SIGNATURES["entries"]]
    assert len(set(made)) == len(made) > 5


@pytest.mark.parametrize("vector", SIGNATURES["proofs"], ids=lambda vector: vector["secret"])
def test_proof_of_a_worker(vector):
    assert proof(vector["secret"], vector["worker"]) == vector["proof"]


@pytest.mark.parametrize("vector", SIGNATURES["jobs"], ids=lambda vector: vector["secret"])
def test_job_has_exactly_this_signature(vector):
    program = json.loads(vector["text"])
    by = program.pop("by") / 1000
    assert sign_job(program, vector["task"], vector["secret"], by - 1, 1) == vector["signed"]
    check_signature(vector["signed"], vector["task"], vector["secret"])


def fields_of(vector):
    """Return the names and values of the fields that a vector describes."""
    flat = [part for field in vector["fields"] for part in field]
    return [bytes.fromhex(part["hex"]) if isinstance(part, dict) else part.encode() for part in flat]


def test_every_type_of_data_has_a_vector():
    assert {vector["value"][0] for vector in VALUES} == set(BUILD)
