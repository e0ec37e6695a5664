"""Objects under names: one object a name, held by the host, known to the fleet."""

from __future__ import annotations

import pytest

from polyloom.errors import LimitExceeded, NameTaken, OpError, UnknownName, ValueRefused
from polyloom.executor import apply
from polyloom.limits import Limits
from polyloom.policy import Policy
from polyloom.registry import MemoryRegistry, Worker
from polyloom.shared import Shared
from polyloom.table import Table


class Thing:
    """Something live."""


@pytest.fixture
def fleet():
    """Two hosts that share one directory."""
    directory = MemoryRegistry()
    for name in ("one", "two"):
        directory.lease(Worker(name), 60)
    return directory, Shared("one", Limits(), directory), Shared("two", Limits(), directory)


def test_object_is_the_one_that_was_shared():
    shared, thing = Shared("w", Limits()), Thing()
    shared.share("thing", thing)
    assert shared.get("thing") is thing
    assert shared.types() == [{"name": "thing", "type": f"{__name__}.Thing"}]


def test_another_object_of_the_name_is_refused_and_the_same_one_is_not():
    shared, thing = Shared("w", Limits()), Thing()
    shared.share("thing", thing)
    shared.share("thing", thing)
    with pytest.raises(NameTaken, match="shared by the worker w already") as refused:
        shared.share("thing", Thing())
    assert refused.value.to_wire()["worker"] == "w"
    assert shared.get("thing") is thing


def test_name_of_another_worker_is_refused_and_nothing_is_held_here(fleet):
    _, one, two = fleet
    one.share("thing", Thing())
    with pytest.raises(NameTaken, match="the worker one already"):
        two.share("thing", Thing())
    assert two.types() == []
    with pytest.raises(UnknownName, match="shared by the worker one, not here") as refused:
        two.get("thing")
    assert refused.value.code == "UnknownShared"


def test_name_that_was_let_go_is_anybodys(fleet):
    directory, one, two = fleet
    one.share("thing", Thing())
    one.unshare("thing")
    assert directory.names() == {}
    two.share("thing", Thing())
    assert directory.names() == {"thing": "two"}


def test_name_that_is_not_there_is_told_with_a_few_that_are(fleet):
    _, one, two = fleet
    for number in range(7):
        one.share(f"n{number}", Thing())
    for use in (two.get, two.unshare):
        with pytest.raises(UnknownName, match="nothing is shared as 'nobody'") as refused:
            use("nobody")
        assert refused.value.hint == "there are n0, n1, n2, n3, n4 and 2 more"
    assert Shared("w", Limits()).types() == []


@pytest.mark.parametrize("name", ["", "two words", "line\n", "é", "x" * 129, "{tag}"])
def test_what_is_no_name_is_refused(name):
    shared = Shared("w", Limits())
    for use in (lambda: shared.share(name, Thing()), lambda: shared.get(name), lambda: shared.unshare(name)):
        with pytest.raises(ValueRefused, match="no name for an object"):
            use()


def test_more_than_the_limit_is_refused_and_those_there_may_be_shared_again():
    shared, thing = Shared("w", Limits(shared_names=1)), Thing()
    shared.share("a", thing)
    with pytest.raises(LimitExceeded, match="shared_names"):
        shared.share("b", thing)
    shared.share("a", thing)
    shared.unshare("a")
    shared.share("b", thing)


def test_ops_share_and_use_an_object_in_tables_of_their_own():
    shared = Shared("w", Limits())
    one, two = Table(), Table()
    one.shared = two.shared = shared
    make = ["import", 1, "decimal"], ["call", 2, ["ref", 1, "Context"], []], ["share", 3, ["ref", 2], "context"]
    assert apply([*make, ["pull", "auto", 3]], one, Policy()).results == [None]
    assert apply([["named", 1, "context"], ["pull", "keep", 1]], two, Policy()).results[0][:3] == ["handle", 1, "decimal.Context"]
    assert two.get(1) is one.get(2)
    apply([["release", 2]], one, Policy())
    assert apply([["unshare", 2, "context"], ["pull", "auto", 2]], two, Policy()).results == [None]
    assert apply([["repr", 3, ["ref", 1, "prec"]], ["pull", "auto", 3]], two, Policy()).results == ["28"]


@pytest.mark.parametrize("op", [["share", 1, 5], ["share", 1, 5, 6], ["named", 1], ["named", 1, None], ["unshare", 1, [["x"]]]])
def test_op_of_the_wrong_shape_is_refused(op):
    table = Table()
    table.shared = Shared("w", Limits())
    (result,) = apply([op, ["pull", "auto", 1]], table, Policy()).results
    assert result[1]["code"] == "BadOp"


def test_job_shares_nothing():
    (result,) = apply([["share", 1, 5, "five"], ["pull", "auto", 1]], Table(), Policy()).results
    assert (result[1]["code"], OpError.codes) == ("BadOp", ("BadOp",))
