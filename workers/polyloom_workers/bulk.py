"""Large strings from Redis, read straight into the bytes that hold them: the buffers of a parser cost two more copies."""

from __future__ import annotations

import socket

import redis

LARGE = 1 << 16  # bytes from which it pays
_HEAD = 16  # bytes that hold the length of any string: "$536870912\r\n"
_END = 2  # bytes after a string: "\r\n"


def size_of(sock: socket.socket) -> int | None:
    """Return the length of the large string that comes next, which then begins; None, with nothing read, for any other reply."""
    head, end, _ = sock.recv(_HEAD, socket.MSG_PEEK).partition(b"\r\n")
    if not end or head[:1] != b"$" or not head[1:].isdigit() or int(head[1:]) < LARGE:
        return None
    sock.recv(len(head + end), socket.MSG_WAITALL)
    return int(head[1:])


def read_string(sock: socket.socket, size: int) -> bytes:
    """Return the string of `size` bytes that has begun; ConnectionError when the connection ends within it."""
    data = _receive(sock, size)
    _receive(sock, _END)
    return data


def _receive(sock: socket.socket, size: int) -> bytes:
    """Receive exactly `size` bytes, as a rule in one call and into one object."""
    data = sock.recv(size, socket.MSG_WAITALL)
    pieces = [data]
    while data and (size := size - len(data)):
        data = sock.recv(size, socket.MSG_WAITALL)
        pieces.append(data)
    if size and not data:
        raise redis.ConnectionError("the connection ended within a string")
    return pieces[0] if len(pieces) == 1 else b"".join(pieces)
