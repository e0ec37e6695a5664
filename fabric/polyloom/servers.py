"""Connections to Redis: how one is made, which servers will do, and what a refusal means. Mirrors `server.ts`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import redis

from polyloom.errors import Gone, LimitExceeded, NotAllowed, PolyloomError, ProtocolError, UsageError
from polyloom.settings import SCHEMES_HINT, check_redis_url, redact

OLDEST_SERVER = (6, 2)  # XADD NOMKSTREAM and MINID; kombu needs it too
CONNECT_TIMEOUT = 5.0  # seconds to reach the server at all
HINT = "is the server running, and does the URL name its host and port?"

_PASSING = (
    redis.exceptions.OutOfMemoryError,
    redis.exceptions.ReadOnlyError,
    redis.exceptions.ClusterDownError,
    redis.exceptions.TryAgainError,
    redis.exceptions.BusyLoadingError,
)


def open_client(url: str, **options: object) -> redis.Redis:
    """Return a client that has reached a server that will do; a typed error with a clear sentence when it cannot."""
    try:
        client = redis.Redis.from_url(check_redis_url(url), socket_connect_timeout=CONNECT_TIMEOUT, **options)
    except ValueError as error:
        raise UsageError(f"not the URL of a Redis server: {redact(url)}: {error}", hint=SCHEMES_HINT) from None
    with typed(url):
        info: Any = _info(client)
        check_version(url, str(info.get("redis_version", "")))
    return client


def _info(client: redis.Redis) -> Any:
    try:
        return client.info("server")
    except redis.exceptions.NoPermissionError:
        client.ping()
        return {}  # a user who may not ask for the version goes on without


def check_version(url: str, version: str) -> None:
    """Raise ProtocolError for a version that is too old; one that cannot be read is taken as it is."""
    if is_too_old(version):
        oldest = ".".join(map(str, OLDEST_SERVER))
        raise ProtocolError(
            f"Redis at {redact(url)} has the version {version}, which is too old",
            code="VersionMismatch",
            hint=f"install Redis {oldest} or later, or Valkey",
        )


def is_too_old(version: str) -> bool:
    """Tell whether a version of Redis is below OLDEST_SERVER; Valkey says one of Redis, too."""
    found = re.match(r"(\d+)\.(\d+)", version)
    return found is not None and tuple(map(int, found.groups())) < OLDEST_SERVER


@contextmanager
def typed(url: str) -> Iterator[None]:
    """Raise errors of redis-py as what they mean."""
    try:
        yield
    except redis.RedisError as error:
        raise refusal(url, error) from None


def now(client: redis.Redis) -> float:
    """Return the server's time, in seconds of Unix time: the clocks of hosts may differ by hours."""
    seconds, microseconds = client.time()
    return float(seconds) + float(microseconds) / 1e6


def passes(error: Exception) -> bool:
    """Tell a refusal that ends by itself (no memory, no replica, loading) from one of the command (no stream)."""
    return isinstance(error, _PASSING) or str(error).startswith(("MISCONF", "NOREPLICAS", "BUSY"))


def refusal(url: str, error: Exception) -> PolyloomError:
    """Return what an error of a connection or of a command means."""
    server, reason = f"Redis at {redact(url)}", str(error)
    if isinstance(error, redis.exceptions.OutOfMemoryError):
        hint = "give the server more memory (maxmemory), or release what is held; `polyloom doctor` tells what is used"
        return LimitExceeded(f"maxmemory: {server} is full, and refused what was sent", hint=hint)
    if isinstance(error, redis.exceptions.NoPermissionError) or "ACL failure" in reason:
        hint = "docs/how-to/secure-redis.md lists what clients and workers need; `polyloom doctor` tries it"
        return NotAllowed(f"{server} does not let this user do what is needed: {reason}", hint=hint)
    if isinstance(error, redis.exceptions.AuthenticationError):
        hint = "put the user and the password into the URL: redis://user:password@host:port/0"
        return Gone(f"{server} did not accept the user or the password: {reason}", code="ConnectionLost", hint=hint)
    return Gone(f"cannot reach {server}: {reason}", code="ConnectionLost", hint=HINT)


def celery_url(url: str) -> str:
    """Return the URL as kombu and Celery's result backend write it."""
    return url.replace("unix://", "redis+socket://", 1) if url.startswith("unix://") else url
