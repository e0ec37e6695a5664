"""An item of a queue as kombu takes it. What is no message is put into an envelope of its own, which says why it is refused.

So everything that is taken has a tag that nobody else has, lies in `unacked` until it is answered, and goes back to its queue.
"""

from __future__ import annotations

import base64
import bz2
import lzma
import re
import zlib
from collections.abc import Callable
from typing import Any

from kombu.utils import json

from polyloom.errors import FrameError, LimitExceeded, PolyloomError
from polyloom.limits import Limits
from polyloom_workers.messages.kinds import LIST, NAME, NUMBER, OBJECT, TEXT, Kind, check, maybe, one_of, shown

Payload = dict[str, Any]

ITEM_BYTES = 2_000  # of an item that is refused; enough to see what it was
LZMA_MEMORY = 268_435_456  # bytes that decompressing may take; the highest preset needs 65 MiB
IDS = [re.compile(rb'"%s"\s*:\s*"([^"\\]{1,512})"' % key) for key in (b"id", b"correlation_id")]  # in an item that is no JSON

ENVELOPE: dict[str, Kind] = {
    "body": maybe(TEXT),
    "content-type": maybe(NAME),
    "content-encoding": maybe(NAME),
    "headers": maybe(OBJECT),
    "properties": maybe(OBJECT),
}
PROPERTIES: dict[str, Kind] = {
    "body_encoding": maybe(one_of("base64", "utf-8", "")),
    "priority": maybe(NUMBER),
    "refused": maybe(
        Kind("a code and a text", lambda value: LIST.fits(value) and len(value) == 2 and all(map(TEXT.fits, value)))
    ),
}

_Expander = Callable[[], Any]
_GZIP: _Expander = zlib.decompressobj
_BZIP: _Expander = bz2.BZ2Decompressor


def _lzma() -> lzma.LZMADecompressor:
    return lzma.LZMADecompressor(memlimit=LZMA_MEMORY)


EXPANDERS: dict[str, _Expander] = {
    **dict.fromkeys(("application/x-gzip", "gzip", "zlib"), _GZIP),
    **dict.fromkeys(("application/x-bz2", "bzip2", "bzip"), _BZIP),
    **dict.fromkeys(("application/x-lzma", "lzma", "xz"), _lzma),
}
HEADERS: dict[str, Kind] = {
    "compression": maybe(Kind(", ".join(EXPANDERS), lambda value: type(value) is str and value in EXPANDERS)),
}


def open_item(item: bytes, queue: str, tag: str, limits: Limits) -> Payload:
    """Return the payload that kombu takes for an item, with its tag, or for the news that it is none."""
    try:
        payload: Payload = _read(item, limits)
    except PolyloomError as error:
        payload = _stand_in(item, error)
    properties = payload["properties"] = payload.get("properties") or {}
    payload["headers"] = payload.get("headers") or {}
    properties["delivery_info"] = {"exchange": "", "routing_key": queue, "redelivered": _was_redelivered(properties)}
    properties["delivery_tag"] = tag
    return payload


def levels(value: object) -> int:
    """Return how deeply lists and objects stand inside one another in a value."""
    depth, level = 0, [value]
    while level := [one for one in level if isinstance(one, (dict, list, tuple))]:
        depth += 1
        level = [item for one in level for item in (one.values() if isinstance(one, dict) else one)]
    return depth


def check_levels(value: object, limits: Limits) -> None:
    """Raise LimitExceeded for a value that is nested too deeply for those who walk through it."""
    if (depth := levels(value)) > limits.depth:
        raise LimitExceeded(f"depth: a message of {depth:,} levels is above {limits.depth:,}")


def _read(item: bytes, limits: Limits) -> Payload:
    if len(item) > limits.message_bytes:
        raise LimitExceeded(f"message_bytes: a message of {len(item):,} bytes is above {limits.message_bytes:,}")
    try:
        payload = json.loads(item.decode("utf-8"))
    except RecursionError:
        raise LimitExceeded("depth: the message is nested too deeply to be read") from None
    except Exception as error:  # of JSON, or of the types that kombu adds to it
        raise FrameError(f"a message must be JSON: {error}") from None
    check_envelope(payload, limits)
    return dict(payload)


def check_envelope(payload: Any, limits: Limits) -> None:
    """Raise a typed error for what kombu could not take for a message."""
    if type(payload) is not dict:
        raise FrameError(f"a message must be an object, not {shown(payload)}")
    check_levels(payload, limits)
    check(payload, ENVELOPE)
    check(payload.get("properties") or {}, PROPERTIES)
    headers = payload.get("headers") or {}
    check(headers, HEADERS)
    if name := headers.get("compression"):
        _check_expanded(payload, EXPANDERS[name](), limits)


def _check_expanded(payload: Payload, expander: Any, limits: Limits) -> None:
    """Raise LimitExceeded for a compressed body that would take more room than a message may."""
    body = payload.get("body") or ""
    try:
        packed = base64.b64decode(body) if (payload.get("properties") or {}).get("body_encoding") == "base64" else body.encode()
        size = len(expander.decompress(packed, limits.message_bytes + 1))
    except Exception as error:  # each of the libraries has its own
        raise FrameError(f"the body of a message cannot be decompressed: {error}") from None
    if size > limits.message_bytes:
        raise LimitExceeded(f"message_bytes: a body is decompressed to more than {limits.message_bytes:,} bytes")
    if not expander.eof or expander.unused_data:
        raise FrameError("the body of a message must be compressed in one piece")


def _stand_in(item: bytes, error: PolyloomError) -> Payload:
    """Return a message without content that says what is wrong with an item, and whom to answer where that can be read."""
    text = item[:ITEM_BYTES].decode("utf-8", "backslashreplace")
    properties = {"refused": [error.code, error.message], "item": text, "correlation_id": _id_in(item)}
    return {"body": "", "content-type": "application/json", "content-encoding": "utf-8", "properties": properties}


def _id_in(item: bytes) -> str | None:
    found = (pattern.search(item) for pattern in IDS)
    names = (one[1].decode("utf-8", "replace") for one in found if one)
    return next(filter(NAME.fits, names), None)


def _was_redelivered(properties: Payload) -> bool:
    info = properties.get("delivery_info")
    return isinstance(info, dict) and info.get("redelivered") is True
