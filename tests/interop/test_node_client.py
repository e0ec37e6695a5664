"""The Node client's interop tests, against a real worker as well as a local process."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from polyloom.embedded import Server
from worker_process import WorkerProcess, clean_environment

NODE_CLIENT = Path(__file__).parents[2] / "node-client"


@pytest.mark.timeout(600)
def test_node_client_on_a_fleet(own_server: Server, start_worker: Callable[..., WorkerProcess]) -> None:
    worker = start_worker(own_server.url, "--allow", "*").ready()
    files = sorted(map(str, (NODE_CLIENT / "build" / "test" / "interop").glob("*.test.js")))
    assert files, "the Node tests are not compiled: run `make test`"
    ran = subprocess.run(
        ["node", "--enable-source-maps", "--test", "--test-reporter=tap", *files],
        capture_output=True,
        text=True,
        env=clean_environment(POLYLOOM_TEST_REDIS_URL=worker.url, POLYLOOM_PYTHON=sys.executable),
        cwd=NODE_CLIENT,
    )
    assert ran.returncode == 0, failures(ran.stdout) + ran.stderr[-2000:]
    assert re.search(r"^# skipped 0$", ran.stdout, re.MULTILINE), ran.stdout[-2000:]
    assert "# Subtest: redis" in ran.stdout


def failures(tap: str) -> str:
    """Return what a TAP stream says of the tests that failed."""
    return "\n".join(re.findall(r"^ *not ok .*?^ *\.\.\.$", tap, re.MULTILINE | re.DOTALL))
