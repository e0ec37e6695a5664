"""Real servers and real workers, on private sockets; everything ends with the test that started it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import redis
from hypothesis import settings

from polyloom.embedded import Server
from wire_client import RedisClient, StdioClient
from worker_process import WorkerProcess

# The same examples in every run; `--hypothesis-profile default` looks for new ones.
settings.register_profile("steady", derandomize=True, deadline=None)
settings.load_profile("steady")


@pytest.fixture(scope="session")
def server() -> Iterator[Server]:
    """A Valkey server for the whole run, on a unix socket."""
    yield from _running(Server())


@pytest.fixture
def own_server() -> Iterator[Server]:
    """A Valkey server for one test, for what would disturb others."""
    yield from _running(Server(0))


def _running(server: Server) -> Iterator[Server]:
    server.start()
    try:
        yield server
    finally:
        server.stop()


@pytest.fixture
def database(server: Server) -> Iterator[redis.Redis]:
    """A connection to the shared server."""
    with redis.Redis.from_url(server.url) as client:
        yield client


@pytest.fixture(scope="session")
def worker(server: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[WorkerProcess]:
    """A worker for the whole run, that serves sessions and jobs. A test must leave it as it was."""
    started = WorkerProcess(server.url, tmp_path_factory.mktemp("fleet"), "--allow", "*", "--jobs")
    try:
        yield started.ready()
    finally:
        started.stop()


@pytest.fixture
def start_worker(tmp_path: Path) -> Iterator[Callable[..., WorkerProcess]]:
    """Start a worker for one test: `start_worker(url, *flags)`."""
    started: list[WorkerProcess] = []

    def start(url: str, *flags: str, prefix: str = "polyloom:", **environ: str) -> WorkerProcess:
        started.append(WorkerProcess(url, tmp_path, *flags, prefix=prefix, **environ))
        return started[-1]

    yield start
    for one in started:
        one.stop()


@pytest.fixture
def client(server: Server, worker: WorkerProcess) -> Iterator[RedisClient]:
    """A client of the shared worker that has said hello."""
    connected = RedisClient(server.url, worker.id)
    connected.hello()
    yield connected
    connected.close()


@pytest.fixture
def stdio() -> Iterator[StdioClient]:
    """A client of a local host that has said hello."""
    connected = StdioClient()
    connected.hello()
    yield connected
    if not connected.stdin.closed:
        connected.close()
