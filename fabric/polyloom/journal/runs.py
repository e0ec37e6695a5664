"""The durable sessions that have a log, for operators: what there is, and what is forgotten (§15.9)."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.resources import files
from typing import Any

import redis

from polyloom.errors import UnknownName, UsageError
from polyloom.journal.log import Journal, Recorded
from polyloom.keys import Keys

DAY = 86_400  # seconds

RETRY = files("polyloom.journal").joinpath("retry.lua").read_text()


@dataclass(frozen=True, slots=True)
class Run:
    """One of them: `state` is open, interrupted, done or failed; times in ms of server time; `octets` is the size of the log;
    `worker` has its objects."""

    name: str
    state: str
    recorded: int
    started: int
    updated: int
    octets: int
    worker: str
    script: str
    args: str
    folder: str


class Runs:
    """All logs under one prefix; `client` returns bytes."""

    def __init__(self, client: redis.Redis, keys: Keys) -> None:
        self._client: Any = client
        self._keys = keys
        self._retry = client.register_script(RETRY)

    def all(self) -> list[Run]:
        """Return all, the oldest first."""
        names = [name.decode() for name in self._client.zrange(self._keys.runs, 0, -1)]
        return [run for name in names if (run := self._read(name)) is not None]

    def find(self, name: str) -> Run:
        """Return one; UnknownName where there is none of this name."""
        run = self._read(name)
        if run is None:
            known = ", ".join(run.name for run in self.all()[-10:]) or "there are none"
            raise UnknownName(f"no run {name!r} is recorded", code="UnknownSession", hint=f"runs: {known}")
        return run

    def select(self, *, done: bool = False, days: float | None = None) -> list[Run]:
        """Return those that are done, those that nothing was added to for so many days, or that are both; none at work."""
        found = [run for run in self.all() if run.state == "done" or (not done and run.state != "open")]
        if days is None:
            return found
        seconds, _ = self._client.time()
        return [run for run in found if run.updated < (int(seconds) - days * DAY) * 1000]

    def log(self, name: str) -> list[Recorded]:
        """Return all that a run has recorded."""
        return list(Journal(self._client, self._keys, name, "").read())

    def forget(self, name: str, *, force: bool = False) -> None:
        """Remove what a run has recorded. One that is at work is not, unless by `force`: it ends."""
        run = self.find(name)
        if run.state == "open" and not force:
            hint = "stop its script first, or say --force"
            raise UsageError(f"the run {name} is at work, or was a moment ago, on the worker {run.worker}", hint=hint)
        self._client.unlink(self._keys.run(name), self._keys.run_log(name), self._keys.run_once(name))
        self._client.zrem(self._keys.runs, name)

    def retry(self, name: str) -> bool:
        """Forget the last step of a failed run where it is that which failed, so that it is tried again; tell whether it was."""
        run = self.find(name)
        last = Journal(self._client, self._keys, name, "").page(run.recorded, 1) if run.recorded else []
        if run.state != "failed" or not last or not _failed(last[0]):
            return False
        once = list(last[0].program.get("once", ()))
        keys = [self._keys.run(name), self._keys.run_log(name), self._keys.run_once(name)]
        return bool(self._retry(keys=keys, args=[run.recorded, *once]))

    def _read(self, name: str) -> Run | None:
        found = {key.decode(): value.decode() for key, value in self._client.hgetall(self._keys.run(name)).items()}
        if not found:
            return None
        worker = found.get("worker", "")
        alive = bool(worker) and bool(self._client.exists(self._keys.worker_lease(worker)))
        state = found.get("state", "open")
        if state not in ("done", "failed"):
            state = "open" if alive else "interrupted"
        recorded, started, updated, octets = (int(found.get(key, 0)) for key in ("recorded", "started", "updated", "octets"))
        script, args, folder = (found.get(key, "") for key in ("script", "args", "folder"))
        return Run(name, state, recorded, started, updated, octets, worker if alive else "", script, args, folder)


def _failed(one: Recorded) -> bool:
    """Tell whether anything in a reply is an error."""
    results = one.reply["results"]
    return bool(one.reply.get("failed")) or any(type(form) is list and form[:1] == ["error"] for form in results)
