"""One connection to Redis for the session lane: packed commands out, replies in, nothing between.

redis-py's connection does the work (TLS, sockets, authentication, parsing); what is left out is its client layer, which costs as
much as a round trip for every command.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import redis
from redis.connection import ConnectionInterface

Command = tuple[Any, ...]


class Link:
    """Not thread-safe: each link has one user at a time. Errors are redis-py's."""

    def __init__(self, url: str, timeout: float) -> None:
        options = {"socket_timeout": timeout, "socket_connect_timeout": timeout, "protocol": 2, "socket_keepalive": True}
        if url.startswith("unix:"):
            options.pop("socket_keepalive")
        self._connection: ConnectionInterface = redis.ConnectionPool.from_url(url, **options).make_connection()

    def connect(self) -> None:
        """Connect anew."""
        self._connection.disconnect()
        self._connection.connect()

    def send(self, commands: Sequence[Command]) -> None:
        """Send commands in one write."""
        self._connection.send_packed_command(self._connection.pack_commands(commands), check_health=False)

    def read(self) -> Any:
        """Return the next reply; an error reply is returned, not raised."""
        try:
            return self._connection.read_response(disable_decoding=True)
        except redis.ResponseError as error:
            return error

    def ask(self, *command: Any) -> Any:
        """Send one command and return its reply; an error reply is raised."""
        self.send([command])
        reply = self.read()
        if isinstance(reply, Exception):
            raise reply
        return reply

    def close(self) -> None:
        """Close the socket; a thread that reads from it gets an error."""
        self._connection.disconnect()
