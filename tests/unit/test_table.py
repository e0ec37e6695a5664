"""The table of a session: slots, exports and identities, and nothing left behind."""

from __future__ import annotations

import pytest

from polyloom.errors import LimitExceeded, UnknownName
from polyloom.failure import Failed, Failure
from polyloom.limits import Limits
from polyloom.table import Table


def test_empty_slot_and_slot_of_none_are_told_apart():
    table = Table()
    table.put(1, None)
    assert table.get(1) is None
    with pytest.raises(UnknownName) as caught:
        table.get(2)
    assert (caught.value.code, caught.value.hint != "") == ("UnknownSlot", True)


def test_failure_in_a_slot_is_raised_to_whoever_uses_it():
    table = Table()
    failure = Failure({"code": "PythonError"})
    table.put(1, failure)
    with pytest.raises(Failed) as caught:
        table.get(1)
    assert caught.value.failure is failure


def test_exported_objects_get_negative_slots_that_are_never_used_again():
    table = Table()
    slots = [table.export(object()) for _ in range(3)]
    table.release(slots[-1])
    assert [*slots, table.export(object())] == [-1, -2, -3, -4]


def test_limit_counts_what_is_held_and_not_what_was():
    table = Table(Limits(session_slots=2))
    for slot in range(1, 10):
        table.put(slot, slot)
        table.release(slot)
    table.put(10, 1)
    table.export(object())
    with pytest.raises(LimitExceeded):
        table.put(11, 1)


def test_identity_lives_as_long_as_one_handle_of_the_object():
    table = Table()
    value = object()
    table.put(1, value)
    table.put(2, value)
    first = table.identity(1, value)
    assert table.identity(2, value) == table.identity(1, value) == first
    table.release(1)
    assert table.identity(2, value) == first
    table.release(2)
    table.put(3, value)
    assert table.identity(3, value) != first


def test_late_error_is_forgotten_with_its_iterator():
    table = Table()
    iterator = iter(())
    table.put(1, iterator)
    table.late_errors[id(iterator)] = ValueError()
    table.release(1)
    assert table.late_errors == {}


def test_clear_leaves_nothing():
    table = Table()
    table.put(1, [])
    table.identity(1, table.get(1))
    table.export(object())
    table.clear()
    assert len(table) == 0
    with pytest.raises(UnknownName):
        table.get(1)
