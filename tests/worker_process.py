"""Real `polyloom worker` processes for tests."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import redis

from deadline import LONG, until
from polyloom.embedded import child


class WorkerProcess:
    """One worker on its way; `ready` waits until it is in the registry."""

    def __init__(self, url: str, folder: Path, *flags: str, prefix: str = "polyloom:", **environ: str) -> None:
        self.url, self.prefix = url, prefix
        self.log = folder / f"worker-{len(list(folder.iterdir()))}.log"
        command = [sys.executable, "-m", "polyloom", "worker", "--url", url, "--prefix", prefix, *flags]
        self.process = child.start(command, self.log, clean_environment(**environ))

    @property
    def pid(self) -> int:
        return self.process.pid

    def ready(self) -> WorkerProcess:
        """Wait until the registry lists this process, and keep its id."""
        with redis.Redis.from_url(self.url, decode_responses=True) as client:
            self.id = until(lambda: self._find(client), "the worker is in the registry")
        return self

    def _find(self, client: redis.Redis) -> str | None:
        assert self.process.poll() is None, child.tail(self.log)
        for name in client.zrange(f"{self.prefix}workers", 0, -1):
            if client.hget(f"{self.prefix}{{w:{name}}}:info", "pid") == str(self.pid):
                return str(name)
        return None

    def stop(self) -> int:
        """End it by SIGTERM, or SIGKILL when it does not listen, and return its status."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGCONT)  # a stopped one would not listen
            self.process.terminate()
            try:
                self.process.wait(LONG)
            except subprocess.TimeoutExpired:
                child.kill(self.process)
        return self.process.returncode


def clean_environment(**changes: str) -> dict[str, str]:
    """Return our environment without settings of Polyloom, with changes."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("POLYLOOM_")}
    return {**kept, "COLUMNS": "200", **changes}


def polyloom(*arguments: str, **environ: str) -> subprocess.CompletedProcess[str]:
    """Run the command line to its end."""
    command = [sys.executable, "-m", "polyloom", *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=LONG, env=clean_environment(**environ))


def listed(url: str, prefix: str = "polyloom:") -> list[str]:
    """Return the ids that `polyloom ps` shows."""
    shown = polyloom("ps", "--json", "--url", url, "--prefix", prefix)
    assert shown.returncode == 0, shown.stderr
    return [worker["id"] for worker in json.loads(shown.stdout)]


def lease_of(worker: WorkerProcess) -> str:
    """Return the key of a worker's lease."""
    return f"{worker.prefix}{{w:{worker.id}}}:lease"


def keeper_of(worker: WorkerProcess) -> int:
    """Return the process id of the child that keeps the lease."""

    def keepers() -> list[int]:
        children = Path(f"/proc/{worker.pid}/task/{worker.pid}/children").read_text().split()
        return [int(pid) for pid in children if b"polyloom_workers.lease" in Path(f"/proc/{pid}/cmdline").read_bytes()]

    (keeper,) = until(keepers, "the lease has its keeper")
    return keeper
