"""One connection to Redis for the session lane: packed commands out, replies in, nothing between.

redis-py's connection makes it (TLS, sockets, authentication) and hiredis parses what comes; what is left out is what redis-py
does for every command and every reply, which costs as much as a round trip.
"""

from __future__ import annotations

import socket
import struct
from collections.abc import Sequence
from typing import Any

import redis
from hiredis import Reader, pack_command
from redis.connection import ConnectionInterface

from polyloom.frames import Buffer
from polyloom_workers import bulk

CONNECT_TIMEOUT = 5.0  # seconds
READ_BYTES = 1 << 20  # asked for in one read
JOIN_BYTES = 1 << 16  # above this a copy costs more than a write

Packed = list[Buffer]
"""One command as it travels, in one or more pieces."""

# A peer that does not answer for 5 + 3 x 2 seconds is gone. Not every system has each of these options.
_PROBES = {"TCP_KEEPIDLE": 5, "TCP_KEEPINTVL": 2, "TCP_KEEPCNT": 3, "TCP_USER_TIMEOUT": 11_000}
# No read waits longer for a peer that acknowledges and says nothing, as a proxy does that has lost its other side.
SILENCE = struct.pack("ll", 5, 0)  # seconds and microseconds; far more than a blocking read of the lane
KEEPALIVE = {getattr(socket, name): value for name, value in _PROBES.items() if hasattr(socket, name)}


class Link:
    """Not thread-safe: each link has one user at a time. Errors are redis-py's.

    The socket has no timeout of Python's, which would cost a poll for every read; the kernel notices who is gone or silent.
    """

    def __init__(self, url: str) -> None:
        options: dict[str, Any] = {"socket_timeout": None, "socket_connect_timeout": CONNECT_TIMEOUT}
        options |= {"socket_read_size": READ_BYTES, "protocol": 2}
        if not url.startswith("unix:"):
            options |= {"socket_keepalive": True, "socket_keepalive_options": KEEPALIVE}
        self._connection: ConnectionInterface = redis.ConnectionPool.from_url(url, **options).make_connection()
        self._sock: socket.socket | None = None
        self._reader = Reader()
        self._buffer = bytearray(READ_BYTES)

    def connect(self) -> None:
        """Connect anew."""
        connection: Any = (
            self._connection
        )  # its socket and its parser are no part of redis-py's interface, and are all that is used
        connection.disconnect()
        connection.connect()
        self._sock = connection._sock
        self._reader = Reader(protocolError=redis.ConnectionError, replyError=connection._parser.parse_error, notEnoughData=_MORE)
        if self._sock is not None:
            self._sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, SILENCE)

    def send(self, commands: Sequence[Packed]) -> None:
        """Send packed commands in as few writes as cost least."""
        pieces = [piece for command in commands for piece in command]
        sock = self._open_socket()
        if sum(map(len, pieces)) < JOIN_BYTES:
            return sock.sendall(b"".join(pieces))
        for piece in _joined(pieces):
            sock.sendall(piece)

    def read(self) -> Any:
        """Return the next reply; an error reply is returned, not raised."""
        reader = self._reader
        reply = reader.gets()
        while reply is _MORE:
            size = self._open_socket().recv_into(self._buffer)
            if not size:
                raise redis.ConnectionError("the server closed the connection")
            reader.feed(self._buffer, 0, size)  # type: ignore[arg-type]  # its stub knows no bytearray
            reply = reader.gets()
        return reply

    def _open_socket(self) -> socket.socket:
        if self._sock is None:
            raise redis.ConnectionError("there is no connection")
        return self._sock

    def ask(self, *command: str | int) -> Any:
        """Send one command and return its reply; an error reply is raised."""
        self.send([pack(*command)])
        reply = self.read()
        if isinstance(reply, Exception):
            raise reply
        return reply

    def fetch(self, keys: Sequence[str]) -> list[bytes | None]:
        """Return the strings under keys; None for one that is not there. No other reply may be on its way."""
        self.send([pack("GET", key) for key in keys])
        found: list[bytes | None] = []
        sock = self._plain_socket()
        for _ in keys:
            size = bulk.size_of(sock) if sock else None
            if sock and size:
                found.append(bulk.read_string(sock, size))
                continue
            sock = None  # the parser may read on into the replies after this one, so they are its own too
            answer = self.read()
            found.append(answer if type(answer) is bytes else None)
        return found

    def _plain_socket(self) -> socket.socket | None:
        """Return the socket if bytes come from it as they are, which those of TLS do not."""
        sock = self._sock
        return sock if type(sock) is socket.socket and sock.gettimeout() is None else None

    def close(self) -> None:
        """Close the socket; a thread that reads from it gets an error."""
        self._sock = None
        self._connection.disconnect()


_MORE = object()  # what a parser gives when a reply is not complete


def pack(*command: str | int | Buffer) -> Packed:
    """Return a command as it travels; a large part is a piece of its own, not copied."""
    try:
        large = max(map(len, command)) >= JOIN_BYTES  # type: ignore[arg-type]  # numbers have no length
    except TypeError:
        return pack(*(str(part) if type(part) is int else part for part in command))
    return _pack_large(command) if large else [pack_command(command)]  # type: ignore[arg-type]  # its stub wants one exact union


def _joined(pieces: Sequence[Buffer]) -> list[Buffer]:
    """Join neighbours as long as a copy costs less than a write."""
    joined: list[Buffer] = []
    small: list[Buffer] = []
    octets = 0
    for piece in pieces:
        if octets + len(piece) >= JOIN_BYTES:
            joined += [b"".join(small), piece] if small else [piece]
            small, octets = [], 0
        else:
            small.append(piece)
            octets += len(piece)
    return [*joined, b"".join(small)] if small else joined


def _pack_large(command: Sequence[str | int | Buffer]) -> Packed:
    pieces: Packed = []
    text = b"*%d" % len(command)
    for part in command:
        data = str(part).encode() if isinstance(part, (str, int)) else part
        text += b"\r\n$%d\r\n" % len(data)
        if len(data) < JOIN_BYTES:
            text += data
        else:
            pieces += [text, data]
            text = b""
    return [*pieces, text + b"\r\n"]
