"""Frames (§1): one JSON text and its attachments. Mirrors `frames.ts`."""

from __future__ import annotations

import json
import json.encoder
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple, NoReturn

from polyloom.errors import FrameError, LimitExceeded
from polyloom.limits import DEFAULT_LIMITS, Limits

Buffer = bytes | bytearray | memoryview


class Frame(NamedTuple):
    """`text` is UTF-8 JSON; attachments are sent as they are, so nobody may change them afterwards."""

    text: bytes
    attachments: Sequence[Buffer] = ()


def write_frame(body: dict[str, Any], attachments: Sequence[Buffer] = ()) -> Frame:
    """Return the frame of a body that is made of JSON values only."""
    return Frame(_write(body).encode("ascii"), attachments)


def read_frame(frame: Frame, limits: Limits = DEFAULT_LIMITS) -> dict[str, Any]:
    """Return the body of a frame; FrameError when it is none, LimitExceeded when it is too large."""
    text, attachments = frame
    if attachments or len(text) > limits.frame_bytes:
        check_sizes(len(text), [len(one) for one in attachments], limits)
    try:
        body = _read(text.decode("utf-8", "surrogatepass"))
    except RecursionError:
        raise LimitExceeded("the frame is nested too deeply to be read") from None
    except ValueError as error:
        raise FrameError(f"the frame is not JSON: {error}") from None
    if type(body) is not dict or type(body.get("t")) is not str:
        raise FrameError('a frame is an object with its kind under "t"')
    return body


def check_sizes(text: int, attachments: Sequence[int], limits: Limits) -> None:
    """Raise LimitExceeded when a frame of these sizes, in bytes, is above the limits (§9)."""
    if text > limits.frame_bytes:
        raise LimitExceeded(f"frame_bytes: a text of {text:,} bytes is above {limits.frame_bytes:,}")
    if len(attachments) > limits.attachments:
        raise LimitExceeded(f"attachments: {len(attachments):,} are above {limits.attachments:,}")
    largest = max(attachments, default=0)
    if largest > limits.attachment_bytes:
        raise LimitExceeded(f"attachment_bytes: {largest:,} bytes are above {limits.attachment_bytes:,}")


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


_ENCODER = json.JSONEncoder(separators=(",", ":"), check_circular=False, allow_nan=False)
_DECODER: Any = json.JSONDecoder(parse_constant=_refuse_constant)  # type stubs do not know its `scan_once`


_scan = _DECODER.scan_once


def _read(text: str) -> Any:
    """Parse JSON; without white space around it in half the time."""
    try:
        value, end = _scan(text, 0)
        if end == len(text):
            return value
    except (StopIteration, json.JSONDecodeError):
        pass
    return _DECODER.decode(text)


def _make_writer() -> Callable[[object], str]:
    """Return what `JSONEncoder.encode` does, without making its C encoder anew for each frame (a third of the time)."""
    make = getattr(json.encoder, "c_make_encoder", None)  # CPython has it; its type stubs do not
    if make is None:
        return _ENCODER.encode
    chunks = make(None, _ENCODER.default, json.encoder.encode_basestring_ascii, None, ":", ",", False, False, False)
    return lambda value: "".join(chunks(value, 0))


_write = _make_writer()
