"""Contexts (§5.9): entered and left by ops or by the end of the session, each once."""

from __future__ import annotations

import asyncio
import contextlib
import sqlite3
import sys
import threading
import time
import weakref

import pytest

from polyloom.errors import Gone
from polyloom.executor import apply
from polyloom.js import JSError
from polyloom.limits import Limits
from polyloom.policy import AllowList, Policy
from polyloom.table import Table
from polyloom_workers.loop import Loop


class Door:
    """A manager that writes down what happens to it."""

    def __init__(self, log, name="door", answer=False, raises=None):
        self.log, self.name, self.answer, self.raises = log, name, answer, raises

    def __enter__(self):
        self.log.append(f"enter {self.name}")
        return self

    def __exit__(self, kind, error, trace):
        self.log.append((self.name, kind, error))
        self.seen = sys.exception()
        if self.raises:
            raise self.raises
        return self.answer


class AsyncDoor(Door):
    """The same for `async with`; each step takes a turn of the loop."""

    __enter__ = __exit__ = None

    async def __aenter__(self):
        self.task = asyncio.current_task()
        await asyncio.sleep(0)
        return Door.__enter__(self)

    async def __aexit__(self, *error):
        await asyncio.sleep(0)
        self.same = self.task is asyncio.current_task()
        return Door.__exit__(self, *error)


class Bench:
    """A session's table, and what a client says of it."""

    def __init__(self, policy=None, limits=None, loop=False):
        self.table = Table(limits or Limits())
        self.policy = policy or Policy()
        if loop:
            self.table.spawn = Loop().spawn
        self.log = []

    def run(self, *ops, guarded=()):
        reply = apply(list(ops), self.table, self.policy, (), guarded)
        reply.complete()
        return reply.results

    def enter(self, slot, manager):
        self.table.put(slot + 1000, manager)
        return self.run(["enter", slot, ["ref", slot + 1000]], ["pull", "keep", slot])[0]

    def exit(self, slot, error=None, into=500):
        self.table.release(into)
        return self.run(["exit", into, slot, error], ["pull", "auto", into])[0]


@pytest.fixture(params=["with", "async with"])
def kind(request):
    return request.param


@pytest.fixture
def bench(kind):
    return Bench(loop=kind == "async with")


@pytest.fixture
def door(kind):
    return Door if kind == "with" else AsyncDoor


ERROR = {"name": "TypeError", "message": "no", "stack": "TypeError: no\n  at here", "thrown": None}


def test_enter_fills_its_slot_with_what_the_manager_gives(bench, door):
    made = door(bench.log)
    bench.enter(1, made)
    assert bench.table.get(1) is made
    assert bench.log == ["enter door"]


def test_exit_without_an_error_gets_nothing_and_suppresses_nothing(bench, door):
    bench.enter(1, door(bench.log, answer=True))
    assert bench.exit(1) is False
    assert bench.log[1:] == [("door", None, None)]


def test_exit_gets_an_error_of_the_client_as_the_exception_being_handled(bench, door):
    made = door(bench.log)
    bench.enter(1, made)
    assert bench.exit(1, ERROR) is False
    (_, kind, error) = bench.log[1]
    assert kind is JSError
    assert str(error) == "TypeError: no"
    assert made.seen is error
    assert error.__traceback__ is None
    assert error.__context__ is None


def test_truthy_answer_says_that_the_error_is_dealt_with(bench, door):
    bench.enter(1, door(bench.log, answer=[0]))
    assert bench.exit(1, ERROR) is True


def test_async_manager_is_left_by_the_task_that_entered_it():
    bench = Bench(loop=True)
    made = AsyncDoor(bench.log)
    bench.enter(1, made)
    bench.exit(1)
    assert made.same


def test_second_exit_is_refused_and_runs_nothing(bench, door):
    bench.enter(1, door(bench.log))
    bench.exit(1)
    tag, error = bench.exit(1)
    assert (tag, error["code"]) == ("error", "UnknownSlot")
    assert len(bench.log) == 2


def test_exit_of_a_slot_that_was_no_enter_is_refused(bench):
    assert bench.exit(7)[1]["code"] == "UnknownSlot"
    assert bench.exit("7")[1]["code"] == "BadOp"
    bench.table.put(8, 8)
    assert bench.exit(8)[1]["code"] == "UnknownSlot"


def test_enter_needs_a_slot_and_a_manager(bench):
    bench.table.put(2, 5)
    failed = apply([["enter", 0, ["ref", 2]]], bench.table, bench.policy).failed
    assert failed[0][1][1]["code"] == "BadOp"
    (result,) = bench.run(["enter", 1, ["ref", 2]], ["pull", "auto", 1])
    assert (result[1]["type"], "'int'" in result[1]["message"]) == ("TypeError", True)
    assert len(bench.table.entered) == 0


def test_methods_are_those_of_the_type_not_of_the_object(bench, door):
    made = door(bench.log)
    made.__exit__ = made.__aexit__ = None
    bench.enter(1, made)
    assert bench.exit(1) is False


def test_enter_that_fails_is_never_left(bench, door):
    class Stuck(door):
        def __enter__(self):
            raise StopIteration("stuck")

        async def __aenter__(self):
            raise KeyError("stuck")

    (failed,) = bench.run(["enter", 1, ["ref", 9]], ["pull", "auto", 1])  # the slot of the manager failed
    assert failed[1]["code"] == "UnknownSlot"
    result = bench.enter(2, Stuck(bench.log))
    assert result[1]["type"] in ("StopIteration", "KeyError")
    again = bench.exit(2, ERROR)
    assert again[1] == result[1]
    assert bench.log == []
    assert len(bench.table.entered) == 0


def test_async_manager_without_a_loop_is_refused():
    bench = Bench()

    class Only:
        async def __aenter__(self):
            return self

        async def __aexit__(self, *error):
            return None

    assert "it is an asynchronous one" in bench.enter(1, Only())[1]["message"]
    (refused,) = bench.run(["enter", 2, ["ref", 1001], True], ["pull", "auto", 2])
    assert "no event loop" in refused[1]["message"]


def test_kind_of_a_manager_with_both_is_the_one_that_is_asked_for():
    bench = Bench(loop=True)
    ways = []

    class Both(contextlib.nullcontext):
        def __enter__(self):
            ways.append("with")

        async def __aenter__(self):
            ways.append("async with")

    bench.table.put(9, Both())
    for slot, asked in enumerate(([], [True], [False], [None]), 1):
        bench.run(["enter", slot, ["ref", 9], *asked], ["pull", "auto", slot])
    assert ways == ["async with", "async with", "with", "async with"]
    assert bench.run(["enter", 7, ["ref", 9], 1], ["pull", "auto", 7])[0][1]["code"] == "BadOp"


def test_release_of_the_slot_leaves_the_context_open(bench, door):
    bench.enter(1, door(bench.log))
    bench.run(["release", 1])
    assert bench.log == ["enter door"]
    assert bench.exit(1) is False


def test_exception_of_an_op_is_given_as_itself_without_its_frames(bench, door):
    class Local:
        pass

    alive = weakref.WeakSet()

    def failing():
        one = Local()
        alive.add(one)
        try:
            raise ValueError("first")
        except ValueError as error:
            raise KeyError("k") from error

    bench.enter(1, door(bench.log))
    bench.table.put(2, failing)
    (result,) = bench.run(["call", 3, ["ref", 2], []], ["call", 4, ["ref", 3], []], ["pull", "auto", 4])
    assert result[1]["cause"]["type"] == "ValueError"
    assert len(alive) == 0
    bench.exit(1, {**ERROR, "slot": 4})  # which failed since 3 did
    (_, kind, error) = bench.log[1]
    assert (kind, error.args, type(error.__cause__)) == (KeyError, ("k",), ValueError)


def test_exception_of_a_released_slot_is_an_error_of_the_client(bench, door):
    bench.enter(1, door(bench.log))
    bench.run(["import", 3, "nonesuch_"], ["release", 3])
    bench.exit(1, {**ERROR, "slot": 3})
    assert bench.log[1][1] is JSError


def test_suppress_sees_the_true_type():
    bench = Bench()
    bench.table.put(2, {})
    bench.enter(1, contextlib.suppress(KeyError))
    bench.run(["getitem", 3, ["ref", 2], "k"])
    assert bench.exit(1, {**ERROR, "slot": 3}) is True
    bench.enter(4, contextlib.suppress(IndexError))
    assert bench.exit(4, {**ERROR, "slot": 3}) is False


def test_what_exit_raises_is_its_failure_with_the_error_as_context(bench, door):
    bench.enter(1, door(bench.log, raises=RuntimeError("in exit")))
    tag, error = bench.exit(1, ERROR)
    assert (tag, error["type"], error["message"]) == ("error", "RuntimeError", "in exit")
    assert error["context"]["type"] == "polyloom.js.JSError"
    assert error["op"].startswith("exit ")
    assert len(bench.table.entered) == 0


def test_exit_that_raises_the_same_exception_lets_it_pass(bench, door):
    class Again(door):
        def __exit__(self, kind, error, trace):
            raise error

        async def __aexit__(self, kind, error, trace):
            raise error

    bench.enter(1, Again(bench.log))
    assert bench.exit(1, ERROR) is False


def test_generator_that_lets_an_error_pass_does(bench):
    @contextlib.contextmanager
    def made():
        try:
            yield 5
        finally:
            bench.log.append("finally")

    bench.enter(1, made())
    assert bench.table.get(1) == 5
    assert bench.exit(1, ERROR) is False
    assert bench.log == ["finally"]


def test_error_of_the_wrong_shape_leaves_the_context_open(bench, door):
    bench.enter(1, door(bench.log))
    assert bench.exit(1, "no")[1]["code"] == "BadOp"
    assert bench.exit(1) is False


def test_end_leaves_what_is_open_in_reverse_order_once(bench, door):
    for slot, name in enumerate("abc", 1):
        bench.enter(slot, door(bench.log, name, answer=name == "c", raises=OSError("b") if name == "b" else None))
    bench.exit(3)
    bench.enter(4, door(bench.log, "d", answer=True))
    bench.table.entered.gone = Gone("the client has gone", code="SessionClosed")
    bench.table.clear()
    bench.table.clear()
    left = [one for one in bench.log if type(one) is tuple]
    assert [name for name, _, _ in left] == ["c", "d", "b", "a"]
    assert [str(error) for _, _, error in left[1:]] == ["the client has gone"] * 3
    assert all(kind is Gone for _, kind, _ in left[1:])


def test_end_rolls_back_a_transaction():
    bench = Bench()
    base = sqlite3.connect(":memory:", check_same_thread=False)
    base.execute("create table t (x)")
    bench.enter(1, base)
    base.execute("insert into t values (1)")
    bench.table.clear()
    assert base.execute("select count(*) from t").fetchone() == (0,)


def test_end_gives_up_an_async_enter_that_has_not_ended():
    bench = Bench(loop=True)
    began, ended = threading.Event(), []

    class Slow(AsyncDoor):
        async def __aenter__(self):
            began.set()
            try:
                await asyncio.Event().wait()
            finally:
                ended.append("given up")

    bench.table.put(9, Slow(bench.log))
    apply([["enter", 1, ["ref", 9]]], bench.table, bench.policy)
    began.wait()
    bench.table.clear()
    assert ended == ["given up"]
    assert bench.log == []


def test_end_waits_for_an_exit_that_is_on_its_way():
    bench = Bench(loop=True)
    going = threading.Event()

    class Slow(AsyncDoor):
        async def __aexit__(self, *error):
            going.set()
            for _ in range(100):
                await asyncio.sleep(0)
            self.log.append("left")

    bench.enter(1, Slow(bench.log))
    apply([["exit", 2, 1]], bench.table, bench.policy)
    going.wait()
    bench.table.clear()
    assert bench.log == ["enter door", "left"]


def test_cancelled_enter_that_succeeds_all_the_same_is_left():
    bench = Bench(loop=True)
    began = threading.Event()

    class Stubborn(AsyncDoor):
        async def __aenter__(self):
            self.task = asyncio.current_task()
            began.set()
            with contextlib.suppress(asyncio.CancelledError):
                await asyncio.Event().wait()
            return Door.__enter__(self)

    bench.table.put(9, Stubborn(bench.log))
    apply([["enter", 1, ["ref", 9]]], bench.table, bench.policy, (), [1])
    began.wait()
    bench.table.cancel(1)
    (entered,) = bench.run(["pull", "auto", 1])
    assert entered[1]["code"] == "Cancelled"
    assert bench.exit(1) is False
    assert bench.log == ["enter door", ("door", None, None)]


def test_manager_that_cancels_its_task_is_left_as_cancelled():
    bench = Bench(loop=True)

    async def made():
        return asyncio.timeout(0)

    timeout = bench.table.spawn(made()).result()
    bench.enter(1, timeout)
    while not timeout.expired():
        time.sleep(0)
    result = bench.exit(1)
    assert result[1]["type"] == "TimeoutError"


def test_interrupt_leaves_no_context_half_entered():
    for _ in range(100):
        bench = Bench()
        cancel = threading.Thread(target=bench.table.cancel, args=(1,))

        class Slow(Door):
            def __enter__(self):
                cancel.start()  # noqa: B023 - of this turn
                return Door.__enter__(self)

        bench.table.put(9, Slow(bench.log))
        bench.run(["enter", 1, ["ref", 9]], guarded=[1])
        cancel.join()
        entered = len(bench.table.entered)
        bench.exit(1, into=2)
        assert len([one for one in bench.log if type(one) is tuple]) == entered


def test_exit_is_not_interrupted(bench, door):
    class Slow(door):
        def __exit__(self, *error):
            bench.table.cancel(500)
            self.log.append("whole")

        async def __aexit__(self, *error):
            bench.table.cancel(500)
            self.log.append("whole")

    bench.enter(1, Slow(bench.log))
    bench.run(["exit", 500, 1], ["pull", "auto", 500], guarded=[500])
    assert bench.log == ["enter door", "whole"]


def test_contexts_have_no_place_in_bodies(bench, door):
    bench.table.put(9, [door(bench.log)])
    body = [["enter", 3, ["ref", 2]]]
    (result,) = bench.run(["map", 1, ["ref", 9], 2, body, ["ref", 3]], ["pull", "auto", 1])
    assert result[1]["code"] == "BadOp"
    assert bench.log == []


def test_contexts_count_against_the_slots_of_a_session(door, kind):
    bench = Bench(limits=Limits(session_slots=2), loop=kind == "async with")
    bench.table.put(9, door(bench.log))
    for slot in (1, 2, 3):
        bench.run(["enter", slot, ["ref", 9]], ["pull", "keep", slot], ["release", slot])
    assert len(bench.table.entered) == 2
    bench.table.clear()


def test_narrow_policy_lets_contexts_be_used(kind, door):
    bench = Bench(AllowList(("json",)), loop=kind == "async with")
    bench.enter(1, door(bench.log))
    assert bench.exit(1, ERROR) is False


def test_exception_at_work_around_a_program_stays_whole():
    bench = Bench()

    def failing():
        raise KeyError("inner")

    bench.table.put(2, failing)
    outer = ValueError("outer")
    with contextlib.suppress(ValueError):
        try:
            raise outer
        finally:
            bench.run(["call", 3, ["ref", 2], []])
    assert outer.__traceback__ is not None
    assert bench.table.objects[3].exception.__context__ is None
