"""A host without any transport: every frame is answered as the page says, and no frame brings it down."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from polyloom.errors import FrameError, Gone
from polyloom.frames import Frame, write_frame
from polyloom.limits import Limits
from polyloom_workers.host import KINDS
from stage import ONE, Stage


@pytest.fixture
def stage():
    made = Stage()
    made.greet()
    made.say(t="open", session="s")
    return made


def closed_with(answers):
    """Return the code of the one `closed` frame among answers."""
    (body,) = answers
    assert body["t"] == "closed"
    return body["error"][1]["code"]


def test_hello_is_answered_with_both_versions_and_the_worker():
    stage = Stage()
    (answer,) = stage.say(t="hello", protocol=1, version="9.9", client="c")
    assert answer.keys() == {"t", "protocol", "version", "worker", "python"}
    assert (answer["t"], answer["protocol"], answer["worker"]) == ("hello", 1, stage.host.id)


@pytest.mark.parametrize("kind", ["open", "program", "close", "bye"])
def test_frame_before_the_hello_is_refused(kind):
    assert closed_with(Stage().say(t=kind, session="s", n=1, ops=[])) == "BadFrame"


@pytest.mark.parametrize("protocol", [0, 2, "1", None])
def test_other_protocol_is_a_version_mismatch_that_names_both(protocol):
    stage = Stage()
    (answer,) = stage.say(t="hello", protocol=protocol, version="9.9", client="c")
    error = answer["error"][1]
    assert error["code"] == "VersionMismatch"
    assert str(protocol) in error["message"]
    assert "0.1.0" in error["hint"]
    assert stage.host.clients == {}


@pytest.mark.parametrize("kind", ["jump", "reply", "closed", ""])
def test_unknown_kind_is_a_bad_frame(stage, kind):
    assert closed_with(stage.say(t=kind)) == "BadFrame"


@pytest.mark.parametrize("text", [b"", b"{", b"[]", b"{}", b'{"t":5}', b'{"t":"program","x":NaN}'])
def test_what_is_no_frame_ends_the_conversation_with_a_reason(stage, text):
    assert closed_with(stage.raw(Frame(text))) == "BadFrame"


@pytest.mark.parametrize(
    "body",
    [
        {"t": "open"},
        {"t": "open", "session": 5},
        {"t": "open", "session": None},
        {"t": "close"},
        {"t": "close", "session": ["s"]},
        {"t": "program", "n": 1, "ops": []},
        {"t": "program", "session": "s", "ops": []},
        {"t": "program", "session": "s", "n": 1},
        {"t": "program", "session": "s", "n": "1", "ops": []},
        {"t": "program", "session": "s", "n": True, "ops": []},
        {"t": "program", "session": "s", "n": 0, "ops": []},
        {"t": "program", "session": "s", "n": -1, "ops": []},
        {"t": "program", "session": "s", "n": 1, "ops": {}},
    ],
    ids=json.dumps,
)
def test_missing_or_wrong_key_is_a_bad_frame(stage, body):
    assert closed_with(stage.say(**body)) == "BadFrame"


def test_unknown_keys_are_ignored(stage):
    assert stage.say(t="open", session="other", colour="red") == []
    assert stage.program("other", 1, *ONE, colour="red") == []
    assert stage.work()[0]["results"] == ["1"]


def test_every_accepted_program_is_answered_by_one_reply(stage):
    for n in (1, 2, 3):
        stage.program("s", n, ["repr", n, n], ["pull", "auto", n])
    assert [(body["t"], body["session"], body["n"], body["results"]) for body in stage.work()] == [
        ("reply", "s", n, [str(n)]) for n in (1, 2, 3)
    ]


def test_second_copy_of_a_program_is_not_run_again(stage):
    stage.program("s", 1, ["import", 1, "collections"], ["call", 2, ["ref", 1, "Counter"], []])
    add = ["call", 0, ["ref", 2, "update"], [[["x"]]]]
    stage.program("s", 2, add)
    stage.program("s", 2, add)
    stage.work()
    stage.program("s", 2, add)
    stage.program("s", 3, ["getitem", 3, ["ref", 2], "x"], ["pull", "auto", 3])
    (reply,) = stage.work()
    assert reply["results"] == [1]


def test_missing_program_is_reported_and_nothing_after_it_runs(stage):
    stage.program("s", 1, *ONE)
    assert closed_with(stage.program("s", 3, *ONE)) == "ProgramLost"
    assert "s" not in stage.host.clients.get("c", {})


def test_unknown_session_is_answered_by_a_reply_of_as_many_errors_as_were_pulled(stage):
    (reply,) = stage.program("nope", 1, ["pull"], ["pull", "auto"], ["pull", "auto", 1, 2], ["pull", "keep", 1])
    assert (reply["t"], reply["session"], reply["n"]) == ("reply", "nope", 1)
    assert [error["code"] for _, error in reply["results"]] == ["UnknownSession"] * 3


def test_session_of_another_client_is_unknown(stage):
    stage.greet("other")
    (reply,) = stage.program("s", 1, *ONE, by="other")
    assert reply["results"][0][1]["code"] == "UnknownSession"


def test_opening_twice_changes_nothing(stage):
    stage.program("s", 1, ["repr", 1, 5])
    stage.say(t="open", session="s")
    stage.program("s", 2, ["pull", "auto", 1])
    assert stage.work()[-1]["results"] == ["5"]


def test_close_waits_for_the_programs_before_it_and_nothing_follows_it(stage):
    stage.program("s", 1, *ONE)
    stage.say(t="close", session="s")
    stage.program("s", 2, *ONE)
    answers = stage.work()
    assert [(body["t"], body.get("n")) for body in answers] == [("reply", 1), ("closed", None)]
    assert answers[-1] == {"t": "closed", "session": "s", "error": None}


def test_close_frees_every_object(stage):
    session = stage.host.clients["c"]["s"]
    stage.program("s", 1, *ONE)
    stage.work()
    assert len(session.table) == 1
    stage.say(t="close", session="s")
    stage.work()
    assert len(session.table) == 0
    assert stage.host.clients == {"c": {}}


def test_closing_an_unknown_session_is_no_fault(stage):
    assert stage.say(t="close", session="nope") == []


def test_bye_frees_all_sessions_after_the_programs_before_it(stage):
    stage.say(t="open", session="second")
    tables = [session.table for session in stage.host.clients["c"].values()]
    stage.program("s", 1, *ONE)
    stage.program("second", 1, *ONE)
    assert stage.say(t="bye") == []
    assert [(body["t"], body["results"]) for body in stage.work()] == [("reply", ["1"])] * 2
    assert [len(table) for table in tables] == [0, 0]
    assert stage.host.clients == {}


def test_client_forgotten_while_its_frame_is_handled_is_answered_and_not_fatal(stage):
    stage.host.forget("c")  # by the sweep, after `receive` has looked for the client
    for kind in ("open", "program", "close"):
        with pytest.raises(FrameError):
            KINDS[kind](stage.host, "c", {"t": kind, "session": "s", "n": 1, "ops": []}, Frame(b""), None)


def test_every_frame_ends_its_entry_once(stage):
    stage.sent.clear()
    stage.say(t="hello", protocol=1, version="0", client="c", entry="e0")
    stage.say(t="open", session="t", entry="e1")
    stage.program("t", 1, *ONE, entry="e2")
    stage.program("t", 1, *ONE, entry="e3")
    stage.program("nope", 1, *ONE, entry="e4")
    stage.say(t="close", session="t", entry="e5")
    stage.program("t", 2, *ONE, entry="e6")
    stage.say(t="close", session="nope", entry="e7")
    stage.say(t="jump", entry="e8")
    stage.say(t="bye", entry="e9")
    stage.work()
    ended = [entry for _, _, entry in stage.sent if entry is not None]
    assert sorted(ended) == [f"e{number}" for number in range(10)]


def test_fault_of_the_host_itself_is_answered_as_an_internal_error(stage, monkeypatch):
    def broken(program):
        raise RuntimeError("a bug")

    monkeypatch.setattr(stage.host.clients["c"]["s"], "run", broken)
    stage.program("s", 1, *ONE)
    (reply,) = stage.work()
    assert [error["code"] for _, error in reply["results"]] == ["InternalError"]


def test_fault_in_handling_a_frame_is_answered_as_an_internal_error(stage, monkeypatch):
    monkeypatch.setitem(KINDS, "open", lambda *_: 1 / 0)
    assert closed_with(stage.say(t="open", session="x")) == "InternalError"


def test_limits_of_the_host_hold_for_its_frames():
    stage = Stage(Limits(frame_bytes=100))
    stage.greet()
    assert closed_with(stage.say(t="open", session="x" * 100)) == "LimitExceeded"


def test_acknowledgement_is_passed_on(stage):
    seen = []
    stage.host.on_acknowledged = lambda client, entry: seen.append((client, entry))
    stage.program("s", 1, *ONE, ack="5-1")
    stage.program("s", 2, *ONE)
    assert seen == [("c", "5-1")]


def test_program_that_ran_is_reported_with_what_it_called(stage):
    seen = []
    stage.host.runner.on_ran = lambda session, ran: seen.append(
        (session.id, ran.program.n, ran.reply.called, ran.ended >= ran.began)
    )
    stage.program("s", 1, ["import", 1, "math"], ["call", 2, ["ref", 1, "sqrt"], [4]])
    stage.work()
    import math

    assert seen == [("s", 1, math.sqrt, True)]


json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-2, 3) | st.sampled_from(["s", "c", "", "pull"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=2), inner, max_size=2),
    max_leaves=6,
)
bodies = st.fixed_dictionaries(
    {"t": st.sampled_from([*KINDS, "nope"])},
    optional=dict.fromkeys(("session", "n", "ops", "ack", "protocol", "client"), json_values),
)


@given(st.lists(bodies, max_size=6))
@settings(deadline=None, max_examples=400)
def test_no_sequence_of_frames_raises(bodies):
    stage = Stage()
    stage.greet()
    for body in bodies:
        stage.say(**body)
        stage.work()


def test_frames_after_the_end_of_a_conversation_are_ignored_until_a_new_hello():
    stage = Stage()
    assert closed_with(stage.say(t="hello", protocol=2, version="9.9", client="c")) == "VersionMismatch"
    assert stage.say(t="open", session="s") == []
    assert stage.program("s", 1, *ONE) == []
    stage.greet()
    stage.say(t="open", session="s")
    stage.program("s", 1, *ONE)
    assert [body["results"] for body in stage.work()] == [["1"]]


@pytest.mark.parametrize("kind", ["close", "bye", "lease", "error"])
def test_contexts_are_left_when_a_session_ends(stage, kind):
    told = []

    class Door:
        def __enter__(self):
            return self

        def __exit__(self, *error):
            told.append(error[:2])

    stage.host.clients["c"]["s"].table.put(9, Door())
    stage.program("s", 1, ["enter", 1, ["ref", 9]])
    stage.work()
    end = {
        "close": lambda: stage.say(t="close", session="s"),
        "bye": lambda: stage.say(t="bye"),
        "lease": lambda: stage.host.expire("c"),
        "error": lambda: stage.raw(write_frame({"t": 5})),
    }
    end[kind]()
    stage.work()
    ((raised, error),) = told
    assert raised is Gone
    assert str(error)
    assert not stage.host.parting


def test_contexts_are_left_by_a_host_that_runs_no_sessions_any_more(stage):
    told = []

    class Door:
        def __enter__(self):
            return self

        def __exit__(self, *error):
            told.append(error[0])

    stage.host.clients["c"]["s"].table.put(9, Door())
    stage.program("s", 1, ["enter", 1, ["ref", 9]])
    stage.work()
    stage.host.forget("c")
    stage.host.part(5)
    stage.host.part(5)
    stage.work()
    assert told == [Gone]


def test_client_whose_lease_ended_is_told_so_once(stage):
    stage.program("s", 1, *ONE)
    stage.work()
    stage.host.expire("c")
    stage.work()
    assert closed_with(stage.program("s", 2, *ONE)) == "LeaseExpired"
    assert stage.program("s", 3, *ONE) == []


def test_only_so_many_ended_conversations_are_remembered(monkeypatch):
    monkeypatch.setattr("polyloom_workers.host.REMEMBERED", 2)
    stage = Stage()
    for client in "abc":
        stage.host.expire(client)
    assert list(stage.host.ended) == ["b", "c"]
