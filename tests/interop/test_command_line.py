"""The command line: what is wrong is said in one sentence with a way out, and the exit status tells usage from failure."""

from __future__ import annotations

import json
import os
import socket

import pytest

from polyloom import __version__
from polyloom.cli import COMMANDS
from worker_process import polyloom


@pytest.fixture
def closed_port():
    """A port of loopback where nobody listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        yield probe.getsockname()[1]  # bound but not listening


def complaint(shown, status):
    """Return what a command complained about; it must be short and no traceback."""
    assert shown.returncode == status, shown.stderr
    assert "Traceback" not in shown.stderr
    assert shown.stdout == ""
    return shown.stderr


def test_version_is_that_of_the_package():
    shown = polyloom("--version")
    assert (shown.returncode, __version__ in shown.stdout) == (0, True)


def test_help_lists_every_command():
    shown = polyloom("--help")
    assert shown.returncode == 0
    assert [name for name in COMMANDS if name not in shown.stdout] == []


@pytest.mark.parametrize("command", sorted(COMMANDS))
def test_every_command_has_its_help(command):
    shown = polyloom(command, "--help")
    assert shown.returncode == 0
    assert shown.stdout.startswith("Usage: ")


def test_unknown_command_names_the_known_ones():
    words = complaint(polyloom("wrok"), 2)
    assert "wrok" in words
    assert [name for name in COMMANDS if name not in words] == []


def test_worker_without_allow_does_not_start(server):
    words = complaint(polyloom("worker", "--url", server.url), 2)
    assert "--allow" in words
    assert "hint" in words


@pytest.mark.parametrize(
    "url", ["localhost:6379", "http://localhost", "redis://", "redis://h:port/0", "unix://", "redis://h/0?db=x"]
)
@pytest.mark.parametrize("command", [["ps"], ["worker", "--allow", "*"]], ids=lambda words: words[0])
def test_wrong_url_is_wrong_usage(command, url):
    words = complaint(polyloom(*command, "--url", url), 2)
    assert "redis://" in words
    assert len(words.splitlines()) <= 3


@pytest.mark.parametrize("command", [["ps"], ["worker", "--allow", "*"]], ids=lambda words: words[0])
def test_no_url_is_wrong_usage_that_names_the_variable(command):
    assert "POLYLOOM_URL" in complaint(polyloom(*command), 2)


@pytest.mark.parametrize("command", [["ps"], ["worker", "--allow", "*"]], ids=lambda words: words[0])
def test_dead_server_is_said_in_one_sentence(command, closed_port, tmp_path):
    for url in (f"redis://127.0.0.1:{closed_port}/0", f"unix://{tmp_path}/nothing.sock"):
        words = complaint(polyloom(*command, "--url", url), 1)
        assert f"cannot reach Redis at {url}" in words
        assert "hint" in words


def test_password_of_a_dead_server_is_not_shown(closed_port):
    words = complaint(polyloom("ps", "--url", f"redis://:s3cret@127.0.0.1:{closed_port}/0"), 1)
    assert "s3cret" not in words
    assert "***" in words


def test_wrong_password_is_said(server, tmp_path):
    words = complaint(polyloom("ps", "--url", server.url.replace("unix://", "unix://user:wr0ng@")), 1)
    assert "wr0ng" not in words


@pytest.mark.parametrize("flags", [["--lease", "0"], ["--lease", "-1"], ["--threads", "0"], ["--lease", "soon"]], ids=" ".join)
def test_wrong_number_is_wrong_usage(server, flags):
    assert flags[0] in complaint(polyloom("worker", "--url", server.url, "--allow", "*", *flags), 2)


@pytest.mark.parametrize("name", ["POLYLOOM_LEASE", "POLYLOOM_THREADS"])
def test_wrong_variable_is_wrong_usage(server, name):
    assert name in complaint(polyloom("worker", "--url", server.url, "--allow", "*", **{name: "-5"}), 2)


def test_flag_wins_over_the_variable(server, worker, closed_port):
    shown = polyloom("ps", "--json", "--url", server.url, POLYLOOM_URL=f"redis://127.0.0.1:{closed_port}/0")
    assert worker.id in shown.stdout


def test_ps_for_programs_is_one_json_array(server, worker):
    shown = polyloom("ps", "--json", POLYLOOM_URL=server.url)
    (record,) = [one for one in json.loads(shown.stdout) if one["id"] == worker.id]
    assert record["pid"] == worker.pid
    assert record["host"] == socket.gethostname()
    assert record["protocol"] == 1
    assert record["version"] == __version__
    assert os.path.exists(f"/proc/{record['pid']}")


def test_ps_for_people_is_a_table(server, worker):
    shown = polyloom("ps", "--url", server.url)
    assert shown.returncode == 0
    assert "live worker" in shown.stdout
    assert worker.id in shown.stdout


def test_ps_of_an_empty_fleet_is_no_failure(server):
    shown = polyloom("ps", "--json", "--url", server.url, "--prefix", "nobody:")
    assert (shown.returncode, json.loads(shown.stdout)) == (0, [])
    assert "0 live workers" in polyloom("ps", "--url", server.url, "--prefix", "nobody:").stdout


def test_run_of_a_missing_file_is_wrong_usage():
    assert "no_such_file.lisp" in complaint(polyloom("run", "no_such_file.lisp"), 2)
