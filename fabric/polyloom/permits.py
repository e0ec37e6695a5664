"""What clients and workers must be allowed to do in Redis (docs/how-to/secure-redis.md), tried by commands without effect."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import redis

from polyloom.errors import NotAllowed
from polyloom.handle import new_id
from polyloom.keys import GROUP, REFUSED_KEPT, Keys
from polyloom.settings import redact

Role = Callable[[Keys, str], Sequence[tuple[Any, ...]]]
"""`role(keys, nobody)` returns commands on keys of an id that nobody has."""


def client(keys: Keys, nobody: str) -> Sequence[tuple[Any, ...]]:
    """What a client does."""
    return (
        ("TIME",),
        ("EVAL", "return 1", 0),
        ("ZRANGEBYSCORE", keys.workers, 0, 0),
        ("ZSCORE", keys.workers, nobody),
        ("ZRANGE", keys.load, 0, 0),
        ("ZADD", keys.load, "XX", 0, nobody),
        ("ZREM", keys.load, nobody),
        ("HMGET", keys.labels, nobody),
        ("ZADD", keys.placed(nobody), "XX", 0, nobody),
        ("ZREMRANGEBYSCORE", keys.placed(nobody), 0, 0),
        ("PEXPIRE", keys.placed(nobody), 1),
        ("HGET", keys.names, nobody),
        ("HGET", keys.run(nobody), "worker"),
        ("EXISTS", keys.worker_lease(nobody)),
        ("XADD", keys.inbox(nobody), "NOMKSTREAM", "*", "f", ""),
        ("XINFO", "GROUPS", keys.inbox(nobody)),
        ("XRANGE", keys.inbox(nobody), "-", "+"),
        ("XDEL", keys.inbox(nobody), "0-1"),
        ("SET", keys.worker_blob(nobody, nobody), "", "XX"),
        ("SET", keys.client_lease(nobody), "", "XX"),
        ("PEXPIRE", keys.client_lease(nobody), 1),
        ("DEL", keys.client_lease(nobody)),
        ("XREAD", "STREAMS", keys.mailbox(nobody), "0"),
        ("XRANGE", keys.mailbox(nobody), "-", "+"),
        ("XTRIM", keys.mailbox(nobody), "MINID", "0"),
        ("PEXPIRE", keys.mailbox(nobody), 1),
        ("GET", keys.client_blob(nobody, nobody)),
        ("UNLINK", keys.client_blob(nobody, nobody)),
    )


def worker(keys: Keys, nobody: str) -> Sequence[tuple[Any, ...]]:
    """What a worker does in the session lane; Celery does more."""
    return (
        ("TIME",),
        ("EVAL", "return 1", 0),
        ("ZADD", keys.workers, "XX", 0, nobody),
        ("ZREM", keys.workers, nobody),
        ("ZRANGEBYSCORE", keys.workers, 0, 0),
        ("ZADD", keys.load, "XX", 0, nobody),
        ("HDEL", keys.labels, nobody),
        ("ZREMRANGEBYSCORE", keys.placed(nobody), 0, 0),
        ("HDEL", keys.names, nobody),
        ("HMGET", keys.run(nobody), "worker"),
        ("XRANGE", keys.run_log(nobody), "-", "+"),
        ("HGETALL", keys.run_once(nobody)),
        ("ZADD", keys.runs, "XX", 0, nobody),
        ("SET", keys.worker_lease(nobody), "", "XX"),
        ("PEXPIRE", keys.worker_lease(nobody), 1),
        ("HDEL", keys.info(nobody), "id"),
        ("PEXPIRE", keys.info(nobody), 1),
        ("XGROUP", "CREATE", keys.inbox(nobody), GROUP, "0"),
        ("XREADGROUP", "GROUP", GROUP, nobody, "STREAMS", keys.inbox(nobody), ">"),
        ("XRANGE", keys.inbox(nobody), "-", "+"),
        ("XINFO", "GROUPS", keys.inbox(nobody)),
        ("XTRIM", keys.inbox(nobody), "MINID", "0"),
        ("DEL", keys.inbox(nobody)),
        ("GET", keys.worker_blob(nobody, nobody)),
        ("UNLINK", keys.worker_blob(nobody, nobody)),
        ("EXISTS", keys.client_lease(nobody)),
        ("XADD", keys.mailbox(nobody), "NOMKSTREAM", "*", "f", ""),
        ("PEXPIRE", keys.mailbox(nobody), 1),
        ("XTRIM", keys.mailbox(nobody), "MINID", "0"),
        ("UNLINK", keys.mailbox(nobody)),
        ("SET", keys.client_blob(nobody, nobody), "", "XX"),
        ("XTRIM", keys.refused, "MAXLEN", REFUSED_KEPT),
    )


def missing(connection: redis.Redis, keys: Keys, role: Role) -> list[str]:
    """Return the commands of a role that Redis does not let this user run, with the kind of key."""
    nobody = new_id()
    commands = role(keys, nobody)
    with connection.pipeline(transaction=False) as batch:
        for command in commands:
            batch.execute_command(*command)  # type: ignore[no-untyped-call]
        answers = batch.execute(raise_on_error=False)
    refused = [command for command, answer in zip(commands, answers, strict=True) if _is_refusal(answer)]
    return list(dict.fromkeys(_describe(command, nobody) for command in refused))


def check_permits(connection: redis.Redis, keys: Keys, role: Role, url: str) -> None:
    """Raise NotAllowed, which names them, when Redis does not let this user run commands of a role."""
    if names := missing(connection, keys, role):
        raise NotAllowed(
            f"Redis at {redact(url)} does not let this user do what a {role.__name__} does: {', '.join(names)}",
            hint="docs/how-to/secure-redis.md has a list of what is needed",
        )


def _is_refusal(answer: object) -> bool:
    return isinstance(answer, redis.exceptions.NoPermissionError)


def _describe(command: Sequence[Any], nobody: str) -> str:
    """Return a command with its key, whose id is a `*`."""
    name = " ".join(command[:2]) if command[0] in _CONTAINERS else command[0]
    key = next((part for part in command[1:] if isinstance(part, str) and ":" in part), "")
    return f"{name} {key.replace(nobody, '*')}".strip()


_CONTAINERS = frozenset({"XGROUP", "XINFO"})
