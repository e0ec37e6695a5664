"""The page of behaviours is what the tests say, and nothing on it is without a test or a reason."""

from __future__ import annotations

import conformance


def test_page_is_what_the_titles_of_the_tests_say():
    assert conformance.PAGE.read_text() == conformance.render(), "run `make conformance`"


def test_every_behaviour_has_a_test_or_else_a_reason():
    tests = conformance.held()
    behaviours = conformance.read()["behaviours"]
    assert [int(one["id"][1:]) for one in behaviours] == list(range(1, 112))
    assert [one["id"] for one in behaviours if bool(tests[one["id"]]) == ("missing" in one)] == []


def test_skip_is_of_a_transport_on_which_no_test_runs():
    tests = conformance.held()
    for one in conformance.read()["behaviours"]:
        run = {transport for case in tests[one["id"]] for transport in case.transports}
        assert run.isdisjoint(one.get("skips", {})), one["id"]


def test_titles_name_single_behaviours_and_ranges():
    assert conformance.ids_in("A1 A12 x") == {"A1", "A12"}
    assert conformance.ids_in("C28 to C30 and J98") == {"C28", "C29", "C30", "J98"}
    assert conformance.ids_in("8 MB of UTF-16") == set()
