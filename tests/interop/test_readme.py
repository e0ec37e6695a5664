"""The tours of the README and of its how-to pages run as they stand; its commands are those that there are."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from deadline import LONG
from worker_process import WorkerProcess, clean_environment, polyloom

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text()
FUNCTIONS = (ROOT / "docs" / "how-to" / "pass-a-function.md").read_text()
SHARING = (ROOT / "docs" / "how-to" / "share-an-object.md").read_text()
COMPOSE = (ROOT / "compose.yaml").read_text()


def tour(name: str, page: str = README) -> str:
    """Return the block that stands under `<!-- tour: name -->`."""
    found = re.search(rf"<!-- tour: {name} -->\n```\w+\n(.*?)```", page, re.DOTALL)
    assert found, f"the page has no tour {name}"
    return found[1]


Node = Callable[[str], list[str]]


@pytest.fixture(params=["local", "fleet"])
def node(request: pytest.FixtureRequest, tmp_path: Path, worker: WorkerProcess) -> Node:
    """Run a module of Node on a local process, or on a worker, and return the lines that it prints."""

    def run(source: str) -> list[str]:
        (tmp_path / "node_modules").mkdir()
        (tmp_path / "node_modules" / "polyloom").symlink_to(ROOT / "node-client")
        script = tmp_path / "tour.mjs"
        script.write_text(source)
        place = {"POLYLOOM_URL": worker.url} if request.param == "fleet" else {"POLYLOOM_PYTHON": sys.executable}
        ran = subprocess.run(["node", str(script)], capture_output=True, text=True, timeout=LONG, env=clean_environment(**place))
        assert ran.stderr == ""
        return ran.stdout.splitlines()

    return run


def test_lisp_tour(tmp_path: Path) -> None:
    script = tmp_path / "tour.lisp"
    script.write_text(tour("lisp"))
    ran = polyloom("run", str(script), "--url", "stdio:")
    assert ran.stderr == ""
    assert ran.stdout.splitlines() == ["sum    10", "spread 2.75", "caught statistics.StatisticsError"]


def test_first_lines_of_the_readme(node: Node) -> None:
    assert node(tour("first")) == []


def test_node_tour(node: Node) -> None:
    lines = node(tour("js"))
    assert lines[0] == "0"
    assert "3n, 5n, 7n" in "\n".join(lines)
    assert "[ 'Io', '893' ]" in lines
    assert lines[-1].startswith("numpy.linalg.LinAlgError - ")


def test_tour_of_callbacks(node: Node) -> None:
    assert node(tour("callbacks")) == ["Float64Array(2) [ 1, 1 ]", "true", "true", "given up: TimeoutError"]


def test_how_to_pass_a_function(node: Node) -> None:
    assert node(tour("pass-a-function", FUNCTIONS)) == [
        "[ 'a', 'bb' ]",
        "[ 3, 4 ]",
        "Float64Array(2) [ 1, 1 ]",
        "[ Tuple(2) [ 'a', 2 ] ]",
        "[ 'to JavaScript', '\\n' ]",
        "true",
        "TimeoutError",
    ]


def test_how_to_share_an_object(node: Node) -> None:
    assert node(tour("share-an-object", SHARING)) == ["31", "true true", "true"]


def test_python_tour(worker: WorkerProcess, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("POLYLOOM_URL", worker.url.replace("unix://", "redis+socket://"))
    exec(tour("python"), {})
    assert capsys.readouterr().out == "[3628800]\n"


def test_commands_of_the_readme_exist() -> None:
    commands = set(re.findall(r"^(?:polyloom|make) ([a-z]+)", README, re.MULTILINE))
    assert {"demo", "test", "worker", "run", "ps"} <= commands
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    listed = polyloom("--help").stdout
    for command in commands:
        assert command in targets or f"  {command} " in listed


def test_compose_is_valid_and_runs_the_commands_of_the_readme() -> None:
    checked = subprocess.run(
        [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.compose-spec", str(ROOT / "compose.yaml")],
        capture_output=True,
        text=True,
        timeout=LONG,
    )
    assert checked.returncode == 0, checked.stdout + checked.stderr
    by_hand = re.findall(r"^polyloom ((?:worker|flower) .*?) &$", README, re.MULTILINE)
    assert len(by_hand) == 2
    for command in by_hand:
        assert f"polyloom {command}".replace("127.0.0.1", "redis") in COMPOSE
