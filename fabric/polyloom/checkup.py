"""What can be wrong with a fleet, as a list of checks: each looks at one thing and says how to mend it."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import redis

from polyloom import __version__, permits
from polyloom.keys import Keys
from polyloom.ops import PROTOCOL
from polyloom.registry import RedisRegistry, Worker
from polyloom.servers import is_too_old, now
from polyloom.signing import proof

FULL = 0.8  # of maxmemory
LOGS = 0.25  # of maxmemory, for durable sessions, or
MUCH = 1 << 30  # bytes, where there is no limit
SAME_SECRET = "set the same POLYLOOM_SECRET (or POLYLOOM_SECRET_FILE) here and there, or nowhere: docs/how-to/secure-redis.md"
SKEW = 60.0  # seconds; leases use the server's clock alone, logs do not


@dataclass(frozen=True, slots=True)
class Finding:
    """`level` is ok, warning or failure; `mend` is empty where nothing needs to be done."""

    level: str
    subject: str
    text: str
    mend: str = ""


def ok(subject: str, text: str) -> Finding:
    return Finding("ok", subject, text)


def warning(subject: str, text: str, mend: str) -> Finding:
    return Finding("warning", subject, text, mend)


def failure(subject: str, text: str, mend: str) -> Finding:
    return Finding("failure", subject, text, mend)


class Checkup:
    """Looks at one server and the fleet under one prefix; it changes nothing. `secret` is that of the caller, or empty."""

    def __init__(self, client: redis.Redis, keys: Keys, secret: str = "") -> None:
        self._secret = secret
        self._client = client
        self._keys = keys
        self._info: dict[str, Any] = _info(client)

    def findings(self) -> Iterator[Finding]:
        """Look at everything, in order."""
        for check in CHECKS:
            yield from check(self)

    def server(self) -> Iterator[Finding]:
        if not self._info:
            yield warning("server", "this user may not ask for the server's version and settings (INFO)", "allow it +info")
            return
        kind = "Valkey" if "valkey_version" in self._info else "Redis"
        version = str(self._info.get("valkey_version") or self._info["redis_version"])
        if is_too_old(str(self._info["redis_version"])):
            yield failure("server", f"{kind} {version} is too old", "install Redis 6.2 or later, or Valkey")
        else:
            yield ok("server", f"{kind} {version}")

    def memory(self) -> Iterator[Finding]:
        if not self._info:
            return
        policy = str(self._info.get("maxmemory_policy", "noeviction"))
        most, used = int(self._info.get("maxmemory", 0)), int(self._info["used_memory"])
        if policy != "noeviction":
            mend = "redis-cli CONFIG SET maxmemory-policy noeviction, and in redis.conf"
            yield failure("memory", f"maxmemory-policy is {policy}: the server may throw programs and replies away", mend)
        elif most and used > FULL * most:
            yield warning("memory", f"{used / most:.0%} of maxmemory is used", "give the server more memory")
        else:
            yield ok("memory", f"{used / 2**20:,.0f} MiB used, nothing is evicted")

    def runs(self) -> Iterator[Finding]:
        """Say how much the logs of durable sessions take, which stay until somebody forgets them."""
        try:
            names: Any = self._client.zrange(self._keys.runs, 0, -1)
            with self._client.pipeline(transaction=False) as batch:
                for name in names:
                    batch.hget(self._keys.run(name), "octets")
                used = sum(int(octets or 0) for octets in batch.execute())
        except redis.exceptions.NoPermissionError:
            return  # said by `permits`
        text = f"{len(names)} durable session{'s' * (len(names) != 1)}, whose logs take {used / 2**20:,.0f} MiB"
        if used > (LOGS * int(self._info.get("maxmemory", 0)) or MUCH):
            yield warning("runs", text, "polyloom runs forget --done, or --older 30; polyloom runs shows their sizes")
        else:
            yield ok("runs", text)

    def persistence(self) -> Iterator[Finding]:
        if not self._info:
            return
        if int(self._info.get("aof_enabled", 0)):
            yield from self._appendfsync()
        else:
            mend = "appendonly yes, appendfsync always; fine as it is for development"
            yield warning("persistence", "what the server has accepted is lost when it dies: no append-only file", mend)

    def _appendfsync(self) -> Iterator[Finding]:
        try:
            policy = str(self._client.config_get("appendfsync").get("appendfsync", ""))
        except redis.ResponseError:
            policy = ""  # this user may not look
        if policy in ("everysec", "no"):
            text = f"append-only file is on, with appendfsync {policy}: the last moments before a crash may be lost"
            yield warning("persistence", text, "appendfsync always, where what was accepted must never be lost")
        else:
            yield ok("persistence", "append-only file is on")

    def access(self) -> Iterator[Finding]:
        try:
            default: Any = self._client.acl_getuser("default")
        except redis.ResponseError:
            yield ok("access", "this user may not read the access list, so there is one")
            return
        if default and "nopass" in default["flags"]:
            mend = "set a password or ACL users, and bind the server to a private address"
            yield warning("access", "no password: whoever reaches this server can run code on its workers", mend)
        else:
            yield ok("access", "a password is needed")

    def permits(self) -> Iterator[Finding]:
        """Say which of a client's and of a worker's commands this user may not run."""
        page = "allow them to this user: docs/how-to/secure-redis.md"
        if lacking := permits.missing(self._client, self._keys, permits.client):
            yield failure("permits", f"this user cannot be a client: it may not {', '.join(lacking)}", page)
        elif lacking := permits.missing(self._client, self._keys, permits.worker):
            yield ok("permits", f"this user may do what a client does; it cannot run a worker: it may not {', '.join(lacking)}")
        else:
            yield ok("permits", "this user may do what clients and workers do")

    def clock(self) -> Iterator[Finding]:
        skew = now(self._client) - time.time()
        if abs(skew) > SKEW:
            text = f"the server's clock is {skew:+,.0f} s from this machine's: leases use the server's alone, logs do not"
            yield warning("clock", text, "run a time service on both")
        else:
            yield ok("clock", "the server's clock agrees with this machine's; leases use the server's alone")

    def workers(self) -> Iterator[Finding]:
        workers = RedisRegistry(self._client, self._keys).workers()
        if not workers:
            mend = "polyloom worker --url … --allow …; do --prefix and --url agree?"
            yield failure("workers", f"no live worker under the prefix {self._keys.prefix!r}", mend)
            return
        yield ok("workers", f"{len(workers)} live")
        for worker in workers:
            where = f"worker {worker.id} on {worker.host}"
            if worker.protocol != PROTOCOL:
                mend = f"install polyloom {__version__} there"
                yield failure("versions", f"{where} speaks protocol {worker.protocol}, not {PROTOCOL}", mend)
            elif worker.version != __version__:
                yield warning("versions", f"{where} runs polyloom {worker.version}, this is {__version__}", "install one version")
            if abs(worker.skew) > SKEW:
                text = f"{where}: its clock was {worker.skew:+,.0f} s from the server's at its start: logs will differ"
                yield warning("clocks", text, "run a time service there")
        yield from _alike("polyloom", {worker.version for worker in workers})
        yield from _alike("Python", {worker.python.rpartition(".")[0] for worker in workers})
        yield from self._secrets(workers)

    def _secrets(self, workers: Sequence[Worker]) -> Iterator[Finding]:
        """Say which workers have the caller's secret (§16.5)."""
        others = [worker for worker in workers if worker.proof != proof(self._secret, worker.id)]
        for worker in others:
            yield failure("secret", f"worker {worker.id} on {worker.host} {_differs(worker, self._secret)}", SAME_SECRET)
        if others:
            return
        shared = "all workers share the secret that is set here: what is not signed with it is refused"
        yield ok(
            "secret", shared if self._secret else "no secret is set, here or there: what clients and workers say is not signed"
        )

    def messages(self) -> Iterator[Finding]:
        """Tell of Celery messages that could not be run (§10.5)."""
        key, client = self._keys.refused, self._client
        try:
            newest: Any = client.xrevrange(key, count=1)
            count = client.xlen(key)
        except redis.exceptions.NoPermissionError:
            yield ok("messages", "this user may not see whether Celery messages were refused")
            return
        if not newest:
            yield ok("messages", "no Celery message was refused")
            return
        ((entry, fields),) = newest
        when = datetime.fromtimestamp(int(entry.partition("-")[0]) / 1000, UTC).astimezone()
        last = f"the newest at {when:%Y-%m-%d %H:%M:%S}, of the queue {fields['queue']}: {fields['reason']}"
        mend = f"look: redis-cli XREVRANGE {key} + - COUNT 10; clear: redis-cli DEL {key}"
        yield warning("messages", f"{count:,} Celery messages could not be run; {last}", mend)


def _differs(worker: Worker, secret: str) -> str:
    if not secret:
        return "has a secret, and none is set here"
    return "has another secret than is set here" if worker.proof else "has no secret, and one is set here"


def _info(client: redis.Redis) -> dict[str, Any]:
    try:
        return dict(client.info())
    except redis.exceptions.NoPermissionError:
        return {}


def _alike(what: str, versions: set[str]) -> Iterator[Finding]:
    """Warn of workers that differ: what a client gets would depend on where it is placed."""
    if len(versions) > 1:
        text = f"workers run {what} {', '.join(sorted(versions))}: what a call does depends on where a client is placed"
        yield warning("versions", text, "install one version, or keep them apart by labels (--label)")


CHECKS: tuple[Callable[[Checkup], Iterator[Finding]], ...] = (
    Checkup.server,
    Checkup.memory,
    Checkup.runs,
    Checkup.persistence,
    Checkup.access,
    Checkup.permits,
    Checkup.clock,
    Checkup.workers,
    Checkup.messages,
)
