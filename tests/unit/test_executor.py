"""The executor: every op, in order, and whatever is wrong with one op stays with that op."""

from __future__ import annotations

import json
import sys
import types
from concurrent.futures import Future
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from polyloom import operators
from polyloom.executor import apply
from polyloom.limits import Limits
from polyloom.ops import OPS
from polyloom.pending import Pending
from polyloom.policy import AllowList, Policy
from polyloom.table import Table


class Bench:
    """A session's table and a short way to run ops on it."""

    def __init__(self, limits: Limits | None = None, policy: Policy | None = None) -> None:
        self.table = Table(limits or Limits())
        self.policy = policy or Policy()

    def run(self, *ops, attachments=()):
        """Run ops and return the reply, which must be JSON."""
        reply = apply(list(ops), self.table, self.policy, attachments)
        json.dumps([reply.results, reply.failed], allow_nan=False)
        return reply

    def results(self, *ops):
        """Run ops of which none without a slot may fail, and return what was pulled."""
        reply = self.run(*ops)
        assert reply.failed == []
        return reply.results

    def value(self, op):
        """Run one op on slot 100 and return its value."""
        return self.results(op, ["pull", "auto", 100], ["release", 100])[0]

    def error(self, op):
        """Run one op on slot 100, which must fail, and return the error object."""
        tag, error = self.value(op)
        assert tag == "error"
        return error

    def put(self, slot, value):
        self.table.put(slot, value)


@pytest.fixture
def bench():
    return Bench()


class Point:
    """A live object for tests."""

    def __init__(self, x=1, y=2):
        self.x, self.y = x, y

    def __repr__(self):
        return f"Point({self.x}, {self.y})"


# Every op


def test_import_gives_the_named_module_and_not_its_parent(bench):
    assert bench.value(["import", 100, "os.path"])[:3] == ["handle", 100, "module"]
    bench.results(["import", 1, "os.path"])
    assert bench.table.get(1) is sys.modules["os.path"]


def test_getattr_with_a_default_gives_it_only_where_the_name_is_missing(bench):
    bench.put(1, Point())
    assert bench.value(["getattr", 100, ["ref", 1], "x"]) == 1
    assert bench.value(["getattr", 100, ["ref", 1], "x", 5]) == 1
    assert bench.value(["getattr", 100, ["ref", 1], "z", 5]) == 5
    assert bench.value(["getattr", 100, ["ref", 1], "z", None]) is None
    assert bench.error(["getattr", 100, ["ref", 1], "z"])["type"] == "AttributeError"


def test_attributes_are_set_and_deleted(bench):
    point = Point()
    bench.put(1, point)
    assert bench.value(["setattr", 100, ["ref", 1], "x", [[1, 2]]]) is None
    assert point.x == [1, 2]
    assert bench.value(["delattr", 100, ["ref", 1], "x"]) is None
    assert not hasattr(point, "x")


def test_items_are_read_set_and_deleted(bench):
    items = {"a": 1, (1, 2): 3}
    bench.put(1, items)
    assert bench.value(["getitem", 100, ["ref", 1], ["tuple", 1, 2]]) == 3
    assert bench.value(["setitem", 100, ["ref", 1], "b", {"c": None}]) is None
    assert bench.value(["delitem", 100, ["ref", 1], "a"]) is None
    assert items == {(1, 2): 3, "b": {"c": None}}
    bench.put(2, list(range(10)))
    assert bench.value(["getitem", 100, ["ref", 2], ["slice", 1, 4, None]]) == [[1, 2, 3]]


def test_call_passes_positional_and_named_arguments(bench):
    bench.put(1, lambda *args, **named: (args, named))
    assert bench.value(["call", 100, ["ref", 1], [1, "a"], {"b": [[2]]}]) == ["tuple", ["tuple", 1, "a"], {"b": [[2]]}]
    assert bench.value(["call", 100, ["ref", 1], [1]]) == ["tuple", ["tuple", 1], {}]
    assert bench.value(["call", 100, ["ref", 1], [], {}]) == ["tuple", ["tuple"], {}]


BINARY = {
    "+": 9, "-": 5, "*": 14, "/": 3.5, "//": 3, "%": 1, "**": 49, "&": 2, "|": 7, "^": 5, "<<": 28, ">>": 1,
    "==": False, "!=": True, "<": False, "<=": False, ">": True, ">=": True, "is": False,
    "+=": 9, "-=": 5, "*=": 14, "/=": 3.5, "//=": 3, "%=": 1, "**=": 49, "&=": 2, "|=": 7, "^=": 5, "<<=": 28, ">>=": 1,
}  # fmt: skip
UNARY = {"not": False, "~": -8, "neg": -7, "pos": 7, "abs": 7}


@pytest.mark.parametrize(("symbol", "result"), BINARY.items())
def test_operator_of_two_operands_keeps_their_order(bench, symbol, result):
    assert bench.value(["operator", 100, symbol, 7, 2]) == result


@pytest.mark.parametrize(("symbol", "result"), UNARY.items())
def test_operator_of_one_operand(bench, symbol, result):
    assert bench.value(["operator", 100, symbol, 7]) == result


def test_no_operator_is_left_untested():
    assert {*BINARY, *UNARY, "@", "@=", "in"} == set(operators.OPERATORS)


def test_in_asks_the_second_operand_and_matmul_multiplies(bench):
    assert bench.value(["operator", 100, "in", 2, [[1, 2]]]) is True
    assert bench.value(["operator", 100, "in", 3, [[1, 2]]]) is False

    class Matrix:
        def __matmul__(self, other):
            return "plain", other

        def __imatmul__(self, other):
            return "in place", other

    bench.put(1, Matrix())
    assert bench.value(["operator", 100, "@", ["ref", 1], 5]) == ["tuple", "plain", 5]
    assert bench.value(["operator", 100, "@=", ["ref", 1], 5]) == ["tuple", "in place", 5]


def test_operator_in_place_changes_the_object_itself(bench):
    items = [1]
    bench.put(1, items)
    bench.results(["operator", 0, "+=", ["ref", 1], [[2]]])
    assert items == [1, 2]


def test_iterator_gives_items_in_portions(bench):
    bench.put(1, "abc")
    bench.results(["iter", 2, ["ref", 1]])
    assert bench.value(["next", 100, ["ref", 2], 2]) == {"items": [["a", "b"]], "done": False}
    assert bench.value(["next", 100, ["ref", 2], 2]) == {"items": [["c"]], "done": True}
    assert bench.value(["next", 100, ["ref", 2], 2]) == {"items": [[]], "done": True}


def test_live_items_of_an_iterator_come_as_handles_that_work(bench):
    bench.put(1, iter([Point(5, 6)]))
    items = bench.value(["next", 100, ["ref", 1], 10])["items"]
    (handle,) = items[0]
    assert handle[0] == "handle"
    assert handle[1] < 0
    assert bench.value(["getattr", 100, ["ref", handle[1]], "y"]) == 6


def test_late_error_of_a_generator_loses_no_item_before_it(bench):
    def three_then_error():
        yield from (1, 2, 3)
        raise ValueError("no fourth")

    bench.put(1, three_then_error())
    assert bench.value(["next", 100, ["ref", 1], 5]) == {"items": [[1, 2, 3]], "done": False}
    assert bench.error(["next", 100, ["ref", 1], 5])["message"] == "no fourth"
    assert bench.value(["next", 100, ["ref", 1], 5]) == {"items": [[]], "done": True}


def test_late_error_of_an_iterator_that_nobody_holds_is_not_raised_by_the_next_one(bench):
    class Streams:
        @property
        def failing(self):
            yield 1
            raise ValueError("of another iterator")

        @property
        def fine(self):
            yield 2

    bench.put(1, Streams())
    for _ in range(20):  # a freed iterator's place in memory is soon taken by the next one
        assert bench.value(["next", 100, ["ref", 1, "failing"], 5]) == {"items": [[1]], "done": False}
        assert bench.value(["next", 100, ["ref", 1, "fine"], 5]) == {"items": [[2]], "done": True}


def test_generator_that_fails_at_once_fails_at_once(bench):
    bench.put(1, (1 / zero for zero in [0]))
    assert bench.error(["next", 100, ["ref", 1], 5])["type"] == "ZeroDivisionError"


@pytest.mark.parametrize("count", [0, -1, True, 1.5, "1", None])
def test_next_of_no_items_is_refused(bench, count):
    bench.put(1, iter("a"))
    assert bench.error(["next", 100, ["ref", 1], count])["code"] == "BadOp"


def test_repr_str_and_type_are_those_of_python(bench):
    bench.put(1, Point())
    assert bench.value(["repr", 100, ["ref", 1]]) == "Point(1, 2)"
    assert bench.value(["str", 100, "text"]) == "text"
    assert bench.value(["repr", 100, "text"]) == "'text'"
    assert bench.value(["type", 100, ["ref", 1]]).endswith("test_executor.Point")
    assert bench.value(["type", 100, 5]) == "int"
    assert bench.value(["type", 100, ["decimal", "1"]]) == "decimal.Decimal"


def test_bytes_travel_as_attachments_in_both_directions(bench):
    bench.put(1, lambda data: [data, data[::-1]])
    reply = bench.run(["call", 2, ["ref", 1], [["bytes", 1]]], ["pull", "auto", 2], attachments=[b"no", b"yes"])
    assert reply.results == [[[["bytes", 0], ["bytes", 1]]]]
    assert reply.attachments == [b"yes", b"sey"]


def test_every_op_of_the_protocol_is_tested_here():
    files = [
        Path(__file__).with_name(name) for name in ("test_executor.py", "test_contexts.py", "test_shared.py", "test_lent.py")
    ]
    source = "".join(file.read_text() for file in files)
    assert [op for op in OPS if f'["{op}"' not in source] == []


# References


def test_path_of_a_reference_leads_through_attributes(bench):
    bench.put(1, types.SimpleNamespace(inner=types.SimpleNamespace(value=7)))
    assert bench.value(["getattr", 100, ["ref", 1, "inner"], "value"]) == 7
    assert bench.value(["repr", 100, ["ref", 1, "inner", "value"]]) == "7"


def test_references_inside_arguments_are_resolved_at_any_depth(bench):
    bench.put(1, Point())
    bench.put(2, lambda value: value)
    bench.results(["call", 3, ["ref", 2], [{"deep": [[["tuple", ["ref", 1]]]]}]])
    assert bench.table.get(3)["deep"][0][0] is bench.table.get(1)


@pytest.mark.parametrize("slot", [55, -1, True, 1.0, "1", None, [[1]], {}])
def test_reference_to_what_was_never_filled_is_an_unknown_slot(bench, slot):
    bench.put(1, "here")
    assert bench.error(["repr", 100, ["ref", slot]])["code"] == "UnknownSlot"


def test_reference_without_a_slot_is_refused(bench):
    assert bench.error(["repr", 100, ["ref"]])["code"] == "UnknownSlot"


@pytest.mark.parametrize("name", [1, None, ["ref", 1], {}])
def test_name_in_a_path_that_is_no_text_is_refused(bench, name):
    bench.put(1, Point())
    assert bench.error(["repr", 100, ["ref", 1, name]])["code"] == "BadOp"


# Wrong shapes


@pytest.mark.parametrize(
    "op",
    [
        None, 5, "import", {}, [], ["import"], ["nope", 1], [None, 1], [["import"], 1], [{}, 1],
        ["import", "1", "os"], ["import", -1, "os"], ["import", True, "os"], ["import", 1.5, "os"], ["import", None, "os"],
    ],
    ids=repr,
)  # fmt: skip
def test_what_is_no_op_is_refused_and_the_next_op_runs(bench, op):
    reply = bench.run(op, ["repr", 1, 5], ["pull", "auto", 1])
    assert reply.results == ["5"]
    assert [(at, tag, error["code"], error["path"]) for at, (tag, error) in reply.failed] == [(0, "error", "BadOp", "$.ops[0]")]


@pytest.mark.parametrize(
    "op",
    [
        ["import", 100],
        ["import", 100, 5],
        ["import", 100, "os", 1],
        ["getattr", 100, ["ref", 1]],
        ["getattr", 100, ["ref", 1], 5],
        ["getattr", 100, ["ref", 1], "x", 1, 2],
        ["setattr", 100, ["ref", 1], "x"],
        ["setattr", 100, ["ref", 1], "x", 1, 2],
        ["delattr", 100, ["ref", 1]],
        ["getitem", 100, ["ref", 1]],
        ["getitem", 100, ["ref", 1], 1, 2],
        ["setitem", 100, ["ref", 1], 1],
        ["delitem", 100, ["ref", 1]],
        ["call", 100],
        ["call", 100, ["ref", 1]],
        ["call", 100, ["ref", 1], {}],
        ["call", 100, ["ref", 1], [], []],
        ["call", 100, ["ref", 1], [], {}, 1],
        ["operator", 100, "+", 1],
        ["operator", 100, "+", 1, 2, 3],
        ["operator", 100, "neg", 1, 2],
        ["operator", 100, "<>", 1, 2],
        ["operator", 100, [["+"]], 1, 2],
        ["operator", 100, None, 1, 2],
        ["operator", 100],
        ["iter", 100],
        ["iter", 100, ["ref", 1], 1],
        ["next", 100, ["ref", 1]],
        ["repr", 100],
        ["repr", 100, 1, 2],
        ["str", 100],
        ["type", 100],
    ],
    ids=json.dumps,
)
def test_known_op_of_the_wrong_shape_is_refused_by_its_name(bench, op):
    bench.put(1, Point())
    error = bench.error(op)
    assert error["code"] == "BadOp"
    assert repr(op[0]) in error["message"]
    assert error["path"].startswith("$.ops[0]")


def test_every_wrong_shape_is_refused_before_anything_is_done(bench):
    point = Point()
    bench.put(1, point)
    bench.error(["setattr", 100, ["ref", 1], "x", 5, 6])
    assert point.x == 1


@pytest.mark.parametrize(
    ("op", "path"),
    [
        (["call", 100, ["ref", 1], [1, {"rows": [[1, ["nope"]]]}]], "$.ops[0].args[1].rows[1]"),
        (["call", 100, ["ref", 1], [], {"key": ["nope"]}], "$.ops[0].kwargs.key"),
        (["setattr", 100, ["ref", 1], "x", ["nope"]], "$.ops[0][4]"),
        (["getitem", 100, ["nope"], 1], "$.ops[0][2]"),
    ],
)
def test_unknown_tag_names_the_path_to_it(bench, op, path):
    bench.put(1, print)
    error = bench.error(op)
    assert (error["code"], error["path"]) == ("BadValue", path)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-3, 3) | st.floats(allow_nan=False) | st.sampled_from(["ref", "x", "bytes", "+"]),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=2), inner, max_size=2),
    max_leaves=8,
)


@given(
    st.lists(st.one_of(json_values, st.tuples(st.sampled_from(OPS), json_values, json_values, json_values).map(list)), max_size=4)
)
@settings(deadline=None, max_examples=800)
def test_no_program_of_json_values_escapes_as_an_exception(ops):
    bench = Bench(policy=AllowList(("math",)))
    bench.put(1, Point())
    bench.put(2, [1, 2, 3])
    bench.run(*ops)


# Failures passed on


def test_failure_is_passed_on_with_the_first_step_named(bench):
    reply = bench.run(
        ["import", 1, "no_such_module"],
        ["getattr", 2, ["ref", 1], "x"],
        ["call", 3, ["ref", 2], [1]],
        ["repr", 4, "independent"],
        ["pull", "auto", 1, 3, 4],
    )
    first, last, independent = reply.results
    assert first[1]["op"] == "import no_such_module"
    assert first == last
    assert independent == "'independent'"
    assert reply.failed == []


def test_failure_inside_an_argument_is_passed_on(bench):
    bench.put(1, print)
    reply = bench.run(["import", 2, "no_such_module"], ["call", 0, ["ref", 1], [{"a": [[["ref", 2]]]}]])
    assert [error["type"] for _, (_, error) in reply.failed] == ["ModuleNotFoundError"]


def test_failure_without_a_slot_is_reported_beside_the_results(bench):
    bench.put(1, Point())
    reply = bench.run(["getattr", 0, ["ref", 1], "nope"], ["repr", 2, 1], ["pull", "auto", 2])
    assert reply.results == ["1"]
    assert [error["op"] for _, (_, error) in reply.failed] == [f"getattr {Point.__module__}.Point.nope"]


@pytest.mark.parametrize(
    ("ops", "words"),
    [
        ([["import", 1, "math"], ["call", 2, ["ref", 1, "sqrt"], [-1]]], "call math.sqrt"),
        ([["import", 1, "math"], ["getattr", 2, ["ref", 1], "tau2"]], "getattr math.tau2"),
        ([["import", 1, "math"], ["getattr", 3, ["ref", 1], "sqrt"], ["call", 2, ["ref", 3], ["x"]]], "call math.sqrt"),
        ([["setattr", 2, 5, "color", "red"]], "setattr color"),
        ([["import", 2, "numpyy"]], "import numpyy"),
        ([["operator", 2, "/", 1, 0]], "operator /"),
    ],
)
def test_failing_step_is_named_in_words(bench, ops, words):
    assert bench.results(*ops, ["pull", "auto", 2])[0][1]["op"] == words


def test_frames_of_the_bridge_are_left_out(bench):
    bench.put(1, lambda: 1 / 0)
    error = bench.error(["call", 100, ["ref", 1], []])
    assert [frame[2] for frame in error["frames"]] == ["<lambda>"]
    assert "polyloom/executor.py" not in error["traceback"]
    assert "1 / 0" in error["traceback"]


@pytest.mark.parametrize(
    "kind", [SystemExit, KeyboardInterrupt, RecursionError, MemoryError, GeneratorExit, StopIteration, BaseException]
)
def test_what_a_call_raises_is_answered_whatever_it_is(bench, kind):
    def raiser():
        raise kind("away")

    bench.put(1, raiser)
    assert bench.error(["call", 100, ["ref", 1], []])["type"] == kind.__name__


def test_endless_recursion_is_answered(bench):
    def forever():
        return forever()

    bench.put(1, forever)
    assert bench.error(["call", 100, ["ref", 1], []])["type"] == "RecursionError"


# Pulls


def test_auto_copies_data_and_hands_out_the_rest(bench):
    bench.put(1, [1, "a", None])
    bench.put(2, Point())
    data, live = bench.results(["pull", "auto", 1, 2])
    assert data == [[1, "a", None]]
    assert live[:2] == ["handle", 2]


def test_value_refuses_what_is_not_data_and_says_so(bench):
    bench.put(1, Point())
    bench.put(2, {"a": 1})
    error, data = bench.results(["pull", "value", 1, 2])
    assert (error[1]["code"], data) == ("NotData", {"a": 1})


def test_keep_hands_out_even_data(bench):
    bench.put(1, [1])
    bench.put(2, "text")
    assert [one[:3] for one in bench.results(["pull", "keep", 1, 2])] == [["handle", 1, "list"], ["handle", 2, "str"]]


def test_code_of_a_client_inherits_no_future_of_the_executor(bench):
    bench.put(1, exec)
    space: dict[str, object] = {}
    bench.put(2, space)
    reply = bench.run(["call", 0, ["ref", 1], ["def f(x: int): pass", ["ref", 2]]])
    assert reply.failed == []
    assert space["f"].__annotations__ == {"x": int}


@pytest.mark.parametrize("mode", [None, "copy", 1, ["auto"], {}, {"mode": "auto"}, {"mode": "value", "depth": 0}])
def test_unknown_mode_is_refused(bench, mode):
    reply = bench.run(["pull", mode, 1])
    assert [error["code"] for _, (_, error) in reply.failed] == ["BadOp"]


def test_pull_takes_the_value_of_that_moment(bench):
    items: list[int] = []
    bench.put(1, items)
    first, second = bench.results(["pull", "auto", 1], ["call", 0, ["ref", 1, "append"], [1]], ["pull", "auto", 1])
    assert (first, second) == ([[]], [[1]])


def test_pull_of_an_unknown_slot_fails_alone(bench):
    bench.put(1, 1)
    results = bench.results(["pull", "auto", 1, 9, "1", None, [1], True, 1])
    assert [one if one == 1 else one[1]["code"] for one in results] == [1, *["UnknownSlot"] * 5, 1]


def test_failed_encoding_leaves_no_attachment_behind(bench):
    loop: list[object] = [b"left over"]
    loop.append(loop)
    bench.put(1, loop)
    bench.put(2, b"kept")
    reply = bench.run(["pull", "auto", 1, 2])
    assert (reply.results[0][1]["code"], reply.results[0][1]["path"]) == ("BadValue", "$[1]")
    assert (reply.results[1], reply.attachments) == (["bytes", 0], [b"kept"])


def test_failed_encoding_of_a_late_result_leaves_no_attachment_behind(bench):
    loop: list[object] = [b"left over"]
    loop.append(loop)
    came: Future[object] = Future()
    bench.put(1, Pending(came, pytest.fail))
    bench.put(2, b"before it")
    reply = bench.run(["pull", "auto", 1, 2])
    assert reply.results == [["pending"], ["bytes", 0]]
    came.set_result(loop)
    wire, attachments = reply.late(reply.waiting[0])
    assert (wire[0], wire[1]["code"], attachments) == ("error", "BadValue", [])


def test_handles_of_one_object_have_one_identity_and_others_another(bench):
    point = Point()
    bench.put(1, point)
    bench.put(2, point)
    bench.put(3, Point())
    bench.put(4, [point])
    first, second, other, inside = bench.results(["pull", "auto", 1, 2, 3, 4])
    assert first[3] == second[3] == inside[0][0][3] != other[3]


def test_identity_of_a_freed_object_is_not_given_to_the_next_one(bench):
    seen = set()
    for slot in range(1, 50):
        bench.put(slot, Point())
        (handle,) = bench.results(["pull", "auto", slot])
        seen.add(handle[3])
        bench.results(["release", slot])
    assert len(seen) == 49


# Release


def test_release_frees_the_object_at_once(bench):
    import weakref

    point = Point()
    gone = weakref.ref(point)
    bench.put(1, point)
    bench.results(["pull", "auto", 1])
    del point
    bench.results(["release", 1])
    assert gone() is None
    assert len(bench.table) == 0


def test_release_of_unknown_slots_is_ignored(bench):
    bench.put(1, 1)
    bench.results(["release", 5, "1", None, [1], True, 1, 1])
    assert len(bench.table) == 0


def test_used_after_release_is_an_unknown_slot(bench):
    bench.put(1, 1)
    error = bench.results(["release", 1], ["repr", 2, ["ref", 1]], ["pull", "auto", 2])[0][1]
    assert (error["code"], bool(error["hint"])) == ("UnknownSlot", True)


def test_failure_keeps_no_frame_and_so_no_object_alive(bench):
    import weakref

    alive = []

    def failing():
        local = Point()
        alive.append(weakref.ref(local))
        raise ValueError("with locals")

    bench.put(1, failing)
    bench.results(["call", 2, ["ref", 1], []])
    assert alive[0]() is None


# Limits


def test_program_of_too_many_ops_is_not_run_and_every_pull_is_answered():
    bench = Bench(Limits(program_ops=3))
    reply = bench.run(["repr", 1, 1], ["repr", 2, 2], ["pull", "auto", 1], ["pull", "auto", 1, 2])
    assert [error["code"] for _, error in reply.results] == ["LimitExceeded"] * 3
    ((index, (_, error)),) = reply.failed
    assert index is None
    assert "program_ops" in error["message"]
    assert bench.error(["repr", 100, ["ref", 2]])["message"] == error["message"], "what depends on it later meets the cause"
    bench.results(["release", 1, 2, 100])
    assert len(bench.table) == 0


def test_refused_programs_of_a_full_session_fill_no_more_than_failures_may():
    bench = Bench(Limits(program_ops=30, session_slots=10))
    bench.run(*(["repr", slot, slot] for slot in range(1, 100)))
    assert len(bench.table) <= 20


def test_full_session_refuses_the_next_object_and_goes_on_after_a_release():
    bench = Bench(Limits(session_slots=2))
    reply = bench.run(*(["repr", slot, slot] for slot in (1, 2, 3)), ["pull", "auto", 1, 2, 3])
    assert reply.results[:2] == ["1", "2"]
    assert (reply.results[2][1]["code"], "session_slots" in reply.results[2][1]["message"]) == ("LimitExceeded", True)
    assert bench.results(["release", 1, 3], ["repr", 4, 4], ["pull", "auto", 4]) == ["4"]


def test_failures_of_a_hostile_session_do_not_grow_without_bound():
    bench = Bench(Limits(session_slots=2))
    bench.run(*(["nope", slot] for slot in range(1, 50)))
    bench.run(*(["repr", slot, ["ref", 99]] for slot in range(50, 99)))
    assert len(bench.table) <= 4


def test_live_objects_inside_data_count_against_the_limit():
    bench = Bench(Limits(session_slots=3))
    bench.put(1, [Point(), Point(), Point()])
    assert bench.results(["pull", "auto", 1])[0][1]["code"] == "LimitExceeded"


def test_path_of_too_many_names_is_refused():
    bench = Bench(Limits(path_names=2))
    bench.put(1, types.SimpleNamespace(a=types.SimpleNamespace(b=types.SimpleNamespace(c=1))))
    assert bench.value(["repr", 100, ["ref", 1, "a", "b"]]).startswith("namespace")
    assert bench.error(["repr", 100, ["ref", 1, "a", "b", "c"]])["code"] == "LimitExceeded"


def test_argument_nested_too_deeply_is_refused():
    bench = Bench(Limits(depth=3))
    bench.put(1, repr)
    assert bench.value(["call", 100, ["ref", 1], [[[[[1]]]]]]) == "[[1]]"
    assert bench.value(["call", 100, ["ref", 1], [[[[[[[1]]]]]]]]) == "[[[1]]]"
    assert bench.error(["call", 100, ["ref", 1], [[[[[[[[[1]]]]]]]]]])["code"] == "LimitExceeded"


def test_live_objects_of_a_result_that_is_refused_are_given_back():
    bench = Bench(Limits(int_digits=10))
    bench.put(1, [Point(), Point(), 10**20])
    held = len(bench.table)
    for _ in range(3):
        assert bench.run(["pull", "auto", 1]).results[0][1]["code"] == "LimitExceeded"
    assert len(bench.table) == held


# Policy


def test_policy_is_asked_by_every_op_that_takes_a_name():
    bench = Bench(policy=AllowList(("math",)))
    bench.put(1, Point())
    ops = [
        ["import", 100, "os"],
        ["getattr", 100, ["ref", 1], "__class__"],
        ["getattr", 100, ["ref", 1], "__class__", None],
        ["setattr", 100, ["ref", 1], "_x", 1],
        ["delattr", 100, ["ref", 1], "_x"],
        ["repr", 100, ["ref", 1, "__dict__"]],
        ["call", 100, ["ref", 1, "__init__"], []],
        ["call", 100, ["ref", 1, "x"], [["ref", 1, "__class__"]]],
    ]
    assert {bench.error(op)["code"] for op in ops} == {"NotAllowed"}


# Bodies of maps, and the end of generators


def test_map_runs_its_body_for_each_item_and_forgets_its_slots(bench):
    bench.put(1, [1, 4, 9])
    bench.put(2, __import__("math"))
    body = [["call", 5, ["ref", 2, "sqrt"], [["ref", 4]]], ["operator", 6, "*", ["ref", 5], 10]]
    assert bench.value(["map", 100, ["ref", 1], 4, body, {"ten": ["ref", 6]}]) == [[{"ten": 10.0}, {"ten": 20.0}, {"ten": 30.0}]]
    assert sorted(bench.table.objects) == [1, 2]


def test_map_in_a_map_sees_the_items_of_both(bench):
    bench.put(1, [[1, 2], [3]])
    inner = ["map", 5, ["ref", 4], 6, [["operator", 7, "+", ["ref", 6], 1]], ["ref", 7]]
    assert bench.value(["map", 100, ["ref", 1], 4, [inner], ["ref", 5]]) == [[[[2, 3]], [[4]]]]


def test_map_fails_with_the_first_op_that_fails_and_runs_no_further(bench):
    seen = []
    bench.put(1, [1, -1, 2])
    bench.put(2, __import__("math"))
    bench.put(3, seen)
    body = [["call", 5, ["ref", 3, "append"], [["ref", 4]]], ["call", 6, ["ref", 2, "sqrt"], [["ref", 4]]]]
    error = bench.error(["map", 100, ["ref", 1], 4, body, None])
    assert (error["type"], error["op"], seen) == ("ValueError", "call math.sqrt", [1, -1])
    assert sorted(bench.table.objects) == [1, 2, 3]


@pytest.mark.parametrize(
    "body",
    [[["pull", "auto", 1]], [["release", 1]], [["repr", 0, 1]], [["repr", "x", 1]], [5], "repr", None, [["repr", True, 1]]],
)
def test_body_of_ops_that_have_no_place_there_is_refused(bench, body):
    bench.put(1, [1])
    assert bench.error(["map", 100, ["ref", 1], 4, body, None])["code"] == "BadOp"


def test_path_into_a_body_says_so_and_later_paths_are_whole_again(bench):
    bench.put(1, [1])
    wrong = [["repr", 5, ["nope"]]]
    assert bench.error(["map", 100, ["ref", 1], 4, wrong, None])["path"] == "$.body[0][2]"
    assert bench.error(["repr", 100, ["nope"]])["path"] == "$.ops[0][2]"


def test_close_runs_the_finally_of_a_generator_and_leaves_a_file_open(bench, tmp_path):
    ended = []

    def endless():
        try:
            while True:
                yield 1
        finally:
            ended.append(True)

    bench.put(1, endless())
    bench.results(["next", 2, ["ref", 1], 3], ["close", 0, ["ref", 1]])
    assert ended == [True]
    with (tmp_path / "x").open("w+") as file:
        bench.put(3, file)
        bench.results(["close", 0, ["ref", 3]])
        assert not file.closed


def test_what_the_finally_of_a_closed_generator_raises_is_the_failure(bench):
    def bad():
        try:
            yield 1
        finally:
            raise KeyError("end")

    bench.put(1, bad())
    bench.results(["next", 2, ["ref", 1], 1])
    assert bench.error(["close", 100, ["ref", 1]])["type"] == "KeyError"


# What errors tell of the machine


def test_missing_module_names_the_interpreter_and_how_to_install_it(bench):
    error = bench.error(["import", 100, "no_such_module.part"])
    assert sys.executable in error["hint"]
    assert "pip install no_such_module" in error["hint"]


def test_narrow_policy_tells_no_folder_of_the_machine():
    bench = Bench(policy=AllowList(("json", "no_such_module")))
    bench.results(["import", 1, "json"])
    error = bench.error(["call", 100, ["ref", 1, "loads"], ["{"]])
    assert error["frames"][-1][0] == "json/decoder.py"
    assert Path(json.__file__).parent.parent.as_posix() not in json.dumps(error)
    assert sys.executable not in json.dumps(bench.error(["import", 100, "no_such_module"]))
