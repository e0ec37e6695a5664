"""Servers that do not let everybody in: users with few rights, wrong passwords, and versions that are too old."""

from __future__ import annotations

import json
import re
import socket
import socketserver
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import redis

from node_script import NodeScript
from polyloom.embedded import Server
from worker_process import WorkerProcess, polyloom

PAGE = Path(__file__).parents[2] / "docs" / "how-to" / "secure-redis.md"
RULES = dict(re.findall(r"^user (worker|client) (.*)$", PAGE.read_text(), re.MULTILINE))


@pytest.fixture
def admin(own_server: Server) -> Iterator[redis.Redis]:
    with redis.Redis.from_url(own_server.url, decode_responses=True) as client:
        for name, rules in RULES.items():
            client.execute_command("ACL", "SETUSER", name, *rules.split())
        yield client


def url(server: Server, user: str, password: str = "") -> str:
    """Return the URL of a user of the page."""
    return server.url.replace("redis://", f"redis://{user}:{password or user + '-secret'}@")


def connected(address: str) -> Any:
    """Connect a client of Node, have something computed, and return the last answer."""
    script = NodeScript("steps.mjs", address)
    try:
        answer = script.ask("connect")
        return answer if isinstance(answer, dict) else script.ask("sqrt")
    finally:
        script.end()


def refusals(admin: redis.Redis) -> list[str]:
    """Return what the server has refused."""
    return [f"{one['username']}: {one['reason']} {one['object']}" for one in admin.acl_log()]


def test_users_of_the_page_are_enough(own_server: Server, admin: redis.Redis, start_worker: Callable[..., WorkerProcess]) -> None:
    worker = start_worker(url(own_server, "worker"), "--allow", "*", "--jobs").ready()
    script = NodeScript("steps.mjs", url(own_server, "client"))
    assert script.ask("connect") == worker.id
    assert script.ask("begin") == 40
    assert all("value" in one for one in script.ask("answers"))
    script.ask("close")
    assert script.end() == 0
    assert polyloom("ps", "--url", url(own_server, "worker")).returncode == 0
    assert worker.stop() == 0
    assert refusals(admin) == []


def test_client_that_may_not_write_is_told_so(
    own_server: Server, admin: redis.Redis, start_worker: Callable[..., WorkerProcess]
) -> None:
    start_worker(own_server.url, "--allow", "*").ready()
    for command in ("xadd", "eval", "xread"):
        admin.execute_command("ACL", "SETUSER", "client", f"-{command}")
        refused = connected(url(own_server, "client"))
        assert (refused["name"], refused["code"]) == ("NotAllowed", "NotAllowed"), command
        assert "secure-redis.md" in refused["hint"]
        admin.execute_command("ACL", "SETUSER", "client", f"+{command}")
    assert connected(url(own_server, "client")) == 3


def test_worker_that_may_not_read_does_not_start_and_names_it(own_server: Server, admin: redis.Redis) -> None:
    admin.execute_command("ACL", "SETUSER", "worker", "-xreadgroup")
    shown = polyloom("worker", "--url", url(own_server, "worker"), "--allow", "*")
    assert shown.returncode not in (0, 2)
    assert "XREADGROUP" in shown.stderr
    assert "Traceback" not in shown.stderr


def test_doctor_tells_what_its_user_may_not(own_server: Server, admin: redis.Redis) -> None:
    def permits(user: str) -> Any:
        shown = polyloom("doctor", "--json", "--url", url(own_server, user))
        return next(one for one in json.loads(shown.stdout) if one["subject"] == "permits")

    assert permits("worker")["text"] == "this user may do what clients and workers do"
    assert permits("client")["level"] == "ok"
    assert "cannot run a worker" in permits("client")["text"]
    admin.execute_command("ACL", "SETUSER", "client", "-xadd", "-info")
    assert permits("client")["level"] == "failure"
    assert "XADD polyloom:{w:*}:inbox" in permits("client")["text"]


def test_wrong_password_is_said_and_not_shown(own_server: Server, admin: redis.Redis) -> None:
    refused = connected(url(own_server, "client", "guess"))
    assert refused["code"] == "ConnectionLost"
    assert "password" in refused["message"]
    shown = polyloom("worker", "--url", url(own_server, "worker", "guess"), "--allow", "*")
    assert shown.returncode == 1
    assert "did not accept the user or the password" in shown.stderr
    for text in (refused["message"], shown.stderr):
        assert "guess" not in text


# Versions


class Aged(socketserver.BaseRequestHandler):
    """Passes everything on to a server, whose version it changes on the way."""

    behind: tuple[str, int]

    def handle(self) -> None:
        with socket.create_connection(self.behind) as server:
            thread = threading.Thread(target=self._forward, args=(self.request, server), daemon=True)
            thread.start()
            while chunk := server.recv(1 << 16):
                self.request.sendall(re.sub(rb"redis_version:\d+\.\d+\.\d", b"redis_version:5.0.1", chunk))

    def _forward(self, source: socket.socket, target: socket.socket) -> None:
        try:
            while chunk := source.recv(1 << 16):
                target.sendall(chunk)
            target.shutdown(socket.SHUT_WR)
        except OSError:
            pass  # the other end is gone


@pytest.fixture
def aged(own_server: Server) -> Iterator[str]:
    """The URL of a server that says that it is Redis 5."""
    host, port = re.match(r"redis://([^:]+):(\d+)", own_server.url).groups()  # type: ignore[union-attr]
    handler = type("Handler", (Aged,), {"behind": (host, int(port))})
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), handler) as proxy:
        proxy.daemon_threads = True
        threading.Thread(target=proxy.serve_forever, daemon=True).start()
        yield f"redis://127.0.0.1:{proxy.server_address[1]}/0"
        proxy.shutdown()


def test_server_that_is_too_old_is_refused_by_both_sides(aged: str) -> None:
    refused = connected(aged)
    assert (refused["name"], refused["code"]) == ("ProtocolError", "VersionMismatch")
    shown = polyloom("worker", "--url", aged, "--allow", "*")
    assert shown.returncode == 1
    for text in (refused["message"], shown.stderr):
        assert "has the version 5.0.1, which is too old" in text
        assert "6.2" in text
