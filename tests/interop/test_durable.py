"""Durable sessions (§15): a script, its worker or the server dies in the middle, and it goes on as if nothing had been."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import redis

from deadline import LONG, until
from polyloom.embedded import Server
from polyloom.journal import Runs
from polyloom.keys import Keys
from wire_client import RedisClient
from worker_process import WorkerProcess, clean_environment

ROOT = Path(__file__).parents[2]
LEASE = 2.0  # seconds

STEPS = '''
import pathlib, time

DONE = pathlib.Path(__file__).with_name("done")

def note(what):
    with DONE.open("a") as log:
        log.write(f"{what}\\n")

def step(i):
    """A step with an effect that can be counted."""
    note(i)
    return i * i

def speak(text):
    note(text)
    print(text, end=" ")
    print("was said")

def rows(n):
    note(f"rows {n}")
    return list(range(n))

def gate(name):
    """Say that it is here, and wait until it may go on."""
    note(f"at {name}")
    while not DONE.with_name(name).exists():
        time.sleep(0.01)
    return name

def fragile(name):
    return DONE.with_name(name).read_text()

def may(name):
    return DONE.with_name(name).exists()

class Door:
    def __enter__(self):
        note("entered")
        return self
    def __exit__(self, kind, error, trace):
        note(f"left {getattr(error, 'code', None)}")

class Account:
    def __init__(self):
        self.balance = 0
    def add(self, amount):
        self.balance += amount
        return self.balance
'''

HEAD = """
import { connect, once, kw, within } from 'polyloom'
const loom = await connect(process.env.POLYLOOM_URL, { leaseMs: 2000 })
const session = loom.session({ durable: process.env.RUN ?? 'nightly' })
const steps = session.$py('steps')
const say = (...values) => console.log(JSON.stringify(values))
"""

TAIL = """
await session.finish('done')
await loom.close()
"""

STORY = """
const account = steps.Account()
let sum = 0
for (let i = 0; i < 8; i++) {
  const [square, balance] = await Promise.all([steps.step(i), account.add(i)])
  const rows = await steps.rows(2)
  sum += square + balance + rows.length
  say(i, square, balance, rows, session.random(), session.now())
  if (i === 4) say(await steps.gate('middle'))
}
say('sum', sum)
"""


class Place:
    """A fleet of two workers, a folder for scripts, and what their steps have done."""

    def __init__(self, server: Server, folder: Path, start: Callable[..., WorkerProcess]) -> None:
        self.url = server.url
        self.folder = folder
        (folder / "steps.py").write_text(STEPS)
        (folder / "node_modules").mkdir()
        (folder / "node_modules" / "polyloom").symlink_to(ROOT / "node-client")
        self._start = start
        self.workers = [self.worker(), self.worker()]

    def worker(self) -> WorkerProcess:
        flags = "--allow", "*", "--grace", "1"
        return self._start(self.url, *flags, PYTHONPATH=str(self.folder), POLYLOOM_LEASE=str(LEASE)).ready()

    def script(self, body: str, run: str = "nightly") -> subprocess.Popen[str]:
        """Start a script; what it prints is read by `ended`."""
        file = self.folder / f"script-{len(list(self.folder.iterdir()))}.mjs"
        file.write_text(HEAD + body + TAIL)
        environment = clean_environment(POLYLOOM_URL=self.url, RUN=run)
        pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
        return subprocess.Popen(["node", str(file)], text=True, env=environment, **pipes)

    def run(self, body: str, run: str = "nightly") -> str:
        return ended(self.script(body, run))

    @property
    def done(self) -> list[str]:
        """What the steps have done, in order."""
        log = self.folder / "done"
        return log.read_text().splitlines() if log.exists() else []

    def reached(self, gate: str) -> None:
        until(lambda: f"at {gate}" in self.done, f"the script is at {gate}")

    def let_on(self, gate: str) -> None:
        (self.folder / gate).touch()

    def owner(self, run: str = "nightly") -> WorkerProcess:
        """The worker that has the run."""
        with redis.Redis.from_url(self.url, decode_responses=True) as client:
            name = client.hget(f"polyloom:{{r:{run}}}:run", "worker")
        return next(worker for worker in self.workers if worker.id == name)


def ended(script: subprocess.Popen[str], status: int = 0) -> str:
    """Return what a script printed, its errors where it failed."""
    try:
        out, err = script.communicate(timeout=LONG)
    except subprocess.TimeoutExpired:
        script.kill()
        raise
    assert script.returncode == status, err
    return out if status == 0 else err


@pytest.fixture
def place(own_server: Server, tmp_path: Path, start_worker: Callable[..., WorkerProcess]) -> Place:
    """A fleet for one test, which kills some of it."""
    folder = tmp_path / "place"
    folder.mkdir()
    return Place(own_server, folder, start_worker)


@pytest.fixture(scope="module")
def fleet(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """A fleet for all tests that leave it alive."""
    folder = tmp_path_factory.mktemp("place")
    server = Server(0)
    server.start()
    started: list[WorkerProcess] = []

    def start(url: str, *flags: str, **environ: str) -> WorkerProcess:
        started.append(WorkerProcess(url, folder, *flags, **environ))
        return started[-1]

    try:
        yield Place(server, folder, start)
    finally:
        for one in started:
            one.stop()
        server.stop()


@pytest.fixture
def calm(fleet: Place) -> Place:
    """The fleet that stays alive, with nothing recorded, and nothing done."""
    with redis.Redis.from_url(fleet.url) as client:
        runs = Runs(client, Keys())
        for run in runs.all():
            runs.forget(run.name, force=True)
    for left in ("done", "middle", "ok"):
        (fleet.folder / left).unlink(missing_ok=True)
    return fleet


@pytest.fixture
def story(place: Place) -> str:
    """What the story prints when nothing happens to it; numbers that look random and times differ from run to run."""
    place.let_on("middle")
    told = place.run(STORY, run="before")
    for left in ("done", "middle"):
        (place.folder / left).unlink()
    return told


def plain(text: str) -> list[str]:
    """Lines without the numbers that every run has its own of."""
    return [line.split(",0.")[0] for line in text.splitlines()]


def once_each(place: Place) -> None:
    """The steps of the story were done once each, but for the gate at which it was interrupted."""
    counted = Counter(place.done)
    assert {name: counted[name] for name in counted if not name.startswith(("at", "rows"))} == {str(i): 1 for i in range(8)}
    assert counted["rows 2"] == 8


def test_a_second_run_says_the_same_and_does_nothing(calm: Place) -> None:
    calm.let_on("middle")
    first = calm.run(STORY)
    done = calm.done
    assert calm.run(STORY) == first
    assert calm.done == done
    assert len(set(first.splitlines())) == 10


def test_a_script_that_is_killed_goes_on(place: Place, story: str) -> None:
    script = place.script(STORY)
    place.reached("middle")
    script.kill()
    before = script.communicate()[0].splitlines()
    assert len(before) == 5
    again = place.script(STORY)
    place.let_on("middle")
    after = ended(again)
    assert after.splitlines()[:5] == before
    assert plain(after) == plain(story)
    once_each(place)
    assert Counter(place.done)["at middle"] == 1, "its worker went on with what was accepted"


def test_a_worker_that_is_killed_is_replaced(place: Place, story: str) -> None:
    script = place.script(STORY)
    place.reached("middle")
    os.kill(place.owner().pid, signal.SIGKILL)
    place.let_on("middle")
    assert plain(ended(script)) == plain(story)
    once_each(place)


def test_script_and_worker_are_killed(place: Place, story: str) -> None:
    script = place.script(STORY)
    place.reached("middle")
    os.kill(place.owner().pid, signal.SIGKILL)
    script.kill()
    before = script.communicate()[0].splitlines()
    place.let_on("middle")
    after = place.run(STORY)
    assert after.splitlines()[:5] == before
    assert plain(after) == plain(story)
    once_each(place)


def test_a_worker_that_is_told_to_end_hands_over(place: Place, story: str) -> None:
    script = place.script(STORY)
    place.reached("middle")
    owner = place.owner()
    owner.process.terminate()
    owner.process.wait(LONG)
    place.let_on("middle")
    assert plain(ended(script)) == plain(story)
    once_each(place)


def test_a_worker_that_wakes_late_writes_nothing(place: Place, story: str) -> None:
    script = place.script(STORY)
    place.reached("middle")
    owner = place.owner()
    os.kill(owner.pid, signal.SIGSTOP)
    try:
        until(lambda: place.done.count("at middle") == 2, "another worker is at the gate")
        other = place.owner()
        assert other is not owner
    finally:
        os.kill(owner.pid, signal.SIGCONT)
    place.let_on("middle")
    assert plain(ended(script)) == plain(story)
    once_each(place)
    until(lambda: "has moved" in owner.log.read_text() or owner.process.poll() is not None or not held(place, owner), "it let go")


def held(place: Place, worker: WorkerProcess) -> int:
    """How many sessions a worker says that it has."""
    with redis.Redis.from_url(place.url, decode_responses=True) as client:
        return int(client.hget(f"polyloom:{{w:{worker.id}}}:info", "sessions") or 0)


def test_a_server_that_is_restarted(tmp_path: Path, start_worker: Callable[..., WorkerProcess]) -> None:
    folder = tmp_path / "place"
    folder.mkdir()
    server = Server(0, ["--appendonly", "yes", "--appendfsync", "always"])
    server.start()
    try:
        place = Place(server, folder, start_worker)
        script = place.script(STORY)
        place.reached("middle")
        os.kill(server.pid, signal.SIGKILL)
        place.let_on("middle")
        server.start()
        assert len(ended(script).splitlines()) == 10
        once_each(place)
    finally:
        server.stop()


def test_connections_that_break_again_and_again(calm: Place) -> None:
    script = calm.script(STORY.replace("i < 8", "i < 60").replace("i === 4", "i === 50"))
    with redis.Redis.from_url(calm.url) as client:
        killed = 0
        while "at middle" not in calm.done:
            killed += client.execute_command("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes")
            time.sleep(0.3)
    calm.let_on("middle")
    out = ended(script)
    print(f"{killed} connections were broken")
    assert killed > 0
    assert out.splitlines()[-1] == json.dumps(["sum", expected(60)], separators=(",", ":"))
    counted = Counter(calm.done)
    assert {name: count for name, count in counted.items() if name.isdigit() and count != 1} == {}
    assert counted["rows 2"] == 60


def expected(count: int) -> int:
    """What the story sums up to."""
    return sum(i * i + sum(range(i + 1)) + 2 for i in range(count))


def test_another_script_is_told_where_it_differs(calm: Place) -> None:
    calm.run("say(await steps.step(1), await steps.step(2))")
    done = calm.done
    error = ended(calm.script("say(await steps.step(1), await steps.step(3))"), 1)
    assert "DurableError: program 2 of the durable session nightly differs" in error
    assert "$.ops[0][3][0]" in error
    assert "polyloom runs forget nightly" in error
    assert calm.done == done


def test_two_clients_of_one_name(calm: Place) -> None:
    first = calm.script("say(await steps.gate('middle'))")
    calm.reached("middle")
    error = ended(calm.script("say(await steps.step(1))"), 1)
    assert "another client has the durable session nightly" in error
    calm.let_on("middle")
    assert ended(first) == '["middle"]\n'
    assert calm.done == ["at middle"]


def test_a_step_that_runs_once(place: Place) -> None:
    body = """
    say(await once(steps.step(5)))
    try { say(await once(steps.gate('middle'))) } catch (error) { say(error.code) }
    say(await steps.step(6))
    """
    script = place.script(body)
    place.reached("middle")
    os.kill(place.owner().pid, signal.SIGKILL)
    place.let_on("middle")
    assert ended(script).splitlines() == ["[25]", '["OutcomeUnknown"]', "[36]"]
    assert place.done == ["5", "at middle", "6"]


def test_effects_on_live_objects_are_repeated_unless_they_run_once(place: Place) -> None:
    body = """
    const account = steps.Account()
    await once(account.add(1))
    await account.add(10)
    say(await steps.gate('middle'), await account.balance)
    """
    script = place.script(body)
    place.reached("middle")
    os.kill(place.owner().pid, signal.SIGKILL)
    place.let_on("middle")
    assert ended(script) == '["middle",10]\n', "the object was made anew, without the step that runs once"


def test_what_a_step_printed_is_printed_again(calm: Place) -> None:
    body = "await steps.speak('hello'); say(await steps.speak('bye'))"
    first = calm.run(body)
    assert first == "hello was said\nbye was said\n[null]\n"
    assert calm.run(body) == first
    assert calm.done == ["hello", "bye"]


def test_a_program_that_cannot_be_recorded_ends_its_session(calm: Place) -> None:
    client = RedisClient(calm.url, calm.workers[0].id)
    client.hello()
    for key in ("once", "released"):
        client.send(t="open", session=f"session-{key}", durable={"name": "raw"}, next=1)
        assert client.expect("opened", "closed")["t"] == "opened"
        client.send(t="program", session=f"session-{key}", n=1, ops=[["operator", 1, "+", 1, 2], ["pull", "auto", 1]], **{key: 7})
        body = client.expect("closed", "reply")
        assert (body["t"], body["session"], body["error"][1]["code"]) == ("closed", f"session-{key}", "BadFrame")
        assert key in body["error"][1]["message"]
    client.close()
    with redis.Redis.from_url(calm.url) as server:
        assert Runs(server, Keys()).find("raw").recorded == 0


def test_functions_are_refused(calm: Place) -> None:
    error = ended(calm.script("await session.$py('builtins').map((x) => x, [1])"), 1)
    assert "a durable session takes no functions" in error
    assert "$.args[0]" in error


def test_waits_go_on_where_they_were(calm: Place) -> None:
    body = """
    const from = session.now()
    const slept = session.sleep(600).then(() => say('slept', session.now() - from >= 600))
    say(await steps.step(1))
    await Promise.all([slept, steps.gate('middle')])
    say(await steps.step(2))
    """
    script = calm.script("await session.ready\n" + body)
    calm.reached("middle")
    assert script.stdout is not None
    before = [script.stdout.readline() for _ in range(2)]
    script.kill()
    script.communicate()
    calm.let_on("middle")
    out = ended(calm.script("await session.ready\n" + body))
    assert sorted(before) == ['["slept",true]\n', "[1]\n"]
    assert out == "".join(before) + "[4]\n"
    assert calm.done == ["1", "at middle", "2"]


def test_a_log_that_is_forgotten_ends_its_script(calm: Place) -> None:
    script = calm.script("say(await steps.step(1)); say(await steps.gate('middle')); say(await steps.step(2))")
    calm.reached("middle")
    with redis.Redis.from_url(calm.url) as client:
        Runs(client, Keys()).forget("nightly", force=True)
    calm.let_on("middle")
    assert "was forgotten while its script ran" in ended(script, 1)
    assert calm.run("say(await steps.step(3))") == "[9]\n"


def polyloom_in(place: Place, *arguments: str, status: int = 0, **environ: str) -> str:
    """Run the command line in the folder of a place; return what it printed, its errors where it fails."""
    environment = clean_environment(PYTHONPATH=str(place.folder), **environ)
    command = [sys.executable, "-m", "polyloom", *arguments]
    ran = subprocess.run(command, capture_output=True, text=True, cwd=place.folder, env=environment, timeout=LONG)
    assert ran.returncode == status, ran.stdout + ran.stderr
    return ran.stdout if status == 0 else ran.stderr


LISP = """
(py.import "steps")
(print "chance" (random) (rand-int 1000) (shuffle (range 9)) (now))
(def sum (atom 0))
(doseq [i (range 4)]
  (swap! sum + (await (steps.step i)))
  (sleep 0.02)
  (print i (now)))
(print "gate" (await (steps.gate "middle")) (await (once (steps.step 8))))
(print (try (timeout 30 (await (steps.step 9))) (catch e "late")))
(print (try (timeout 0.05 (sleep 30)) (catch e "late")))
@sum
"""


@pytest.mark.parametrize("where", ["fleet", "folder"])
def test_a_lisp_run_that_is_killed(place: Place, where: str) -> None:
    (place.folder / "story.lisp").write_text(LISP)
    url = ["--url", place.url] if where == "fleet" else []
    command = [sys.executable, "-m", "polyloom", "run", "story.lisp", "--run", "lisp/1", *url]
    environment = clean_environment(PYTHONPATH=str(place.folder))
    script = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=place.folder, env=environment)
    place.reached("middle")
    script.kill()
    before = (script.communicate()[0]).splitlines()
    assert len(before) == 5
    place.let_on("middle")
    after = polyloom_in(place, "run", "story.lisp", "--run", "lisp/1", *url)
    assert after.splitlines()[:5] == before
    assert after.splitlines()[5:] == ["gate middle 64", "81", "late", "14"]
    assert [one for one in place.done if one != "at middle"] == ["0", "1", "2", "3", "8", "9"]
    assert polyloom_in(place, "run", "story.lisp", "--run", "lisp/1", *url) == after


def test_runs_are_listed_resumed_and_forgotten(calm: Place) -> None:
    (calm.folder / "fails.lisp").write_text('(py.import "steps") (print (await (steps.step 1))) (await (steps.fragile "ok"))')
    url = "--url", calm.url
    assert "FileNotFoundError" in polyloom_in(calm, "run", "fails.lisp", *url, "--run", "fails", "--", "a", "b c", status=1)
    listed = json.loads(polyloom_in(calm, "runs", *url, "--json"))
    assert [(run["name"], run["state"], run["recorded"], run["args"]) for run in listed] == [
        ("fails", "failed", 2, '["a","b c"]')
    ]
    assert "fails.lisp a 'b c'" in polyloom_in(calm, "runs", *url, COLUMNS="200")
    assert "FileNotFoundError" in polyloom_in(calm, "run", "fails.lisp", *url, "--run", "fails", status=1), "it is recorded"
    assert "call step(1)" in polyloom_in(calm, "runs", *url, "show", "fails", COLUMNS="200")
    (calm.folder / "ok").write_text("now there")
    assert polyloom_in(calm, "runs", *url, "resume", "fails").splitlines() == ["1", '"now there"']
    assert calm.done == ["1"]
    assert json.loads(polyloom_in(calm, "runs", *url, "--json"))[0]["state"] == "done"
    size = json.loads(polyloom_in(calm, "runs", *url, "--json"))[0]["octets"]
    assert f"1 run, {size / 1024:.1f} KiB" in polyloom_in(calm, "runs", *url, COLUMNS="200")
    assert "say which runs to forget" in polyloom_in(calm, "runs", *url, "forget", status=2)
    assert "say which runs to forget" in polyloom_in(calm, "runs", *url, "forget", "fails", "--done", status=2)
    assert polyloom_in(calm, "runs", *url, "forget", "--done", "--older", "1") == "forgot 0 runs, 0.0 KiB\n"
    assert polyloom_in(calm, "runs", *url, "forget", "--done") == f"forgot 1 run, {size / 1024:.1f} KiB\n"
    assert json.loads(polyloom_in(calm, "runs", *url, "--json")) == []
    assert "no run 'fails' is recorded" in polyloom_in(calm, "runs", *url, "resume", "fails", status=1)


def test_a_run_needs_a_fleet(calm: Place) -> None:
    (calm.folder / "empty.lisp").write_text("1")
    assert "records nothing" in polyloom_in(calm, "run", "empty.lisp", "--run", "a", "--url", "stdio:", status=2)
    assert "a name has letters" in polyloom_in(calm, "run", "empty.lisp", "--run", "a b", status=2)
    assert "no runs are recorded" in polyloom_in(calm, "runs", status=2)
    assert polyloom_in(calm, "run", "empty.lisp", "--run", "a") == "1\n"
    assert "interrupted" in polyloom_in(calm, "runs") or "done" in polyloom_in(calm, "runs")


def test_the_nightly_example(calm: Place) -> None:
    example = str(ROOT / "examples" / "nightly.lisp")
    first = polyloom_in(calm, "run", example, "--run", "nightly", "--url", calm.url)
    assert first.splitlines()[5] == "took true a second or more"
    assert polyloom_in(calm, "run", example, "--run", "nightly", "--url", calm.url) == first
    assert len(polyloom_in(calm, "run", example, "--url", "stdio:").splitlines()) == 7


def test_a_wait_ends_with_its_session(calm: Place) -> None:
    body = """
    await session.ready
    const slept = session.sleep(60_000).catch((error) => say(error.code))
    await steps.step(1)
    session.close()
    await slept
    try { await session.sleep(1) } catch (error) { say(error.code) }
    """
    assert calm.run(body) == '["SessionClosed"]\n["SessionClosed"]\n'


DOOR = """
await within(steps.Door(), async () => {
  await steps.step(1)
  while (!(await steps.may('middle'))) await session.sleep(50)
})
say('left')
"""


def test_contexts_of_a_run_whose_client_has_gone_are_left_when_its_worker_ends(place: Place) -> None:
    script = place.script(DOOR)
    until(lambda: "1" in place.done, "the context is entered")
    script.kill()
    owner = place.owner()
    until(lambda: "is gone; freeing its objects" in owner.log.read_text(), "the objects wait for another client")
    assert owner.stop() == 0
    assert place.done == ["entered", "1", "left WorkerLost"]
    place.let_on("middle")
    assert place.run(DOOR) == '["left"]\n'
    assert place.done[3:] == ["entered", "left None"]
    ended(script, -signal.SIGKILL)


def test_contexts_of_a_run_are_left_before_another_worker_enters_them(place: Place) -> None:
    script = place.script(DOOR)
    until(lambda: "1" in place.done, "the context is entered")
    assert place.owner().stop() == 0
    until(lambda: place.done.count("entered") == 2, "another worker has made it anew")
    place.let_on("middle")
    assert ended(script) == '["left"]\n'
    assert place.done == ["entered", "1", "left WorkerLost", "entered", "left None"]


def peak(worker: WorkerProcess) -> int:
    """Return the most memory that a worker has had, in bytes."""
    status = Path(f"/proc/{worker.pid}/status").read_text()
    return 1024 * int(next(line for line in status.splitlines() if line.startswith("VmHWM")).split()[1])


def test_a_log_larger_than_the_memory_for_it_is_taken_over(place: Place) -> None:
    one, other = place.workers
    size, count = 2_000_000, 80
    client = RedisClient(place.url, one.id)
    client.hello()
    session = client.open(durable={"name": "large"}, next=1)
    assert client.expect("opened", "closed")["t"] == "opened"
    client.run(session, ["import", 1, "builtins"], ["call", 2, ["ref", 1, "list"], []])
    for slot in range(3, 3 + count):
        ops = ["call", slot, ["ref", 1, "bytes"], [size]], ["call", -slot % 1000 + 1000, ["ref", 2, "append"], [slot]]
        client.run(session, *ops, ["pull", "auto", slot], released=[slot])
        client.send(t="ack", ack=client.last)
    client.send(t="close", session=session)
    client.expect("closed")
    client.close()
    before = peak(other)
    client = RedisClient(place.url, other.id)
    client.hello()
    session = client.open(durable={"name": "large"}, next=count + 2)
    assert client.expect("opened", "closed")["recorded"] == count + 1
    client.numbers[session] = count + 1
    assert client.run(session, ["pull", "auto", 2]) == [[[*range(3, 3 + count)]]]
    grown = peak(other) - before
    print(f"a log of {size * count / 2**20:.0f} MiB was taken over with {grown / 2**20:.0f} MiB of memory")
    assert grown < size * count / 3
    client.close()


def test_ops_of_the_wrong_shape_are_answered_recorded_and_no_harm_to_the_session(place: Place) -> None:
    wrong = [
        5,
        [],
        ["pull"],
        ["pull", "sideways", 2],
        ["pull", "auto", [2]],
        ["call", 7, ["ref"], 5],
        ["map", 8],
        [[], 9],
        ["exit", 6, {}],
    ]
    for n, worker in enumerate(place.workers):
        client = RedisClient(place.url, worker.id)
        client.hello()
        session = client.open(durable={"name": "crooked"}, next=4 * n + 1)
        assert client.expect("opened", "closed")["recorded"] == 4 * n
        client.numbers[session] = 4 * n
        client.run(session, ["import", 10 * n + 1, "builtins"], *([] if n else [["call", 2, ["ref", 1, "list"], []]]))
        reply = client.reply(session, client.post(session, *wrong))
        assert {error[1]["code"] for _, error in reply["failed"]} == {"BadOp"}
        assert [error[1]["code"] for error in reply["results"]] == ["UnknownSlot"]
        client.run(session, ["call", 10 * n + 3, ["ref", 2, "append"], [n]], released=[10 * n + 3])
        assert client.run(session, ["pull", "auto", 2]) == [[[*range(n + 1)]]]
        client.send(t="close", session=session)
        client.expect("closed")
        client.close()


@pytest.mark.parametrize("end", ["", "await loom.close(); process.exitCode = 0; //"], ids=["finished", "closed"])
def test_a_sleep_that_lost_its_race_does_not_keep_the_process(calm: Place, end: str) -> None:
    body = f"""
await Promise.race([session.sleep(3_600_000), session.sleep(20)])
const slow = session.sleep(3_600_000).catch((error) => error.code)
say(await steps.step(1))
{end} await session.finish('done')
say(await slow)
"""
    assert calm.run(body, run=f"sleeper-{bool(end)}") == '[1]\n["SessionClosed"]\n'
