"""The table of a session: slots, exports and identities, and nothing left behind."""

from __future__ import annotations

import threading

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


def test_identity_outlives_the_first_of_its_handles_and_plain_slots_do_not_hold_it():
    table = Table()
    value = object()
    for slot in (1, 2, 3, 4):
        table.put(slot, value)
    first = table.identity(1, value)
    assert (table.identity(2, value), table.identity(3, value)) == (first, first)
    table.release(1)
    table.release(4)  # no handle was given for it
    table.release(2)
    assert table.identity(3, value) == first
    table.release(3)
    table.put(5, value)
    assert table.identity(5, value) != first


def test_objects_side_by_side_have_identities_of_their_own():
    table = Table()
    values = [object() for _ in range(100)]
    for slot, value in enumerate(values, 1):
        table.put(slot, value)
    assert len({table.identity(slot, value) for slot, value in enumerate(values, 1)}) == 100


def sizes(table):
    return len(table), len(table._identities), len(table._shared), len(table.late_errors)


def test_h81_table_is_exactly_back_after_100_000_handles_are_dropped():
    table = Table()
    kept = object()
    table.put(1, kept)
    table.identity(1, kept)
    before = sizes(table)
    for slot in range(2, 100_002):
        value = kept if slot % 10 == 0 else object()
        table.put(slot, value)
        if slot % 3:
            table.identity(slot, value)
    for slot in range(100_001, 1, -1):
        table.release(slot)
    assert sizes(table) == before
    assert table.identity(1, kept) == 1


def test_h81_two_threads_that_hand_out_and_drop_one_object_leave_nothing():
    table = Table()
    value = object()

    def hand_out(slots):
        for slot in slots:
            table.put(slot, value)
            table.identity(slot, value)
            table.release(slot)

    threads = [threading.Thread(target=hand_out, args=(range(begin, 100_000, 4),)) for begin in range(1, 5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sizes(table) == (0, 0, 0, 0)
