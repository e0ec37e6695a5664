"""What a worker asks Redis about the others of its fleet (§13). Errors are Polyloom's own: clients are told of them."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import redis

from polyloom.errors import Gone
from polyloom.keys import Keys
from polyloom.registry import RedisRegistry

TIMEOUT = 5.0  # seconds for one answer

T = TypeVar("T")


class RedisDirectory:
    """The names of a fleet. Any thread may ask."""

    def __init__(self, url: str, keys: Keys) -> None:
        client = redis.Redis.from_url(url, socket_timeout=TIMEOUT, socket_connect_timeout=TIMEOUT)
        self._registry = RedisRegistry(client, keys)

    def share(self, name: str, worker: str) -> str:
        return _asked(lambda: self._registry.share(name, worker))

    def unshare(self, name: str, worker: str) -> None:
        _asked(lambda: self._registry.unshare(name, worker))

    def names(self) -> dict[str, str]:
        return _asked(self._registry.names)

    def lost(self, workers: set[str]) -> set[str]:
        return _asked(lambda: {worker for worker in workers if not self._registry.lives(worker)})


def _asked(question: Callable[[], T]) -> T:
    try:
        return question()
    except redis.RedisError as error:
        hint = "ask again; names are kept in Redis"
        raise Gone(f"Redis did not answer this worker: {error}", code="ConnectionLost", hint=hint) from None
