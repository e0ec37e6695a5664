"""A whole fleet on this machine: one server, and worker processes that serve sessions and jobs."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from types import TracebackType

from polyloom.embedded import child
from polyloom.embedded.server import Server
from polyloom.errors import Gone
from polyloom.keys import Keys
from polyloom.settings import Settings


class Fleet:
    """Start with `with`; `url` is where clients connect. Its workers allow what the settings allow, or else everything. With a
    folder to `keep` it in, what is recorded outlives the fleet."""

    def __init__(self, settings: Settings, workers: int = 1, port: int | None = None, keep: Path | None = None) -> None:
        self._settings = settings
        self._count = workers
        self._server = Server(port, keep=keep)
        self._kept = keep is not None
        self.workers: list[subprocess.Popen[bytes]] = []

    @property
    def url(self) -> str:
        return self._server.url

    def __enter__(self) -> Fleet:
        try:
            self._server.start()
            if self._kept:
                self._forget_workers()
            for number in range(1, self._count + 1):
                self.workers.append(self._start_worker(number))
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.stop()

    def _forget_workers(self) -> None:
        """Take out the workers of a fleet before: they ended with it, whatever their leases say."""
        from polyloom.registry import RedisRegistry  # takes a tenth of a second, which a fleet that keeps nothing need not pay
        from polyloom.servers import open_client

        with open_client(self.url) as client:
            registry = RedisRegistry(client, Keys(self._settings.prefix))
            for worker in registry.workers():
                registry.release(worker.id)

    def _start_worker(self, number: int) -> subprocess.Popen[bytes]:
        environment = child.environment(
            POLYLOOM_URL=self.url, POLYLOOM_PREFIX=self._settings.prefix, POLYLOOM_ALLOW=" ".join(self._settings.allow) or "*"
        )
        command = [sys.executable, "-m", "polyloom_workers.worker", "--jobs", "--name", f"worker{number}"]
        return child.start(command, self._log(number), environment)

    def _log(self, number: int) -> Path:
        return self._server.folder / f"worker{number}.log"

    def check(self) -> None:
        """Raise `Gone` with the log when a worker has died."""
        for number, worker in enumerate(self.workers, 1):
            if (status := worker.poll()) is not None:
                log = child.tail(self._log(number))
                raise Gone(f"worker {number} of the embedded fleet ended with status {status}:\n{log}", code="WorkerLost")

    def stop(self) -> None:
        """End everything at once: nothing of an embedded fleet is worth keeping."""
        for worker in self.workers:
            child.kill(worker)
        self._server.stop()
