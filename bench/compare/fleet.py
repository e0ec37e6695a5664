"""A Redis and one worker; a case may end the worker, the next one finds another."""

from compare.places import ENVIRONMENT
from frame.child import Child
from frame.places import POLYLOOM
from frame.server import Server


class Fleet:
    def __init__(self) -> None:
        self._server = Server()
        self._worker: Child | None = None

    def environment(self) -> dict[str, str]:
        if self._worker is None or not self._worker.alive():
            self._end_worker()
            command = (POLYLOOM, "worker", "--url", self._server.url, "--allow", "*")
            self._worker = Child(command, ENVIRONMENT)
        return {"COMPARE_URL": self._server.url}

    def _end_worker(self) -> None:
        if self._worker is not None:
            self._worker.close()

    def close(self) -> None:
        self._end_worker()
        self._server.close()
