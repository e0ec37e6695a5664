"""When a message that nobody renews may be taken for abandoned: never by somebody who was away himself."""

from __future__ import annotations

from polyloom_workers.onlooker import Onlooker
from polyloom_workers.unacked import LEASES, transport_options


def looks(*moments: float) -> list[bool]:
    """Return what an onlooker of ten seconds says at these moments."""
    clock = iter(moments)
    onlooker = Onlooker(10.0, lambda: next(clock))
    return [onlooker.look() for _ in moments]


def test_nothing_is_abandoned_before_one_has_looked_for_as_long_as_others_had_to_renew():
    assert looks(100, 102, 104, 106, 108, 109.9, 110, 112) == [False] * 6 + [True] * 2


def test_after_a_gap_all_wait_once_more():
    assert looks(0, 4, 8, 12, 30, 34, 38, 41) == [False, False, False, True, False, False, False, True]


def test_a_short_gap_is_none():
    assert looks(0, 5, 10, 15)[-2:] == [True, True]


def test_times_go_by_the_lease():
    options = transport_options(2.0)
    assert (options["visibility_timeout"], options["unacked_restore_interval"]) == (2.0 * LEASES, 2.0)
