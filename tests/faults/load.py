"""A Node process with the clients of a fault test (load.mjs), and the effects that their programs had (subject.py)."""

from __future__ import annotations

import json
import random
import subprocess
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from deadline import LONG, until
from history import Operation, read
from worker_process import clean_environment

FOLDER = Path(__file__).parent


class Load:
    """Clients at work; `plan` is the argument of load.mjs. What they say is in the file `said`."""

    def __init__(self, folder: Path, url: str, **plan: Any) -> None:
        self.said = folder / f"{plan.get('name', 'client')}.jsonl"
        self.errors = self.said.with_suffix(".err")
        self.seed = plan.setdefault("seed", random.randrange(1 << 30))
        command = ["node", str(FOLDER / "load.mjs"), json.dumps({"url": url, "options": {}} | plan)]
        with self.said.open("wb") as out, self.errors.open("wb") as err:
            self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=out, stderr=err, env=clean_environment())

    def wait(self, word: str, count: int = 1, seconds: float = LONG) -> None:
        """Wait until the clients have said a word so many times."""

        def said() -> bool:
            assert self.process.poll() is None or self._said(word) >= count, self.errors.read_text()
            return self._said(word) >= count

        until(said, f"the clients say {word!r}", seconds)

    def _said(self, word: str) -> int:
        return self.said.read_text().count(f'{{"{word}":')

    def operations(self) -> list[Operation]:
        """Return what has been asked for up to now."""
        return read(self.said)

    def end(self) -> list[Operation]:
        """Tell the clients to end, wait until they have, and return their history."""
        assert self.process.stdin is not None
        self.process.stdin.close()
        status = self.process.wait(LONG)
        assert status == 0, f"status {status}: {self.errors.read_text()}"
        return self.operations()

    def kill(self) -> None:
        """Kill the process, if it lives."""
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        if self.process.stdin is not None:
            self.process.stdin.close()


class Effects:
    """What really happened in the workers."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "effects"
        self.path.touch()
        self.environment = {"EFFECTS": str(self.path), "PYTHONPATH": str(FOLDER)}

    def read(self, what: str) -> Counter[str]:
        """Count the effects of one kind by the name of their operation."""
        lines = [line.split() for line in self.path.read_text().splitlines()]
        return Counter(name for kind, name in lines if kind == what)


class Verdict:
    """What a fault has cost; printed (`pytest -rP` shows it), and asserted to be nothing."""

    def __init__(self, fault: str, history: Iterable[Operation], effects: Effects) -> None:
        self.fault, self.history = fault, list(history)
        begun, ended = effects.read("begin"), effects.read("end")
        answered = [one for one in self.history if one.type == "ok"]
        self.lost = [one for one in answered if not ended[one.op]]
        self.repeated = [name for name, count in begun.items() if count > 1]
        self.untrue = [one for one in self.history if one.type == "fail" and begun[one.op]]
        self.late: list[Operation] = []
        self.latest = 0.0

    def settled(self, after: float, allowed: float) -> Verdict:
        """Count as late what was not settled `allowed` seconds after a moment."""
        self.late = [one for one in self.history if one.settled > after + allowed]
        self.latest = max((one.settled for one in self.history), default=after) - after
        return self

    def __str__(self) -> str:
        kinds = Counter(one.type for one in self.history)
        told = ", ".join(f"{kinds[kind]} {word}" for kind, word in TOLD.items())
        costs = ", ".join(f"{name} {len(getattr(self, name))}" for name in COSTS)
        latest = f"; the last one settled {self.latest:.1f} s after the fault" if self.latest else ""
        return f"{self.fault}: {len(self.history)} operations, {told}; {costs}{latest}"

    def hold(self) -> None:
        """Print it, and fail where the fault has cost something."""
        print(self)
        for name in COSTS:
            assert not getattr(self, name), f"{self}\n{name}: {getattr(self, name)[:5]}"


TOLD = {"ok": "answered", "info": "maybe done", "fail": "not started"}
COSTS = ("lost", "repeated", "untrue", "late")
