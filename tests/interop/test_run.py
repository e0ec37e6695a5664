"""`polyloom run`: the same Lisp files on the embedded fleet, on a local process, and on a fleet started by hand."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from deadline import LONG, is_gone, until
from polyloom.embedded import Server
from worker_process import WorkerProcess, clean_environment, polyloom

EXAMPLES = Path(__file__).parents[2] / "examples"
FOUNDING = str(EXAMPLES / "founding.lisp")
HELLO = str(EXAMPLES / "hello.lisp")
MINIMIZE = str(EXAMPLES / "minimize.lisp")

Lisp = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def lisp(tmp_path: Path) -> Lisp:
    """Write a Lisp file and run it on a local process."""

    def run(source: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        file = tmp_path / "script.lisp"
        file.write_text(source)
        return polyloom("run", str(file), "--url", "stdio:", *arguments)

    return run


def test_founding_example_is_verbatim() -> None:
    text = Path(FOUNDING).read_text()
    assert text == (
        '(let ((np ($py "numpy")))               ; $py returns a Python module proxy\n'
        "  (await ((. np sum) [1 2 3 4])))       ; call python function, await the Promise\n"
    )


def test_founding_example_on_the_embedded_fleet() -> None:
    ran = polyloom("run", FOUNDING)
    assert (ran.returncode, ran.stdout, ran.stderr) == (0, "10\n", "")


def test_founding_example_on_a_local_process() -> None:
    ran = polyloom("run", FOUNDING, "--url", "stdio:")
    assert (ran.returncode, ran.stdout, ran.stderr) == (0, "10\n", "")


def test_founding_example_on_a_fleet_started_by_hand(worker: WorkerProcess) -> None:
    ran = polyloom("run", FOUNDING, "--url", worker.url)
    assert (ran.returncode, ran.stdout, ran.stderr) == (0, "10\n", "")


def test_hello_says_the_same_everywhere(worker: WorkerProcess) -> None:
    local = polyloom("run", HELLO, "--url", "stdio:")
    fleet = polyloom("run", HELLO, "--url", worker.url)
    embedded = polyloom("run", HELLO, "--workers", "2")
    assert local.stdout == fleet.stdout == embedded.stdout
    lines = local.stdout.splitlines()
    assert lines[0] == "10"
    assert lines[2] == "CO2 at Mauna Loa, ppm: 2225 of 2284 weeks measured"
    assert lines[4].split() == expected_decade("195")
    assert lines[-1].split() == expected_decade("200")


def test_scipy_minimizes_a_function_of_lisp(worker: WorkerProcess) -> None:
    local = polyloom("run", MINIMIZE, "--url", "stdio:")
    fleet = polyloom("run", MINIMIZE, "--url", worker.url)
    assert (local.returncode, local.stderr) == (fleet.returncode, fleet.stderr) == (0, "")
    assert local.stdout == fleet.stdout
    assert local.stdout.splitlines() == ["minimum at 1.0000 1.0000", "value 0.0000", "nearest to 10 first: [11 8 1 25]"]


def test_model_is_fitted_by_one_node_process_and_used_by_all(
    own_server: Server, start_worker: Callable[..., WorkerProcess]
) -> None:
    worker = start_worker(own_server.url, "--allow", "*").ready()
    command = ["node", str(EXAMPLES / "shared-model.mjs"), worker.url]
    at_once = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=clean_environment()) for _ in range(3)]
    said = [process.communicate(timeout=LONG)[0] for process in at_once]
    said.append(subprocess.run(command, capture_output=True, text=True, timeout=LONG, env=clean_environment()).stdout)
    assert sorted(line.split(" ", 1)[0] for line in said) == ["fitted", "found", "found", "found"]
    (what,) = {line.split(" ", 1)[1] for line in said}
    assert what == "the model co2:v1: 371.0 ppm in 2001, degree 2\n"


def test_scipy_minimizes_a_function_of_javascript(worker: WorkerProcess) -> None:
    command = ["node", str(EXAMPLES / "minimize.mjs")]
    environment = clean_environment(POLYLOOM_PYTHON=sys.executable)
    for url in ("stdio:", worker.url):
        ran = subprocess.run([*command, url], capture_output=True, text=True, env=environment, timeout=LONG)
        assert ran.stderr == ""
        lines = ran.stdout.splitlines()
        assert lines[:2] == ["minimum at 1.0000 1.0000", "value 0.0000"]
        [ours, theirs] = [word for word in lines[2].split() if word.isdigit()]
        assert ours == theirs


FUNCTIONS = """
(py.import "builtins" :as py)
(py.import "functools" :as functools)
(defn far [x] (await (py.abs (- x 10))))
(defn scaled [x & {:keys [by]}] (* x by))
(print (await (py.sorted [1 8 25 11] :key far)))
(print (await (py.list (py.map (fn [x] (* 2 (await (py.abs x)))) [-1 2]))))
(print (await (py.list (py.filter even? (py.range 5)))))
(print (await (functools.reduce + [1 2 3])) (await (py.list (py.map #(* % %) [1 2 3]))))
(print (await ((functools.partial scaled 3) :by 2)))
(try
  (await (py.list (py.map (fn [x] (throw (ex-info "no" {:x x}))) [7])))
  (catch e (print (ex-message e) (ex-data e))))
"""


@pytest.mark.parametrize("where", ["local", "fleet"])
def test_python_calls_functions_of_lisp(tmp_path: Path, worker: WorkerProcess, where: str) -> None:
    script = tmp_path / "functions.lisp"
    script.write_text(FUNCTIONS)
    ran = polyloom("run", str(script), "--url", "stdio:" if where == "local" else worker.url)
    assert ran.stderr == ""
    assert ran.stdout.splitlines() == ["[11 8 1 25]", "[2 4]", "[0 2 4]", "6 [1 4 9]", "6", "no {:x 7} {:x 7}"]


def expected_decade(start: str) -> list[str]:
    """Compute a line of the table again, without Polyloom."""
    import numpy

    rows = [line.split(",") for line in (EXAMPLES / "co2-mauna-loa.csv").read_text().splitlines()[1:]]
    values = numpy.array([float(value) for date, value in rows if value and date.startswith(start)])
    figures = [values.mean(), values.min(), values.max(), values.std()]
    return [f"{start}0s", str(len(values)), *(f"{figure:.1f}" for figure in figures)]


def test_values_print_as_the_reader_reads_them(lisp: Lisp) -> None:
    assert lisp('{:a [1 2.5 "x" nil true]}').stdout == '{:a [1 2.5 "x" nil true]}\n'


def test_nil_prints_nothing(lisp: Lisp) -> None:
    assert lisp("nil").stdout == ""


def test_arguments_reach_the_script(lisp: Lisp) -> None:
    assert lisp("(print args)", "--", "one", "--two").stdout == '["one" "--two"]\n'


def test_output_of_python_does_not_meet_the_results(lisp: Lisp) -> None:
    ran = lisp('(py.import "builtins" :as py) (await (py.print "from Python")) 5')
    assert ran.returncode == 0
    assert ran.stdout.splitlines()[-1] == "5"


@pytest.mark.parametrize(
    ("source", "status", "said"),
    [
        ('(print "x"', 1, ["script.lisp:1:1: error L001", "'(' is never closed", "help: "]),
        (
            "(prnt 1)",
            1,
            ["script.lisp:1:2: error L012: unknown symbol 'prnt'", " 1 | (prnt 1)", "  ^^^^", "help: did you mean 'print'?"],
        ),
        ('(throw (new js/Error "boom"))', 1, ["script.lisp:1:8: error: Error: boom"]),
        (
            '(py.import "numpyy" :as np)\n(await (np.sum [1]))',
            1,
            ["script.lisp:2:", "ModuleNotFoundError: No module named 'numpyy'"],
        ),
        (
            '(py.import "math" :as m)\n(await (m.sqrt -1))',
            1,
            ["script.lisp:2:8: error: ValueError: ", "Traceback (most recent call last)"],
        ),
        ('(py.import "math" :as m)\n(await (m.nope 1))', 1, ["script.lisp:2:8: error: AttributeError: ", "nope"]),
    ],
    ids=["unbalanced", "unknown symbol", "JavaScript error", "no such module", "Python exception", "no such attribute"],
)
def test_a_failing_script_says_where_and_why(lisp: Lisp, source: str, status: int, said: list[str]) -> None:
    ran = lisp(source)
    assert ran.returncode == status
    for part in said:
        assert part in ran.stderr


@pytest.mark.parametrize(
    ("arguments", "status", "said"),
    [
        (["nothing-here.lisp"], 2, "does not exist"),
        ([FOUNDING, "--url", "http://localhost"], 2, "not the URL of a Redis server"),
        ([FOUNDING, "--url", "redis://"], 2, "incomplete URL"),
        ([FOUNDING, "--url", "redis://127.0.0.1:1"], 1, "cannot reach Redis at redis://127.0.0.1:1"),
        ([FOUNDING, "--workers", "0"], 2, "--workers"),
        ([FOUNDING, "--nope"], 2, "--nope"),
    ],
    ids=["no file", "unknown scheme", "no host", "dead Redis", "no workers", "unknown flag"],
)
def test_wrong_usage_is_told_in_a_sentence(arguments: list[str], status: int, said: str) -> None:
    ran = polyloom("run", *arguments)
    assert ran.returncode == status
    assert said in ran.stderr
    assert "Traceback" not in ran.stderr


def test_password_is_not_in_the_error() -> None:
    ran = polyloom("run", FOUNDING, "--url", "redis://:secret@127.0.0.1:1")
    assert ran.returncode == 1
    assert "secret" not in ran.stderr


def test_a_worker_that_cannot_start_is_told_with_its_log() -> None:
    ran = polyloom("run", FOUNDING, POLYLOOM_LEASE="none")
    assert ran.returncode in (1, 2)
    assert "lease must be a number above 0" in ran.stderr


def test_a_missing_interpreter_is_named() -> None:
    ran = polyloom("run", FOUNDING, "--url", "stdio:", POLYLOOM_PYTHON="/no/such/python")
    assert ran.returncode == 1
    assert "/no/such/python" in ran.stderr


@pytest.mark.parametrize("end", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL], ids=lambda end: end.name)
def test_nothing_of_the_embedded_fleet_outlives_the_command(tmp_path: Path, end: signal.Signals) -> None:
    script = tmp_path / "long.lisp"
    script.write_text('(py.import "time" :as time) (print "running") (await (time.sleep 60))')
    command = [sys.executable, "-m", "polyloom", "run", str(script)]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=clean_environment(), start_new_session=True
    ) as running:
        assert running.stdout is not None
        assert running.stdout.readline() == b"running\n"
        children = descendants(running.pid)
        assert len(children) >= 3  # a server, a worker, Node
        os.kill(running.pid, end)
        running.wait(LONG)
        until(lambda: all(map(is_gone, children)), "every process of the fleet has ended")


def descendants(pid: int) -> list[int]:
    """Return the ids of all children of a process, and of theirs."""
    found = [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    return [one for child in found for one in (child, *descendants(child))]


def test_items_and_iteration_of_python_objects(lisp: Lisp) -> None:
    ran = lisp(
        """
        (py.import "builtins" :as py)
        (let [d (py.dict :a 1) l (py.list (py.range 5))]
          (print (await (get d "a")) (await (get l -1)))
          (for-await [x (py-iter l :chunk 2)] (print x)))
        (with [file (py.open here :closefd true)] 1)
        """
    )
    assert ran.stdout.split() == ["1", "4", "0", "1", "2", "3", "4"]
    assert "IsADirectoryError" in ran.stderr


@pytest.mark.parametrize("run", [(), ("--run", "sleeper")], ids=["plain", "durable"])
def test_process_ends_with_its_script_whatever_sleeps_yet(tmp_path: Path, worker: WorkerProcess, run: tuple[str, ...]) -> None:
    file = tmp_path / "sleeper.lisp"
    file.write_text("""
        (let [later (spawn (do (sleep 0.01) (sleep 3600)))
              never (spawn (sleep 3600))]
          (print (try (timeout 0.1 (do (sleep 0.01) (sleep 3600))) (catch e "late")))
          (race (sleep 0.2) (do (sleep 0.01) (sleep 3600)))
          42)
    """)
    ran = polyloom("run", str(file), "--url", worker.url, *run)
    assert (ran.returncode, ran.stdout) == (0, "late\n42\n"), ran.stderr
    assert "rejected" not in ran.stderr
