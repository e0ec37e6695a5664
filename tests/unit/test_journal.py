"""The log of a durable session in a real server (§15.2, §15.3): one owner, and nothing from those before."""

from __future__ import annotations

import secrets

import pytest
import redis

from polyloom.errors import Gone, SignatureError, UnknownName, UsageError
from polyloom.journal import Journal, Outcome, Pages, Recorded, Runs
from polyloom.keys import Keys


@pytest.fixture
def keys() -> Keys:
    return Keys(f"test-{secrets.token_hex(4)}:")


@pytest.fixture
def open_as(database: redis.Redis, keys: Keys):
    """Open the log as a worker that lives."""

    def open_(worker: str) -> Journal:
        database.set(keys.worker_lease(worker), 1)
        return Journal(database, keys, "nightly", worker)

    return open_


def step(n: int, result: object = None, **program: object) -> Recorded:
    return Recorded(n, {"ops": [["import", n, "math"]], **program}, {"results": [result]}, [b"sent \0"], [b"answered"])


def test_the_first_owner_draws_a_seed_that_stays(open_as, database: redis.Redis, keys: Keys) -> None:
    first = open_as("one").claim({"script": "a.lisp"})
    assert (first.worker, first.epoch, first.recorded) == ("one", 1, 0)
    database.delete(keys.worker_lease("one"))
    second = open_as("two").claim({})
    assert (second.epoch, second.seed, second.started) == (2, first.seed, first.started)
    assert len(first.seed) == 16


def test_what_is_recorded_is_read_as_it_was(open_as) -> None:
    journal = open_as("one")
    journal.claim({})
    times = [journal.record(step(n, n * 10)) for n in (1, 2, 3)]
    found = list(journal.read())
    assert [(one.n, one.program, one.reply, one.sent, one.answered) for one in found] == [
        (n, {"ops": [["import", n, "math"]]}, {"results": [n * 10]}, [b"sent \0"], [b"answered"]) for n in (1, 2, 3)
    ]
    assert [one.at for one in found] == times
    assert [one.n for one in journal.page(2, 1)] == [2]
    assert [one.n for one in journal.read(after=1)] == [2, 3]


def test_recording_twice_changes_nothing(open_as) -> None:
    journal = open_as("one")
    journal.claim({})
    assert journal.record(step(1, "first")) == journal.record(step(1, "second"))
    assert [one.reply for one in journal.read()] == [{"results": ["first"]}]


def test_a_live_owner_is_not_replaced(open_as) -> None:
    open_as("one").claim({})
    with pytest.raises(Gone, match="has moved to the worker one") as found:
        open_as("two").claim({})
    assert found.value.code == "Moved"


def test_an_owner_that_was_replaced_writes_nothing(open_as, database: redis.Redis, keys: Keys) -> None:
    first, second = open_as("one"), open_as("two")
    first.claim({})
    first.record(step(1))
    database.delete(keys.worker_lease("one"))
    assert second.claim({}).recorded == 1
    for write in (lambda: first.record(step(2, "late")), lambda: first.begin(7), lambda: first.end(7, Outcome(True, 1))):
        with pytest.raises(Gone, match="has moved to the worker two"):
            write()
    assert not first.release("done")
    second.record(step(2, "right"))
    assert [one.reply["results"] for one in second.read()] == [[None], ["right"]]
    assert second.outcomes() == {}


def test_of_two_that_come_at_once_one_wins(open_as, database: redis.Redis, keys: Keys) -> None:
    first = open_as("one")
    first.claim({})
    database.delete(keys.worker_lease("one"))
    second, third = open_as("two"), open_as("three")
    seen = third.seen()
    second.claim({})
    third.seen = lambda: seen  # what it saw before the other one was faster
    with pytest.raises(Gone, match="has moved to the worker two"):
        third.claim({})


def test_steps_that_run_once(open_as) -> None:
    journal = open_as("one")
    journal.claim({})
    assert journal.begin(7) is None
    assert journal.begin(7) == Outcome()
    journal.end(7, Outcome(True, None, [b"x"]))
    assert journal.begin(7) == journal.outcomes()[7] == Outcome(True, None, [b"x"])


def test_a_log_that_was_let_go_is_free_at_once(open_as) -> None:
    first = open_as("one")
    first.claim({})
    assert first.release("open", "[0]")
    assert open_as("two").claim({}).tail == "[0]"


def test_a_new_program_makes_what_was_taken_at_the_end_obsolete(open_as) -> None:
    first = open_as("one")
    first.claim({})
    first.release("done", "[0]")
    first.claim({})
    first.record(step(1))
    first.release("open")
    assert first.claim({}).tail == ""


def test_operators_see_what_became_of_runs(open_as, database: redis.Redis, keys: Keys) -> None:
    runs, journal = Runs(database, keys), open_as("one")
    assert runs.all() == []
    journal.claim({"script": "/a/b.lisp", "args": '["x"]', "folder": "/a"})
    journal.record(step(1))
    (run,) = runs.all()
    entry = database.xrange(keys.run_log("nightly"))[0][1]
    assert run.octets == len(entry[b"p"]) + len(entry[b"r"])
    assert (run.name, run.state, run.recorded, run.worker, run.script, run.args) == (
        "nightly",
        "open",
        1,
        "one",
        "/a/b.lisp",
        '["x"]',
    )
    database.delete(keys.worker_lease("one"))
    assert runs.find("nightly").state == "interrupted"
    database.set(keys.worker_lease("one"), 1)
    with pytest.raises(UsageError, match="is at work"):
        runs.forget("nightly")
    journal.release("done")
    assert runs.find("nightly").state == "done"
    runs.forget("nightly")
    with pytest.raises(UnknownName, match="no run 'nightly'"):
        runs.find("nightly")
    assert list(database.scan_iter(f"{keys.prefix}*{{r:*")) == []


def test_the_last_step_of_a_failed_run_is_tried_again(open_as, database: redis.Redis, keys: Keys) -> None:
    runs, journal = Runs(database, keys), open_as("one")
    journal.claim({})
    journal.record(step(1, "fine"))
    journal.begin(9)
    journal.end(9, Outcome(True, ["error", {}]))
    journal.record(step(2, ["error", {"message": "no"}], once=[9]))
    assert not runs.retry("nightly"), "it has not ended"
    journal.release("failed")
    assert runs.retry("nightly")
    assert journal.claim({}).recorded == 1
    assert [one.n for one in journal.read()] == [1]
    assert journal.outcomes() == {}
    journal.record(step(2, "fine"))
    journal.release("failed")
    assert not runs.retry("nightly"), "its last step is not what failed"


# A worker with a secret (§16.7)

SECRET = "0123456789abcdef"


def sealed(database: redis.Redis, keys: Keys, worker: str, secret: str = SECRET, name: str = "nightly") -> Journal:
    """Open a log as a worker with a secret, and own it."""
    database.set(keys.worker_lease(worker), 1)
    journal = Journal(database, keys, name, worker, secret)
    journal.claim({})
    return journal


def written(database: redis.Redis, keys: Keys) -> Journal:
    """A signed log of two programs and the outcome of a step that runs once."""
    journal = sealed(database, keys, "one")
    for n in (1, 2):
        journal.record(step(n, n * 10))
    assert journal.begin(7) is None
    journal.end(7, Outcome(True, 70))
    return journal


def test_signed_log_is_read_as_it_was_by_who_has_the_secret_and_who_has_none(database: redis.Redis, keys: Keys) -> None:
    journal = written(database, keys)
    for one in (journal, Journal(database, keys, "nightly", "")):
        assert [(entry.n, entry.reply, entry.answered) for entry in one.read()] == [
            (n, {"results": [n * 10]}, [b"answered"]) for n in (1, 2)
        ]
        assert one.outcomes() == {7: Outcome(True, 70, [])}
    assert journal.begin(7) == Outcome(True, 70, [])


@pytest.mark.parametrize("change", ["p", "r", "order", "cut", "empty", "other secret", "unsigned"])
def test_log_that_was_changed_or_not_signed_is_not_read(database: redis.Redis, keys: Keys, change: str) -> None:
    journal = written(database, keys)
    key = keys.run_log("nightly")
    (_, first), (_, second) = database.xrange(key)
    if change == "other secret":
        journal = Journal(database, keys, "nightly", "one", SECRET + "x")
    elif change == "order":
        first, second = second, first
    elif change == "unsigned":
        first[b"r"] = first[b"r"][:-64]
    elif change == "cut":
        first[b"r"] = first[b"r"][:-1]
    elif change == "empty":
        first[b"r"] = b""
    else:
        field = change.encode()
        first[field] = first[field].replace(b"math", b"maths").replace(b"10", b"11")
    database.delete(key)
    for n, fields in ((1, first), (2, second)):
        database.xadd(key, fields, id=f"{n}-0")
    with pytest.raises(SignatureError) as caught:
        list(journal.read())
    assert "polyloom runs forget nightly" in caught.value.hint
    with pytest.raises(SignatureError):
        journal.page(1, 1)


def test_outcome_of_another_step_or_name_or_of_nobody_is_not_believed(database: redis.Redis, keys: Keys) -> None:
    journal = written(database, keys)
    value = database.hget(keys.run_once("nightly"), "7")
    for slot, forged in ((8, value), (9, value[:-64]), (10, b"x")):
        database.hset(keys.run_once("nightly"), str(slot), forged)
        with pytest.raises(SignatureError):
            journal.begin(slot)
    other = sealed(database, keys, "two", name="weekly")
    database.hset(keys.run_once("weekly"), "7", value)
    for ask in (lambda: other.begin(7), other.outcomes):
        with pytest.raises(SignatureError):
            ask()


# Pieces, sizes


@pytest.mark.parametrize("kept", [0, 1 << 30], ids=["large", "small"])
def test_a_log_is_read_in_pieces_in_both_directions(open_as, monkeypatch: pytest.MonkeyPatch, kept: int) -> None:
    journal = open_as("one")
    journal.claim({})
    for n in range(1, 101):
        journal.record(step(n, "x" * 1000))
    monkeypatch.setattr("polyloom.journal.pages.KEPT", kept)
    monkeypatch.setattr("polyloom.journal.pages.PIECE", 3500)
    pieces: list[int] = []

    def read(action):  # type: ignore[no-untyped-def]
        found = action()
        pieces.append(len(found))
        return found

    log = Pages(journal, read)
    assert [one.n for one in log] == [*range(1, 101)]
    assert pieces[0] == 4
    assert set(pieces[1:-1]) == {3}, "as many as fit"
    assert [one.n for one in log] == [*range(1, 101)]
    assert [one.n for one in reversed(log)] == [*range(100, 0, -1)]
    assert log.at(42).n == 42
    assert [one.n for one in log.after(97)] == [98, 99, 100]
    assert (len(pieces) > 60) == (not kept), "a small one is read once"


def test_runs_are_chosen_by_their_end_and_their_age(open_as, database: redis.Redis, keys: Keys) -> None:
    runs = Runs(database, keys)
    for name, state, worker in (
        ("a", "done", "w"),
        ("b", "failed", "w"),
        ("c", "open", "w"),
        ("d", "open", "dead"),
        ("e", "done", "w"),
    ):
        Journal(database, keys, name, worker).claim({})
        database.hset(keys.run(name), "state", state)
    database.set(keys.worker_lease("w"), 1)
    for name in "bcde":
        database.hincrby(keys.run(name), "updated", -3 * 86_400_000)

    def chosen(**how: object) -> list[str]:
        return [run.name for run in runs.select(**how)]  # type: ignore[arg-type]  # of any kind

    assert chosen(done=True) == ["a", "e"]
    assert chosen(days=2) == ["b", "d", "e"]
    assert chosen(done=True, days=2) == ["e"]
    assert chosen(days=4) == []
