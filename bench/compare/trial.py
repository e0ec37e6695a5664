"""Runs cases, each in a process of its own with a limit of time."""

import itertools
import os
import signal
import subprocess
import tempfile
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeAlias

from compare.case import Case
from compare.contestant import Contestant, Host
from compare.outcome import Outcome
from compare.places import ENVIRONMENT, NODE_SCRIPTS
from frame.child import Child
from frame.places import NODE

LIMIT = 20.0  # seconds for one case, starting and ending included; most take less than one
UNSETTLED = 13  # Node's exit code when nothing can settle what is awaited any more

Report: TypeAlias = Callable[[Contestant, Case, Outcome], None]


def run(contestant: Contestant, cases: Iterable[Case], report: Report) -> None:
    """Every case of one contestant. A shared host is asked one case after the other."""
    if reason := contestant.missing():
        for case in cases:
            report(contestant, case, Outcome("missing", reason))
        return
    workers = 1 if contestant.redis else min(4, os.cpu_count() or 1)
    with contestant.host() as host, ThreadPoolExecutor(workers) as pool:
        outcomes = pool.map(lambda case: (case, _one(contestant, case, host)), cases)
        for case, outcome in outcomes:
            report(contestant, case, outcome)


def _one(contestant: Contestant, case: Case, host: Host) -> Outcome:
    with tempfile.TemporaryDirectory() as folder:
        answer = Path(folder) / "outcome.json"
        script = str(NODE_SCRIPTS / "one.mjs")
        command = (NODE, script, contestant.script, case.id, str(answer))
        child = Child(command, {**ENVIRONMENT, **host.environment()})
        try:
            status = child.process.wait(LIMIT)
            return _told(answer, status, child)
        except subprocess.TimeoutExpired:
            return Outcome("hangs")
        finally:
            child.close()


def _told(answer: Path, status: int, child: Child) -> Outcome:
    if answer.exists():
        return Outcome.read(answer.read_text())
    if status == UNSETTLED:
        return Outcome("hangs")
    if status < 0:
        return Outcome("dies", signal.Signals(-status).name)
    return Outcome("dies", f"exit {status}{_reason(child.last_words())}")


def _reason(words: str) -> str:
    """The line of Node's last words that names the error."""
    named = (line.strip() for line in words.splitlines() if "Error" in line)
    return "".join(f": {line[:160]}" for line in itertools.islice(named, 1))
