"""Names that both languages share: none is remembered, all are compared with tests/vectors/names.json."""

from __future__ import annotations

import json
from dataclasses import asdict, fields
from pathlib import Path

import pytest

from polyloom import actions, codec, keys, ops, seen, settings, signing
from polyloom.errors import CODES
from polyloom.limits import Limits
from polyloom.settings import Settings
from polyloom_workers import gate, host

NAMES = json.loads((Path(__file__).parents[1] / "vectors" / "names.json").read_text())
PAGE = (Path(__file__).parents[2] / "docs" / "reference" / "wire-protocol.md").read_text()


def test_protocol_number_and_kinds_of_frames():
    assert NAMES["protocol"] == ops.PROTOCOL
    kinds = {"client": ops.CLIENT_KINDS, "host": ops.HOST_KINDS, "worker": ops.WORKER_KINDS}
    assert NAMES["kinds"] == {name: list(kinds[name]) for name in kinds}


def test_host_answers_every_kind_of_a_client():
    assert set(host.KINDS) == {*NAMES["kinds"]["client"], *NAMES["kinds"]["worker"]}


def test_ops_and_modes():
    assert list(ops.OPS) == NAMES["ops"]
    assert list(ops.MODES) == NAMES["modes"]


def test_executor_has_every_op():
    assert {*actions.OPS, "pull", "release"} == set(NAMES["ops"])


def test_every_tag_is_decoded_or_is_a_result():
    assert [*codec.DECODERS, *codec.RESULT_TAGS] == NAMES["tags"]


def test_every_tag_of_data_is_written_by_the_encoder():
    written = set()
    for encode in codec.ENCODERS.values():
        written |= {const for const in encode.__code__.co_consts if isinstance(const, str)}
        written |= {cell.cell_contents for cell in encode.__closure__ or ()}
    assert set(NAMES["tags"]) - written == {"ndarray", "ref", "far", "exposed", "handle", "error", "pending"}


def test_codes_of_errors():
    assert sorted(CODES) == sorted(NAMES["codes"])


def test_limits_and_their_defaults():
    assert asdict(Limits()) == NAMES["limits"]


def test_redis_keys_and_fields():
    made = keys.Keys()
    assert NAMES["keys"] == {
        "prefix": keys.DEFAULT_PREFIX,
        "workers": made.workers,
        "load": made.load,
        "labels": made.labels,
        "placed": made.placed("W"),
        "names": made.names,
        "info": made.info("W"),
        "worker_lease": made.worker_lease("W"),
        "inbox": made.inbox("W"),
        "client_lease": made.client_lease("C"),
        "mailbox": made.mailbox("C"),
        "worker_blob": made.worker_blob("W", "B"),
        "client_blob": made.client_blob("C", "B"),
        "refused": made.refused,
        "runs": made.runs,
        "run": made.run("R"),
        "run_log": made.run_log("R"),
        "run_once": made.run_once("R"),
    }
    assert NAMES["blobs"] == {"bytes": keys.BLOB_BYTES, "seconds": keys.BLOB_SECONDS}
    assert NAMES["group"] == keys.GROUP
    assert NAMES["fields"] == {
        "client": keys.FIELD_CLIENT.decode(),
        "text": keys.FIELD_TEXT.decode(),
        "attachment": keys.FIELD_ATTACHMENT.decode(),
        "blob": keys.FIELD_BLOB.decode(),
        "moment": keys.FIELD_MOMENT.decode(),
        "number": keys.FIELD_NUMBER.decode(),
        "signature": keys.FIELD_SIGNATURE.decode(),
    }


def test_numbers_of_signing():
    assert NAMES["signing"] == {
        "secret_bytes": settings.SECRET_BYTES,
        "fresh_ms": gate.FRESH,
        "gaps": seen.GAPS,
        "proof_digits": signing.PROOF_DIGITS,
    }


def test_defaults_of_settings():
    made = Settings()
    assert NAMES["defaults"] == {"url": made.url, "prefix": made.prefix, "lease_seconds": made.lease}


def test_variables_of_the_environment():
    read = {f"POLYLOOM_{field.name.upper()}" for field in fields(Settings)} - {"POLYLOOM_LIMITS"}
    assert read | {"POLYLOOM_PYTHON", "POLYLOOM_SECRET_FILE"} == set(NAMES["environment"])


@pytest.mark.parametrize("group", ["ops", "modes", "tags", "codes"])
def test_the_page_knows_every_name(group):
    assert [name for name in NAMES[group] if f"`{name}`" not in PAGE and f'["{name}"' not in PAGE] == []


def test_the_page_knows_every_limit_and_its_default():
    rows = [line.split("|")[1:3] for line in PAGE.splitlines() if line.startswith("| `")]
    shown = {name.strip(" `"): int(value.strip().replace(",", "")) for name, value in rows if value.strip()[:1].isdigit()}
    assert shown == NAMES["limits"]
