"""Frames on a byte pipe (§1.4). Mirrors `framing.ts`."""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator

from polyloom.frames import Buffer, Frame, check_sizes
from polyloom.limits import DEFAULT_LIMITS, Limits

HEAD = struct.Struct(">II")  # bytes of text, number of attachments
HEAD_BYTES = HEAD.size
_unpack_head = HEAD.unpack_from


def pack_frame(frame: Frame) -> list[Buffer]:
    """Return the pieces of a frame, in order; attachments are not copied."""
    if not frame.attachments:
        return [HEAD.pack(len(frame.text), 0) + frame.text]
    lengths = [len(one) for one in frame.attachments]
    head = HEAD.pack(len(frame.text), len(lengths)) + struct.pack(f">{len(lengths)}I", *lengths)
    return [head + frame.text, *frame.attachments]


def unpack_frame(data: bytes) -> Frame:
    """Return the frame of the pieces that `pack_frame` gave, joined."""
    return _cut(data, 0)


class FrameReader:
    """Cuts a stream of bytes into frames. Sizes are checked before anything is gathered; LimitExceeded ends the stream."""

    def __init__(self, limits: Limits = DEFAULT_LIMITS) -> None:
        self._limits = limits
        self._most = limits.frame_bytes
        self._chunks: list[bytes] = []
        self._have = 0
        self._need = HEAD_BYTES

    def feed(self, chunk: bytes) -> Iterable[Frame]:
        """Take the next bytes and give the frames that are complete now."""
        size = len(chunk) - HEAD_BYTES
        if size >= 0 and not self._have:
            text, count = _unpack_head(chunk)
            if size == text and not count and text <= self._most:
                return (Frame(chunk[HEAD_BYTES:]),)  # one small frame at a time is the common case
        return self._gather(chunk)

    def _gather(self, chunk: bytes) -> Iterator[Frame]:
        self._chunks.append(chunk)
        self._have += len(chunk)
        if self._have < self._need:
            return
        data = b"".join(self._chunks) if len(self._chunks) > 1 else chunk
        start = 0
        while (end := self._end(data, start)) <= len(data):
            yield _cut(data, start)
            start = end
        rest = data[start:]
        self._chunks, self._have, self._need = [rest], len(rest), end - start

    def _end(self, data: bytes, start: int) -> int:
        """Return where the frame at `start` ends, or where its next known part does."""
        body = start + HEAD_BYTES
        if body > len(data):
            return body
        text, count = _head(data, start)
        check_sizes(text, range(count) if count > self._limits.attachments else (), self._limits)
        body += 4 * count
        if body > len(data):
            return body
        lengths = struct.unpack_from(f">{count}I", data, start + HEAD_BYTES)
        check_sizes(text, lengths, self._limits)
        return int(body + text + sum(lengths))


def _head(data: bytes, start: int) -> tuple[int, int]:
    text, count = _unpack_head(data, start)
    return text, count


def _cut(data: bytes, start: int) -> Frame:
    text, count = _head(data, start)
    lengths = struct.unpack_from(f">{count}I", data, start + HEAD_BYTES)
    at = start + HEAD_BYTES + 4 * count
    body = data[at : at + text]
    at += text
    attachments = []
    for length in lengths:
        attachments.append(data[at : at + length])
        at += length
    return Frame(body, attachments)
