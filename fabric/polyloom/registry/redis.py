"""The registry in Redis (§8.1): what a fleet uses."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.resources import files
from typing import Any

import redis

from polyloom.keys import Keys
from polyloom.registry.base import Worker
from polyloom.servers import passes

ANNOUNCE = files("polyloom.registry").joinpath("announce.lua").read_text()
LEAVE = files("polyloom.registry").joinpath("leave.lua").read_text()
SHARE, UNSHARE, NAMES = (files("polyloom.registry").joinpath(f"{name}.lua").read_text() for name in ("share", "unshare", "names"))


class RedisRegistry:
    """Leases are keys that expire, so a dead worker needs nobody who removes it."""

    def __init__(self, client: redis.Redis, keys: Keys) -> None:
        self._client = client
        self._keys = keys
        self._announce = client.register_script(ANNOUNCE)
        self._leave = client.register_script(LEAVE)
        self._share, self._unshare, self._names = map(client.register_script, (SHARE, UNSHARE, NAMES))

    def lease(self, worker: Worker, seconds: float, arrived: Sequence[str] = (), *, listed: bool = True) -> None:
        milliseconds = int(seconds * 1000)
        info, lease = self._keys.info(worker.id), self._keys.worker_lease(worker.id)
        with self._client.pipeline(transaction=False) as batch:
            batch.pexpire(lease, milliseconds)  # what a full server still does
            batch.hset(info, mapping=dict[Any, Any](worker.to_fields()))
            batch.pexpire(info, milliseconds)
            batch.set(lease, 1, px=milliseconds)
            renewed, *others = batch.execute(raise_on_error=False)
        for answer in (renewed, *others):
            if isinstance(answer, Exception) and not (renewed == 1 and passes(answer)):
                raise answer
        if listed:
            dropped: list[Any] = self._announce(
                keys=self._registered(worker.id),
                args=[worker.id, milliseconds, worker.load, " ".join(worker.labels), *arrived],
            )
            for dead in dropped:
                self._client.delete(self._keys.inbox(_text(dead)))  # nobody else would, where its machine died with it

    def leave(self, worker: str) -> None:
        self._leave(keys=self._registered(worker), args=[worker])

    def _registered(self, worker: str) -> list[str]:
        """Return the keys that know a worker that is listed, in the order of the scripts."""
        return [*self._keys.placement, self._keys.placed(worker), self._keys.names]

    def release(self, worker: str) -> None:
        self.leave(worker)
        self._client.delete(self._keys.worker_lease(worker), self._keys.info(worker), self._keys.inbox(worker))

    def workers(self) -> list[Worker]:
        found: list[Any] = self._client.zrange(self._keys.workers, 0, -1)
        names = [_text(name) for name in found]
        with self._client.pipeline(transaction=False) as batch:
            for name in names:
                batch.hgetall(self._keys.info(name))
            records: list[dict[Any, Any]] = batch.execute()
        live = [{_text(key): _text(value) for key, value in fields.items()} for fields in records if fields]
        return sorted((Worker.from_fields(fields) for fields in live), key=lambda worker: worker.started)

    def lives(self, worker: str) -> bool:
        """Tell whether the lease of a worker holds, also of one that ends."""
        return bool(self._client.exists(self._keys.worker_lease(worker)))

    def share(self, name: str, worker: str) -> str:
        return _text(self._share(keys=self._keys.naming, args=[name, worker]))

    def unshare(self, name: str, worker: str) -> None:
        self._unshare(keys=self._keys.naming, args=[name, worker])

    def names(self) -> dict[str, str]:
        found = [_text(one) for one in self._names(keys=self._keys.naming)]
        return dict(zip(found[::2], found[1::2], strict=True))


def _text(value: bytes | str) -> str:
    return value.decode() if isinstance(value, bytes) else value
