"""What the worker counts of the mailboxes of its clients (§9)."""

from __future__ import annotations

import pytest

from polyloom.limits import Limits
from polyloom.policy import policy_of
from polyloom_workers.mailbox import Mailboxes
from polyloom_workers.session import Program, Session


@pytest.fixture
def boxes():
    return Mailboxes(100)


def strand(item, client="c"):
    session = Session("s", client, policy_of(("*",)), Limits())
    session.queue.append(item)
    return session


PROGRAM = Program(1, [], ())


def test_mailbox_is_full_above_the_limit_until_enough_is_acknowledged(boxes):
    for number in range(4):
        assert boxes.write("c", 40) == ""
        boxes.stored("c", 40, b"7-%d" % number)
    assert boxes.is_full("c")
    boxes.acknowledge("c", "7-0")
    assert boxes.is_full("c")
    boxes.acknowledge("c", "7-1")
    assert not boxes.is_full("c")
    assert boxes.write("c", 40) == "7-1"
    assert boxes.write("c", 40) == "", "Redis is told once"


def test_what_was_read_before_it_was_counted_is_not_counted_for_ever(boxes):
    boxes.write("c", 500)
    boxes.acknowledge("c", "10-0")
    assert boxes.is_full("c")
    boxes.stored("c", 500, b"9-3")
    assert not boxes.is_full("c")


def test_ids_are_compared_as_numbers(boxes):
    boxes.write("c", 500)
    boxes.stored("c", 500, b"10-0")
    boxes.acknowledge("c", "9-9")
    assert boxes.is_full("c")
    boxes.acknowledge("c", "10-0")
    assert not boxes.is_full("c")


def test_frames_that_redis_never_takes_are_not_counted(boxes):
    boxes.write("c", 500)
    boxes.lost("c", 500)
    assert not boxes.is_full("c")


@pytest.mark.parametrize("entry", ["99999999999999999999-0", "٣-٠", "1", "", "-", 5, None, ["1-1"], "1-1 x"])
def test_nonsense_acknowledges_nothing(boxes, entry):
    boxes.write("c", 500)
    boxes.stored("c", 500, b"1-1")
    boxes.acknowledge("c", entry)
    boxes.acknowledge("stranger", entry)
    assert boxes.is_full("c")


def test_programs_are_set_aside_and_other_work_is_not(boxes):
    boxes.write("c", 500)
    boxes.stored("c", 500, b"1-1")
    waits, ends, others = strand(PROGRAM), strand(None), strand(PROGRAM, "d")
    assert [boxes.hold(one) for one in (waits, ends, others)] == [True, False, False]
    assert boxes.released() == []
    boxes.acknowledge("c", "1-1")
    assert boxes.released() == [waits]
    assert boxes.released() == []
    assert not boxes.hold(strand(PROGRAM))


def test_what_waits_for_a_client_goes_on_when_it_has_gone(boxes):
    boxes.write("c", 500)
    waits = strand(PROGRAM)
    assert boxes.hold(waits)
    room = boxes.room("c")
    assert not room.done()
    boxes.forget("c")
    assert room.done()
    assert boxes.released() == [waits]
    assert boxes.room("c") is None
    boxes.stored("c", 500, b"1-1")
    boxes.lost("c", 500)
    assert not boxes.is_full("c")
