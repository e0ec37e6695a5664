"""What is run again to rebuild a durable session (§15.6), and where two programs differ (§15.4)."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from polyloom.executor import apply
from polyloom.failure import Failure
from polyloom.journal import Again, Known, Recorded, difference, plan
from polyloom.limits import DEFAULT_LIMITS
from polyloom.policy import policy_of
from polyloom.table import Table

POLICY = policy_of(("*",))


class Logged(list[Recorded]):
    """A log, as a list."""

    def at(self, n: int) -> Recorded:
        return self[n - 1]


class Session:
    """Programs run one after the other and recorded, as a worker does."""

    def __init__(self) -> None:
        self.table = Table()
        self.log = Logged()

    def run(self, *ops: Any, released: tuple[int, ...] = (), once: tuple[int, ...] = ()) -> list[Any]:
        reply = apply(ops, self.table, POLICY)
        program = {"ops": list(ops), "released": list(released), "once": list(once)}
        pulled = [slot for op in ops if sound(op) and op[0] == "pull" for slot in op[2:]]
        filled = [op[1] for op in ops if sound(op) and type(op[1]) is int and op[1] not in pulled]
        known = [[slot, value] for slot in filled if (value := self.atom(slot)) is not Ellipsis]
        told = {"results": reply.results, "known": known, "failed": reply.failed}
        self.log.append(Recorded(len(self.log) + 1, program, told))
        for slot in released:
            self.table.release(slot)
        return reply.results

    def atom(self, slot: int) -> Any:
        value = self.table.objects.get(slot, ...)
        if type(value) is Failure:
            return ["error", value.error]
        return value if type(value) in (type(None), bool, int, str) else ...

    def again(self) -> list[str]:
        """What would be done, in words: the number of the program, and its ops or the slot that takes what is known."""
        return [word for step in plan(self.log) for word in words(step)]


def sound(op: Any) -> bool:
    return type(op) is list and len(op) > 1


def words(step: Again) -> list[str]:
    n = step.recorded.n
    return [*(f"{n}: known {slot}" for slot in sorted(step.known)), *(f"{n}: {op[0]} {op[1]}" for op in step.ops)]


def ref(slot: int, *names: str) -> list[Any]:
    return ["ref", slot, *names]


IMPORT = ["import", 1, "builtins"]


def test_a_call_whose_result_is_data_is_not_run_again() -> None:
    session = Session()
    session.run(IMPORT, ["call", 2, ref(1, "max"), [1, 2]], ["pull", "auto", 2], released=(2,))
    session.run(["call", 3, ref(1, "min"), [1, 2]], ["pull", "auto", 3])
    assert session.again() == ["1: import 1", "2: known 3"]
    assert [*plan(session.log)][1].known == {3: Known(1, ())}


def test_a_call_that_nobody_asked_about_is_not_run_again_where_it_gave_small_data() -> None:
    session = Session()
    session.run(IMPORT, ["call", 2, ref(1, "print"), []])
    assert session.again() == ["1: known 2", "1: import 1"]


def test_an_object_that_is_held_is_made_again_with_all_that_was_done_to_it() -> None:
    session = Session()
    session.run(IMPORT, ["call", 2, ref(1, "list"), [[[1]]]])
    session.run(["call", 3, ref(2, "append"), [2]], ["pull", "auto", 3], released=(3,))
    session.run(["call", 4, ref(1, "len"), [ref(2)]], ["pull", "auto", 4], released=(4,))
    session.run(["call", 5, ref(1, "dict"), []], released=(5,))
    assert session.again() == ["1: import 1", "1: call 2", "2: call 3", "3: call 4"]


def test_what_was_released_is_not_made_again() -> None:
    session = Session()
    session.run(IMPORT, ["call", 2, ref(1, "list"), []])
    session.run(["call", 3, ref(2, "append"), [2]], released=(2, 3))
    assert session.again() == ["1: import 1"]


def test_objects_that_met_are_made_again_together() -> None:
    session = Session()
    session.run(IMPORT, ["call", 2, ref(1, "list"), []], ["call", 3, ref(1, "dict"), []], ["call", 4, ref(1, "set"), []])
    session.run(["call", 5, ref(2, "append"), [{"deep": [[ref(3)]]}]], released=(2, 4, 5))
    session.run(["setitem", 0, ref(3), "key", 7])
    assert session.again() == ["1: import 1", "1: call 2", "1: call 3", "2: call 5", "3: setitem 0"]


def test_data_that_was_told_takes_the_place_of_its_call_unless_somebody_touched_it_since() -> None:
    session = Session()
    session.run(
        IMPORT, ["call", 2, ref(1, "list"), [[[1]]]], ["pull", "auto", 2], ["call", 3, ref(1, "list"), []], ["pull", "auto", 3]
    )
    session.run(["call", 4, ref(3, "append"), [5]], released=(4,))
    assert session.again() == ["1: known 2", "1: import 1", "1: call 3", "2: call 4"]


def test_attributes_of_modules_are_looked_up_again_but_calls_of_them_are_no_part_of_an_object() -> None:
    session = Session()
    session.run(["import", 1, "os"], ["getattr", 2, ref(1), "path"], ["call", 3, ref(2, "join"), ["a", "b"]], ["pull", "auto", 3])
    session.run(["call", 4, ref(2, "join"), ["c", "d"]], ["pull", "auto", 4], released=(3, 4))
    assert session.again() == ["1: import 1", "1: getattr 2"]


def test_what_is_set_on_a_module_is_set_again() -> None:
    session = Session()
    session.run(["import", 1, "types"], ["call", 2, ref(1, "SimpleNamespace"), []])
    session.run(["setattr", 0, ref(1), "polyloom_test", ref(2)], released=(2,))
    assert session.again() == ["1: import 1", "1: call 2", "2: setattr 0"]


def test_a_step_that_runs_once_is_never_run_again() -> None:
    session = Session()
    session.run(IMPORT, ["call", 2, ref(1, "list"), []])
    session.run(["call", 3, ref(2, "append"), [1]], once=(3,))
    session.run(["call", 4, ref(2, "append"), [2]], released=(4,))
    assert session.again() == ["1: import 1", "1: call 2", "2: known 3", "3: call 4"]
    assert [*plan(session.log)][1].known == {3: None}


def test_live_objects_inside_a_result_keep_their_slots() -> None:
    session = Session()
    session.run(IMPORT, ["call", 2, ref(1, "list"), [[[ref(1, "len"), 5, ref(1, "object")]]]], ["pull", "auto", 2], released=(2,))
    results = session.run(["call", 3, ref(1, "list"), [[[ref(1, "object")]]]], ["pull", "auto", 3], released=(3,))
    assert results[0][0][0][:2] == ["handle", -3]
    session.run(["call", 4, ref(-3), []], ["pull", "keep", 4])
    steps = [*plan(session.log)]
    assert [step.exports for step in steps] == [[-1, -2], [-3], []]
    assert Rebuilt(steps).table.objects[-3] is object


def test_a_failure_is_known_and_what_failed_is_not_tried_again() -> None:
    session = Session()
    session.run(IMPORT, ["call", 2, ref(1, "int"), ["x"]], ["pull", "auto", 2])
    assert session.again() == ["1: known 2", "1: import 1"]


class Rebuilt:
    """A table made from a plan."""

    def __init__(self, steps: list[Again]) -> None:
        self.table = Table()
        for step in steps:
            for slot, known in step.known.items():
                assert known is not None
                failed = type(known.result) is list and known.result[0] == "error"
                self.table.objects[slot] = Failure(known.result[1]) if failed else decoded(known.result)
            self.table.reserved.extend(step.exports)
            apply(step.ops, self.table, POLICY, step.recorded.sent)
            for slot in step.released:
                self.table.release(slot)


def decoded(wire: Any) -> object:
    from polyloom.codec import Decoder

    return Decoder((), lambda ref: None, DEFAULT_LIMITS).decode(wire)


LISTS = st.integers(0, 4)


@given(st.lists(st.one_of(
    st.tuples(st.just("new")),
    st.tuples(st.just("append"), LISTS, st.integers(0, 99)),
    st.tuples(st.just("link"), LISTS, LISTS),
    st.tuples(st.just("drop"), LISTS),
    st.tuples(st.just("ask"), LISTS),
), max_size=30))  # fmt: skip
def test_a_rebuilt_session_holds_what_was_held(steps: list[tuple[Any, ...]]) -> None:
    """Lists are made, changed, put into one another, asked for and released: what is held then is equal, and shared alike."""
    session, slots, last = Session(), [], 1
    session.run(IMPORT)
    for kind, *given_ in steps:
        last += 1
        if kind == "new":
            session.run(["call", last, ref(1, "list"), []])
            slots.append(last)
        elif slots:
            chosen = slots[given_[0] % len(slots)]
            if kind == "append":
                session.run(["call", last, ref(chosen, "append"), [given_[1]]], released=(last,))
            elif kind == "link":
                other = slots[given_[1] % len(slots)]
                session.run(["call", last, ref(chosen, "append"), [ref(other)]], released=(last,))
            elif kind == "drop":
                slots.remove(chosen)
                session.run(["call", last, ref(1, "id"), [0]], released=(last, chosen))
            else:
                session.run(["pull", "auto", chosen])
    rebuilt = Rebuilt([*plan(session.log)]).table
    assert set(rebuilt.objects) >= set(slots)
    for slot in slots:
        assert shape(rebuilt.objects[slot]) == shape(session.table.objects[slot])
    for one in slots:
        for other in slots:
            before = session.table.objects[one], session.table.objects[other]
            after = rebuilt.objects[one], rebuilt.objects[other]
            assert any(part is before[1] for part in before[0]) == any(part is after[1] for part in after[0])


WRONG: list[Any] = [
    None, 5, "call", [], ["call"], ["pull"], ["release"], ["pull", "sideways", 2], ["pull", {"mode": "value", "depth": -1}, 2],
    ["pull", "auto", [2], {}, "x", 2], ["release", [2], 900], ["release", {}], ["frobnicate", 90], ["frobnicate", 91, ref(2)],
    ["call", "92", ref(1, "list")], ["call", -93, ref(1, "list"), []], ["call", [94], ref(1, "list"), []],
    ["call", 95, ["ref"], []], ["call", 96, ["ref", [2]], []], ["call", 97, ref(1, "list"), 5],
    ["call", 98, ref(1, "dict"), [], 5],
    ["call", 99, ref(1, "list"), [["ref"], ["ref", "x"], ["nonsense", 1], [], [None], [{}]]], ["getattr", 100, ["ref", [1]], "x"],
    ["import", 101], ["import", 102, 5], ["setattr", 103], ["setattr", 104, ["ref", {}], "x", 1], ["map", 105], ["exit", 107, []],
    ["map", 106, [[1]], 108, [5, [], ["call"], ["map", 109, 5, 5, 5, 5]], None], [[], 110], [None, 111, 112], ["exit", 113],
    ["repr", 114, json.loads("[[" * 400 + "]]" * 400)], ["call", True, ref(1, "list"), []], ["named", 115, ref(2)],
]  # fmt: skip


@pytest.mark.parametrize("wrong", WRONG, ids=lambda op: json.dumps(op)[:40])
def test_ops_of_the_wrong_shape_fail_again_and_harm_no_others(wrong: Any) -> None:
    session = Session()
    session.run(IMPORT, ["call", 2, ref(1, "list"), [[[1]]]])
    session.run(["call", 3, ref(2, "append"), [2]], wrong, ["pull", "auto", 3])
    session.run(["call", 4, ref(2, "append"), [3]], ["pull", "auto", 1], ["pull", "auto", 4], released=(3, 4))
    held = session.table.objects
    rebuilt = Rebuilt([*plan(session.log)]).table.objects
    assert rebuilt[2] == held[2] == [1, 2, 3]
    assert {slot for slot, value in rebuilt.items() if type(value) is Failure} <= set(held)


def test_a_program_that_was_refused_as_a_whole_is_not_run_in_part() -> None:
    session = Session()
    session.run(IMPORT, ["call", 2, ref(1, "list"), []])
    session.run(*[["call", slot, ref(2, "append"), [slot]] for slot in range(3, 70_000)], ["pull", "auto", 3])
    session.run(["call", 70_001, ref(2, "append"), [7]])
    assert Rebuilt([*plan(session.log)]).table.objects[2] == session.table.objects[2] == [7]


def shape(value: object, around: tuple[int, ...] = ()) -> object:
    """A list that may contain itself, as something to compare."""
    if not isinstance(value, list):
        return value
    if id(value) in around:
        return len(around) - around.index(id(value))
    return [shape(one, (*around, id(value))) for one in value]


@pytest.mark.parametrize(
    ("one", "other", "path"),
    [
        ([["call", 2, ["ref", 1], [1]]], [["call", 2, ["ref", 1], [1]]], None),
        ([["call", 2, ["ref", 1], [1]]], [["call", 2, ["ref", 1], [2]]], "$.ops[0][3][0]"),
        ([["call", 2, ["ref", 1], [1]]], [["call", 2, ["ref", 1], [1.0]]], "$.ops[0][3][0]"),
        ([["call", 2, ["ref", 1], [True]]], [["call", 2, ["ref", 1], [1]]], "$.ops[0][3][0]"),
        ([["call", 2, ["ref", 1], [{"a": 1, "b": 2}]]], [["call", 2, ["ref", 1], [{"b": 2, "a": 1}]]], "$.ops[0][3][0]"),
        ([["call", 2, ["ref", 1], [{"a": [[1]]}]]], [["call", 2, ["ref", 1], [{"a": [[2]]}]]], "$.ops[0][3][0].a[0][0]"),
        ([["import", 1, "a"]], [["import", 1, "a"], ["import", 2, "b"]], "$.ops"),
    ],
)
def test_the_first_difference(one: list[Any], other: list[Any], path: str | None) -> None:
    assert difference({"ops": one}, (), Recorded(1, {"ops": other}, {"results": []})) == path


def test_attachments_and_marks_are_compared_but_not_what_is_released() -> None:
    recorded = Recorded(1, {"ops": [], "released": [1], "once": [2]}, {"results": []}, [b"ab"])
    assert difference({"ops": [], "released": [3], "once": [2]}, [bytearray(b"ab")], recorded) is None
    assert difference({"ops": [], "once": []}, [b"ab"], recorded) == "$.once"
    assert difference({"ops": [], "once": [2]}, [b"ac"], recorded) == "$.attachments[0]"
    assert difference({"ops": [], "once": [2]}, [], recorded) == "$.attachments"
