"""A host that has too much to do refuses more, with the limit's name, and takes programs again when it has caught up."""

from __future__ import annotations

import pytest

from polyloom.frames import write_frame
from polyloom.limits import Limits
from stage import ONE, Stage


def make(**limits):
    stage = Stage(Limits(**limits))
    stage.greet()
    stage.say(t="open", session="s")
    return stage


def refused(answers):
    """Return the message of the one answer among these, which refuses a program or a session."""
    (body,) = answers
    if body["t"] == "closed":
        return body["error"][1]["message"]
    (result,) = body["results"]
    assert result[1]["code"] == "LimitExceeded"
    assert body["failed"] == [[None, result]]
    return result[1]["message"]


def test_programs_beyond_the_queue_of_a_session_are_refused_and_taken_again_later():
    stage = make(session_programs=3)
    for n in (1, 2, 3):
        assert stage.program("s", n, *ONE) == []
    assert refused(stage.program("s", 4, *ONE)) == "session_programs: 3 programs of this session wait"
    assert len(stage.work()) == 3
    assert stage.program("s", 5, *ONE) == []
    (reply,) = stage.work()
    assert (reply["n"], reply["results"]) == (5, ["1"])


def test_programs_beyond_the_queue_of_a_session_with_threads_are_refused():
    stage = make(session_programs=2)
    stage.say(t="open", session="w", threads=2)
    for n in range(1, 5):
        assert stage.program("w", n, *ONE, after=[]) == []
    assert "session_programs: 2" in refused(stage.program("w", 5, *ONE, after=[]))
    assert len(stage.work()) == 4
    assert stage.program("w", 6, *ONE, after=[5]) == []
    assert [body["n"] for body in stage.work()] == [6]


@pytest.mark.parametrize("limit", ["session_bytes", "worker_bytes"])
@pytest.mark.parametrize("threads", [1, 2])
def test_bytes_that_wait_are_bounded_but_no_single_program_is_too_large(limit, threads):
    stage = make(**{limit: 1000})
    stage.say(t="open", session="w", threads=threads)
    large = ["repr", 1, "x" * 5000], ["pull", "auto", 1]
    assert stage.program("w", 1, *large, after=[]) == []
    assert stage.program("w", 2, *large, after=[]) == []
    assert refused(stage.program("w", 3, *large, after=[])).startswith(f"{limit}: programs of 5,")
    assert stage.program("s", 1, *ONE) == []  # nothing is before it
    assert bool(stage.program("s", 2, *ONE)) == (limit == "worker_bytes")
    stage.work()
    assert stage.host.runner.room.octets == 0
    assert stage.program("w", 4, *large, after=[]) == []
    assert len(stage.work()) == 1


def test_attachments_count():
    stage = make(session_bytes=1000)
    stage.program("s", 1, *ONE)
    for n in (2, 3):
        body = {"t": "program", "session": "s", "n": n, "ops": [["repr", n, ["bytes", 0]], ["pull", "auto", n]]}
        answers = stage.raw(write_frame(body, [b"x" * 5000]))
    assert "session_bytes" in refused(answers)


def test_what_a_client_leaves_behind_when_it_goes_is_counted_no_more():
    stage = make()
    for n in range(1, 5):
        stage.program("s", n, *ONE)
    assert stage.host.runner.room.octets > 0
    stage.say(t="bye")
    stage.work()
    assert stage.host.runner.room.octets == 0


def test_sessions_of_a_client_and_of_a_host_are_bounded():
    stage = make(client_sessions=2, worker_sessions=3)
    assert stage.say(t="open", session="t") == []
    assert "client_sessions: this client has 2" in refused(stage.say(t="open", session="u"))
    assert stage.say(t="open", session="t") == []  # a second copy of what is open
    stage.greet("d")
    assert stage.say("d", t="open", session="u") == []
    assert "worker_sessions: this worker has 3" in refused(stage.say("d", t="open", session="v"))
    stage.say(t="close", session="t")
    stage.work()
    assert stage.say("d", t="open", session="w") == []


def test_sessions_whose_client_has_gone_count_until_they_have_ended():
    stage = make(worker_sessions=1)
    stage.program("s", 1, *ONE)
    stage.say(t="bye")
    stage.greet("d")
    assert "worker_sessions" in refused(stage.say("d", t="open", session="u"))
    stage.work()
    assert stage.say("d", t="open", session="v") == []


def test_host_that_holds_too_many_objects_opens_no_session_until_some_are_released():
    stage = make(worker_slots=2)
    stage.program("s", 1, ["repr", 1, 1], ["repr", 2, 1])
    stage.work()
    assert stage.host.is_full()
    assert "worker_slots: this worker holds 2" in refused(stage.say(t="open", session="t"))
    stage.program("s", 2, ["release", 1])
    stage.work()
    assert not stage.host.is_full()
    assert stage.say(t="open", session="u") == []


def test_threads_beyond_the_limit_refuse_the_session_alone():
    stage = make(session_threads=4)
    assert "session_threads: 5" in refused(stage.say(t="open", session="t", threads=5))
    assert stage.program("s", 1, *ONE) == []


def test_calls_that_wait_for_the_client_are_bounded_in_a_session_with_threads():
    stage = make(session_calls=0)
    stage.say(t="open", session="w", threads=2)
    stage.program("w", 1, ["call", 1, ["exposed", 1, "function", "f"], []], ["pull", "auto", 1], after=[])
    ((_, error),) = stage.work()[0]["results"]
    assert error["code"] == "LimitExceeded"
    assert "session_calls" in error["message"]
