"""`polyloom worker --processes N`: what dies is started anew, what is asked to end ends, and each event is one line."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys

from deadline import LONG, is_gone, until
from worker_process import clean_environment, listed, polyloom


def pids(server):
    """Return the process ids of the workers that are listed."""
    return {worker["pid"] for worker in json.loads(polyloom("ps", "--json", "--url", server.url).stdout)}


def lines(supervised):
    """Return what the supervisor said."""
    return [line for line in supervised.log.read_text().splitlines() if line.startswith("polyloom worker: process")]


def test_worker_that_is_killed_is_started_anew_and_all_end_together(own_server, start_worker):
    supervised = start_worker(own_server.url, "--allow", "*", "--processes", "2")
    first = until(lambda: len(found := pids(own_server)) == 2 and found, "two workers are listed")
    killed = min(first)
    os.kill(killed, signal.SIGKILL)
    second = until(lambda: len(found := pids(own_server)) == 2 and killed not in found and found, "there are two again")
    supervised.process.send_signal(signal.SIGTERM)
    assert supervised.process.wait() == 0
    assert all(is_gone(pid) for pid in first | second)
    assert listed(own_server.url) == []
    said = "\n".join(lines(supervised))
    assert re.search(rf"{killed} ended with SIGKILL; starting it anew in 0.5 s", said)
    assert said.count("started as") == 3
    assert said.count("gets SIGTERM") == 2
    assert said.count("ended with status 0") == 2


def test_hangup_is_passed_on(own_server, start_worker):
    supervised = start_worker(own_server.url, "--allow", "*", "--processes", "2")
    before = until(lambda: len(found := listed(own_server.url)) == 2 and set(found), "two workers are listed")
    known = pids(own_server)
    supervised.process.send_signal(signal.SIGHUP)
    until(lambda: len(found := set(listed(own_server.url))) == 2 and not found & before, "two others are listed")
    assert pids(own_server) == known


def test_wrong_usage_ends_all_with_its_status(own_server):
    shown = polyloom("worker", "--url", own_server.url, "--processes", "2")
    assert shown.returncode == 2
    assert "--allow" in shown.stderr
    assert "cannot start" in shown.stderr
    assert "starting it anew" not in shown.stderr


def supervise(*source):
    """Start a supervisor of a process that runs some Python."""
    code = f"import sys; from polyloom_workers.supervisor import Supervisor; sys.exit(Supervisor([{list(source)!r}]).run())"
    return subprocess.Popen([sys.executable, "-c", code], stderr=subprocess.PIPE, text=True, env=clean_environment())


def test_what_dies_at_once_is_started_anew_later_and_later():
    process = supervise(sys.executable, "-c", "import sys; sys.exit(7)")
    delays = []
    while len(delays) < 3:
        found = re.search(r"ended with status 7; starting it anew in (\S+) s", process.stderr.readline())
        delays += [found[1]] if found else []
    process.terminate()
    assert process.wait(LONG) == 0
    assert delays == ["0.5", "1", "2"]
    process.stderr.close()


def test_process_that_ends_well_is_not_started_anew():
    process = supervise(sys.executable, "-c", "pass")
    said = process.communicate(timeout=LONG)[1]
    assert process.returncode == 0
    assert said.count("started as") == 1


def test_processes_end_with_a_supervisor_that_is_killed(own_server, start_worker):
    supervised = start_worker(own_server.url, "--allow", "*", "--processes", "2")
    children = until(lambda: len(found := pids(own_server)) == 2 and found, "two workers are listed")
    supervised.process.kill()
    supervised.process.wait()
    until(lambda: all(is_gone(pid) for pid in children), "they ended")
