"""Connections to Redis: one place that turns our URL into a client of redis-py or an address for Celery."""

from __future__ import annotations

import redis

from polyloom.errors import Gone, UsageError
from polyloom.settings import SCHEMES_HINT, check_redis_url, redact

CONNECT_TIMEOUT = 5.0  # seconds to reach the server at all
HINT = "is the server running, and does the URL name its host and port?"


def open_client(url: str, **options: object) -> redis.Redis:
    """Return a client that has reached the server; `Gone` with a clear sentence when it cannot."""
    try:
        client = redis.Redis.from_url(check_redis_url(url), socket_connect_timeout=CONNECT_TIMEOUT, **options)
    except ValueError as error:
        raise UsageError(f"not the URL of a Redis server: {redact(url)}: {error}", hint=SCHEMES_HINT) from None
    try:
        client.ping()
    except redis.RedisError as error:
        raise unreachable(url, error) from None
    return client


def unreachable(url: str, error: Exception) -> Gone:
    """Return the error for a server that cannot be reached."""
    return Gone(f"cannot reach Redis at {redact(url)}: {error}", code="ConnectionLost", hint=HINT)


def celery_url(url: str) -> str:
    """Return the URL as kombu and Celery's result backend write it."""
    return url.replace("unix://", "redis+socket://", 1) if url.startswith("unix://") else url
