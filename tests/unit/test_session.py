"""A session's replies: what does not fit into one frame comes later, what fits into none is refused, nothing else is lost."""

from __future__ import annotations

import json

import pytest

from polyloom.limits import Limits
from polyloom.policy import Policy
from polyloom_workers.session import Program, Session


@pytest.fixture
def session():
    return Session("s", "c", Policy(), Limits(frame_bytes=2000))


def reply_to(session, *ops):
    ran = session.run(Program(1, list(ops), ()), session.table)
    assert all(len(frame.text) <= 2000 for frame in (ran.frame, *ran.rest))
    body, *later = [json.loads(frame.text) for frame in (ran.frame, *ran.rest)]
    for late in later:
        assert (late["t"], late["n"]) == ("late", 1)
        ((at, value),) = late["results"]
        assert body["results"][at] == ["pending"]
        body["results"][at] = value
    return {**body, "frames": 1 + len(ran.rest)}


def codes(results):
    return [one[1]["code"] if type(one) is list and one[0] == "error" else one for one in results]


def text_of(slot, size):
    return ["operator", slot, "*", "x", size]


def test_largest_results_come_later_until_the_reply_fits(session):
    body = reply_to(session, text_of(1, 5000), text_of(2, 600), text_of(3, 1500), text_of(4, 3), ["pull", "auto", 1, 2, 3, 4])
    assert codes(body["results"]) == ["LimitExceeded", "x" * 600, "x" * 1500, "xxx"]
    assert "frame_bytes" in body["results"][0][1]["message"]
    assert body["frames"] == 2


def test_refused_result_stays_in_its_slot(session):
    reply_to(session, text_of(1, 5000), ["pull", "auto", 1])
    body = reply_to(session, ["getitem", 2, ["ref", 1], ["slice", 0, 3, None]], ["pull", "auto", 2])
    assert body["results"] == ["xxx"]


def test_failure_without_a_slot_is_shortened_and_keeps_its_index(session):
    session.table.put(9, "x" * 9000)
    body = reply_to(session, ["import", 0, ["ref", 9]], text_of(1, 3), ["pull", "auto", 1])
    assert body["results"] == ["xxx"]
    ((index, form),) = body["failed"]
    assert (index, form[1]["code"]) == (0, "LimitExceeded")


def test_reply_that_fits_is_sent_as_it_is(session):
    body = reply_to(session, text_of(1, 1500), ["pull", "auto", 1])
    assert (body["results"], body["frames"]) == (["x" * 1500], 1)
