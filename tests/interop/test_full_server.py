"""A server whose memory is full (maxmemory, noeviction): what was accepted is answered, what is refused is said, nobody dies."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
import redis

from deadline import until
from node_script import NodeScript
from polyloom.embedded import Server
from worker_process import WorkerProcess, polyloom

ALLOW = "--allow", "*"
FULL = "maxmemory: Redis at redis://127.0.0.1"


@pytest.fixture
def admin(own_server: Server) -> Iterator[redis.Redis]:
    with redis.Redis.from_url(own_server.url, decode_responses=True) as client:
        yield client


@pytest.fixture
def script() -> Iterator[Callable[..., NodeScript]]:
    """Start a script of steps: `script(url, options as JSON)`."""
    started: list[NodeScript] = []

    def start(*arguments: str) -> NodeScript:
        started.append(NodeScript("steps.mjs", *arguments))
        return started[-1]

    yield start
    for one in started:
        one.end()


def fill(admin: redis.Redis) -> None:
    """Have the server take nothing more."""
    admin.config_set("maxmemory", 1)


def renewals(admin: redis.Redis, worker: WorkerProcess) -> Callable[[], int]:
    """Return a function that counts how often a worker's place on the list was renewed, and sees that its lease holds."""
    ends: set[float | None] = set()

    def count() -> int:
        assert admin.exists(f"polyloom:{{w:{worker.id}}}:lease")
        ends.add(admin.zscore("polyloom:workers", worker.id))
        return len(ends)

    return count


def test_programs_of_a_client_wait_in_order_until_there_is_room(
    own_server: Server, admin: redis.Redis, start_worker: Callable[..., WorkerProcess], script: Callable[..., NodeScript]
) -> None:
    worker = start_worker(own_server.url, *ALLOW, "--lease", "4", "--jobs").ready()
    client = script(own_server.url, '{"leaseMs": 4000}')
    assert client.ask("connect") == worker.id
    assert client.ask("sqrt") == 3
    fill(admin)
    assert client.ask("begin") == 40
    count = renewals(admin, worker)
    until(lambda: count() > 6, "more renewals than there are in one lease")
    assert worker.process.poll() is None
    admin.config_set("maxmemory", 0)
    answers = [one["value"] for one in client.ask("answers")]
    assert answers[::2] == list(range(1, 21))
    assert answers[1::2] == [10 if n % 5 else 100_000 + n for n in range(20)]
    assert client.ask("list") == list(range(20))
    keys = "polyloom:{w:*}:blob:*"
    until(lambda: not list(admin.scan_iter(keys)), "the blobs are freed")


def test_program_that_is_refused_for_too_long_is_a_typed_error(
    own_server: Server, admin: redis.Redis, start_worker: Callable[..., WorkerProcess], script: Callable[..., NodeScript]
) -> None:
    start_worker(own_server.url, *ALLOW).ready()
    client = script(own_server.url, '{"reconnectTimeoutMs": 300}')
    client.ask("connect")
    fill(admin)
    refused = client.ask("sqrt")
    assert (refused["name"], refused["code"]) == ("LimitExceeded", "LimitExceeded")
    assert refused["message"].startswith(FULL)
    assert "polyloom doctor" in refused["hint"]


def test_client_that_comes_to_a_full_server_is_told_so(
    own_server: Server, admin: redis.Redis, start_worker: Callable[..., WorkerProcess], script: Callable[..., NodeScript]
) -> None:
    start_worker(own_server.url, *ALLOW).ready()
    fill(admin)
    refused = script(own_server.url).ask("connect")
    assert refused["code"] == "LimitExceeded"
    assert refused["message"].startswith(FULL)


def test_worker_that_comes_to_a_full_server_says_so_and_how_to_mend_it(own_server: Server, admin: redis.Redis) -> None:
    fill(admin)
    shown = polyloom("worker", "--url", own_server.url, *ALLOW)
    assert shown.returncode not in (0, 2), "a supervisor tries it again"
    assert FULL in shown.stderr
    assert "hint: give the server more memory" in shown.stderr
    assert "Traceback" not in shown.stderr


def test_server_that_fills_while_celery_connects_ends_no_worker(
    own_server: Server, admin: redis.Redis, start_worker: Callable[..., WorkerProcess], script: Callable[..., NodeScript]
) -> None:
    worker = start_worker(own_server.url, *ALLOW, "--lease", "4", "--jobs").ready()
    fill(admin)  # the lane serves already, Celery has not bound its queues
    admin.execute_command("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes")
    until(lambda: "Redis is full" in worker.log.read_text(), "Celery met the full server")
    count = renewals(admin, worker)
    until(lambda: count() > 6, "more renewals than there are in one lease")
    admin.config_set("maxmemory", 0)
    client = script(own_server.url)
    assert client.ask("connect") == worker.id
    assert client.ask("sqrt") == 3
    until(lambda: admin.keys("polyloom:celery:_kombu.binding.polyloom"), "Celery takes jobs")


def test_room_that_only_the_worker_can_make_is_made(
    own_server: Server, admin: redis.Redis, start_worker: Callable[..., WorkerProcess], script: Callable[..., NodeScript]
) -> None:
    """What fills the server is the lane itself: entries that have ended, and replies that were read."""
    start_worker(own_server.url, *ALLOW, "--jobs").ready()
    client = script(own_server.url)
    client.ask("connect")
    until(lambda: admin.keys("polyloom:celery:_kombu.binding.polyloom"), "Celery has connected")
    for _ in range(8):
        client.ask("echo 200000")
    admin.config_set("maxmemory", int(admin.info("memory")["used_memory"]) - 1)
    assert client.ask("echo 200000") == 200_000
    assert client.ask("echo 200000") == 200_000
