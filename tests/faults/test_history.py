"""The checker of histories knows right ones from wrong ones."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from history import (
    Counter,
    Operation,
    Register,
    Undecided,
    Whole,
    by,
    check,
    is_counted,
    is_linearizable,
    is_serial,
    operations,
    read,
)

INFINITE = float("inf")


def made(*rows):
    """Return operations from `(f, argument, type, value, begin, end)`, each of a process of its own."""
    return [
        Operation(f"p{at}", str(at), "x", f, argument, kind, value, begin, INFINITE if kind == "info" else end, end)
        for at, (f, argument, kind, value, begin, end) in enumerate(rows)
    ]


def add(value, begin, end, kind="ok"):
    return "add", None, kind, value, begin, end


RIGHT_COUNTERS = {
    "nothing": made(),
    "one after the other": made(add(1, 0, 1), add(2, 2, 3)),
    "side by side, the later one first": made(add(2, 0, 5), add(1, 1, 4)),
    "an unknown one that happened": made(add(None, 0, 1, "info"), add(2, 2, 3)),
    "an unknown one that did not": made(add(None, 0, 1, "info"), add(1, 2, 3)),
    "an unknown one that happened after its caller was told": made(add(None, 0, 1, "info"), add(1, 2, 3), add(3, 4, 5)),
    "one that was said not to be done, and was not": made(add(None, 0, 1, "fail"), add(1, 2, 3)),
}

WRONG_COUNTERS = {
    "a lost update": made(add(1, 0, 1), add(1, 2, 3)),
    "a repeated increment": made(add(1, 0, 1), add(3, 2, 3)),
    "a first one that is repeated": made(add(2, 0, 1)),
    "an effect of one that was said not to be done": made(add(None, 0, 1, "fail"), add(2, 2, 3)),
    "an effect before its call": made(add(2, 0, 1), add(None, 2, 3, "info")),
    "an order that nobody could have seen": made(add(2, 0, 1), add(1, 2, 3)),
    "two numbers for one unknown": made(add(None, 0, 1, "info"), add(3, 2, 3)),
    "a number that is none": made(add(0, 0, 1)),
}

RIGHT_REGISTERS = {
    "a read of what was written": made(("write", 1, "ok", None, 0, 1), ("read", None, "ok", 1, 2, 3)),
    "a read beside a write": made(
        ("write", 1, "ok", None, 0, 5), ("read", None, "ok", None, 1, 2), ("read", None, "ok", 1, 3, 4)
    ),
    "an unknown write that is seen late": made(
        ("write", 1, "info", None, 0, 1), ("read", None, "ok", None, 2, 3), ("read", None, "ok", 1, 4, 5)
    ),
    "a swap, and one that found another value": made(
        ("write", 1, "ok", None, 0, 1), ("cas", [1, 2], "ok", True, 2, 3), ("cas", [1, 3], "ok", False, 4, 5)
    ),
}

WRONG_REGISTERS = {
    "a stale read": made(("write", 1, "ok", None, 0, 1), ("write", 2, "ok", None, 2, 3), ("read", None, "ok", 1, 4, 5)),
    "a lost write": made(("write", 1, "ok", None, 0, 1), ("read", None, "ok", None, 2, 3)),
    "a read that goes back": made(
        ("write", 1, "ok", None, 0, 9), ("read", None, "ok", 1, 1, 2), ("read", None, "ok", None, 3, 4)
    ),
    "a write that was said not to be done": made(("write", 1, "fail", None, 0, 1), ("read", None, "ok", 1, 2, 3)),
    "a value that nobody wrote": made(("read", None, "ok", 5, 0, 1)),
    "a swap that is done twice": made(
        ("write", 1, "ok", None, 0, 1), ("cas", [1, 2], "ok", True, 2, 3), ("cas", [1, 2], "ok", True, 4, 5)
    ),
    "an unknown write that is done twice": made(
        ("write", 1, "info", None, 0, 1), ("read", None, "ok", 1, 2, 3), ("write", 2, "ok", None, 4, 5),
        ("read", None, "ok", 2, 6, 7), ("read", None, "ok", 1, 8, 9),
    ),
}  # fmt: skip


@pytest.mark.parametrize("history", RIGHT_COUNTERS.values(), ids=RIGHT_COUNTERS)
def test_right_counter_is_found_right(history):
    assert is_counted(history)
    assert is_linearizable(history, Counter())


@pytest.mark.parametrize("history", WRONG_COUNTERS.values(), ids=WRONG_COUNTERS)
def test_wrong_counter_is_caught(history):
    assert not is_counted(history)
    assert not is_linearizable(history, Counter())


@pytest.mark.parametrize("history", RIGHT_REGISTERS.values(), ids=RIGHT_REGISTERS)
def test_right_register_is_found_right(history):
    assert is_linearizable(history, Register())


@pytest.mark.parametrize("history", WRONG_REGISTERS.values(), ids=WRONG_REGISTERS)
def test_wrong_register_is_caught(history):
    assert not is_linearizable(history, Register())


def test_order_of_a_session_is_the_order_of_its_calls():
    assert is_serial(made(add(1, 0, 9), add(2, 1, 8), add(3, 2, 3)), Counter())
    assert not is_serial(made(add(2, 0, 9), add(1, 1, 8)), Counter())
    assert is_linearizable(made(add(2, 0, 9), add(1, 1, 8)), Counter())


def test_order_of_one_process_is_kept_on_shared_objects_too():
    rows = ("write", 1, "ok", None, 0, 9), ("write", 2, "ok", None, 1, 9), ("read", None, "ok", 1, 10, 11)
    apart = made(*rows)
    assert is_linearizable(apart, Register())
    assert not is_linearizable([one._replace(process="p") for one in apart], Register())


def test_search_that_is_too_long_says_so():
    rows = [("cas", [at, at + 1], "info", None, 0, 1) for at in range(20)] + [
        ("write", at, "info", None, 0, 1) for at in range(20)
    ]
    with pytest.raises(Undecided):
        is_linearizable(made(*rows, ("read", None, "ok", "nobody wrote it", 2, 3)), Register())


def test_counter_and_register_in_one_do_not_touch_each_other():
    both = made(add(1, 0, 1), ("write", 7, "ok", None, 1, 2), add(2, 2, 3), ("cas", [7, 8], "ok", True, 3, 4), add(3, 4, 5))
    assert is_serial(both, Whole())
    assert is_linearizable(both, Whole())
    assert not is_serial([*both, *made(("read", None, "ok", 7, 5, 6))], Whole())


def test_unknown_operation_of_a_session_happened_in_its_place_or_not_at_all():
    unknown = add(None, 0, 1, "info")
    assert is_serial(made(unknown, add(1, 2, 3)), Counter())
    assert is_serial(made(unknown, add(2, 2, 3)), Counter())
    assert not is_serial(made(unknown, add(1, 2, 3), add(3, 4, 5)), Counter())
    assert not is_serial(made(add(None, 0, 1, "fail"), add(2, 2, 3)), Counter())


# An operation that the hidden execution does at `at`, after its call and before its end; `told` says what its caller is told.
REAL = st.tuples(
    st.integers(0, 30), st.integers(0, 6), st.integers(0, 6), st.sampled_from(["ok", "ok", "ok", "done", "not done"])
)


def executed(model, plan, calls):
    """Return the history of a real serial execution of `calls`, in which not everybody was told what happened."""
    rows, state = [], model.first
    for (at, before, after, told), (f, argument) in zip(sorted(plan), calls, strict=False):
        begin, end = 2 * at - before, 2 * at + after
        if told == "not done":
            rows.append((f, argument, "info", None, begin, end))
            continue
        state, answer = model.step(state, f, argument)
        rows.append((f, argument, "ok", answer, begin, end) if told == "ok" else (f, argument, "info", None, begin, end))
    return made(*rows)


PLANS = st.lists(REAL, max_size=9, unique_by=lambda one: one[0])
CALLS = st.one_of(
    st.just(("read", None)),
    st.tuples(st.just("write"), st.integers(0, 2)),
    st.tuples(st.just("cas"), st.tuples(st.integers(0, 2), st.integers(0, 2))),
)


@given(PLANS)
def test_every_real_execution_of_a_counter_is_found_right(plan):
    history = executed(Counter(), plan, [("add", None)] * len(plan))
    assert is_counted(history)
    assert is_linearizable(history, Counter())
    assert is_serial(history, Counter())


@settings(max_examples=1000)
@given(PLANS, st.lists(CALLS, min_size=9, max_size=9))
def test_every_real_execution_of_a_register_is_found_right(plan, calls):
    history = executed(Register(), plan, calls)
    assert is_linearizable(history, Register())
    assert is_serial(history, Register())


ANY = st.builds(
    lambda value, begin, length, kind: add(value if kind == "ok" else None, begin, begin + length, kind),
    st.integers(1, 6), st.integers(0, 8), st.integers(1, 6), st.sampled_from(["ok", "ok", "ok", "info", "fail"]),
)  # fmt: skip


@given(st.lists(ANY, max_size=6))
def test_quick_check_of_counters_agrees_with_the_search(rows):
    history = made(*rows)
    assert is_counted(history) == is_linearizable(history, Counter())


def record(op, kind, value=None, time=0.0):
    return {"process": "p", "op": op, "type": kind, "on": "x", "f": "add", "value": value, "time": time}


def test_what_never_ended_is_unknown_and_what_failed_is_not():
    cut, failed = operations([record("1", "invoke"), record("2", "invoke"), record("2", "fail", "WorkerLost", 3.0)])
    assert (cut.type, cut.end, cut.settled) == ("info", INFINITE, INFINITE)
    assert (failed.type, failed.end, failed.value) == ("fail", 3.0, "WorkerLost")


def test_two_ends_of_one_operation_and_an_end_of_none_are_refused():
    with pytest.raises(AssertionError, match="twice"):
        operations([record("1", "invoke"), record("1", "ok"), record("1", "ok")])
    with pytest.raises(AssertionError, match="never began"):
        operations([record("1", "ok")])


def test_file_of_a_client_that_was_killed_is_read_up_to_its_last_whole_line(tmp_path):
    path = tmp_path / "history"
    path.write_text(json.dumps(record("1", "invoke")) + "\n" + json.dumps(record("1", "ok", 1, 2.0)) + '\n{"proc')
    (one,) = read(path)
    assert (one.op, one.type, one.value) == ("1", "ok", 1)
    assert by([one], "process") == {"p": [one]}


def test_check_looks_at_every_kind_of_object():
    for name, f in (("p0", "add"), ("counter-1", "add"), ("register-1", "read")):
        wrong = made((f, None, "ok", 7, 0, 1))[0]._replace(on=name)
        with pytest.raises(AssertionError, match=name):
            check([wrong])
