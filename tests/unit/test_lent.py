"""What a session lends: given once, waited for no longer than the program that should lend, forgotten with its slot."""

from __future__ import annotations

import json

import pytest

from polyloom.errors import UnknownName
from polyloom.executor import apply
from polyloom.failure import Failed, Failure
from polyloom.frames import Frame, write_frame
from polyloom.handle import new_id
from polyloom.lent import Lent, Loan
from polyloom.limits import Limits
from polyloom.policy import Policy
from polyloom.table import Table
from polyloom_workers.host import Host


def test_loan_is_there_for_who_asks_before_and_after():
    lent = Lent()
    before = lent.ask(3, 1)
    assert not before.done()
    lent.give(3, Loan("it"))
    assert before.result().value == lent.ask(3, 1).result().value == "it"
    assert lent.awaited == {}


def test_what_a_program_has_not_lent_it_never_will():
    lent = Lent()
    asked, later = lent.ask(3, 1), lent.ask(4, 2)
    lent.missed(1)
    with pytest.raises(UnknownName, match="nothing is lent in slot 3"):
        asked.result()
    assert not later.done()
    lent.give(4, Loan("it"))
    lent.missed(2)
    assert later.result().value == "it"


def test_end_of_the_session_ends_who_waits_and_who_asks_later():
    lent = Lent()
    asked = lent.ask(3, 1)
    gone = UnknownName("gone", code="UnknownSession")
    lent.end(gone)
    with pytest.raises(UnknownName, match="gone"):
        asked.result()
    with pytest.raises(UnknownName, match="gone"):
        lent.ask(3, 1)
    assert not lent.loans


def test_release_forgets_what_was_lent_and_not_that_it_is_waited_for():
    lent = Lent()
    lent.give(3, Loan("it"))
    asked = lent.ask(4, 1)
    lent.release(3)
    lent.release(4)
    assert lent.awaited == {4: 1}
    lent.give(4, Loan("late"))
    assert asked.result().value == "late"


def test_op_lends_the_object_and_a_copy_where_one_is_asked_for():
    table = Table()
    apply([["import", 1, "decimal"], ["getitem", 2, [[["bytes", 0]]], 0], ["lend", 3, ["ref", 2]],
           ["lend", 4, ["ref", 2], True], ["lend", 5, ["ref", 1], True], ["lend", 6, ["ref", 99]]],
          table, Policy(), [b"abc"])  # fmt: skip
    assert table.lent.ask(3, 1).result() == Loan(b"abc", None)
    copy = table.lent.ask(4, 1).result().copy
    assert (copy.wire, copy.attachments, copy.error) == (["bytes", 0], [b"abc"], None)
    live = table.lent.ask(5, 1).result()
    assert live.value is table.get(1)
    assert live.copy.error["code"] == "NotData"
    failed = table.lent.ask(6, 1).result().value
    assert type(failed) is Failure
    assert failed.error["code"] == "UnknownSlot"
    apply([["release", 3, 4, 5]], table, Policy())
    assert not any(table.lent.ask(slot, 1).done() for slot in (3, 4, 5))


@pytest.mark.parametrize("op", [["lend", 0, 5], ["lend", 1], ["lend", 1, 5, 1], ["lend", 1, 5, True, 2]])
def test_op_of_the_wrong_shape_lends_nothing(op):
    table = Table()
    reply = apply([op], table, Policy())
    assert reply.error["code"] == "BadOp"
    assert not table.lent.loans


@pytest.mark.parametrize(
    "form", [["far"], ["far", "s", 1], ["far", 1, 1, 1], ["far", "s", "1", 1], ["far", "s", 1, 1, 1], ["far", "s", True, 1]]
)
def test_form_of_the_wrong_shape_is_refused(form):
    table = Table()
    table.borrow = lambda *_: pytest.fail("nothing is borrowed")
    reply = apply([["repr", 1, form], ["pull", "auto", 1]], table, Policy())
    assert reply.results[0][1]["code"] == "BadValue"


def test_job_borrows_nothing():
    reply = apply([["repr", 1, ["far", "s", 1, 1]], ["pull", "auto", 1]], Table(), Policy())
    assert "an object of another session has no meaning here" in reply.results[0][1]["message"]


class Worker:
    """A host whose sessions run when `work` is called, and whose frames to other workers are kept."""

    def __init__(self, limits=None, lost=()):
        self.sent, self.posted, self.waiting = [], [], []
        self.host = Host(Policy(), limits or Limits(), self._sent, self.waiting.append, post=self._post, attend=self._attend)
        self.host.lost = lambda workers: workers & set(lost)
        self.say("c", t="hello", protocol=1)

    def _post(self, worker, frame):
        self.posted.append((worker, json.loads(frame.text), frame))

    def fetched(self, far, **answer):
        """Another worker answers."""
        self.host.receive(far, write_frame({"t": "fetched", **answer}))

    def _sent(self, client, frame, entry):
        if frame.text:
            self.sent.append(json.loads(frame.text))

    def _attend(self, waiting, _reads):
        assert waiting.due() or self.meanwhile(waiting), "it would wait for ever"

    def meanwhile(self, waiting):
        """Do what happens while a program waits."""
        return False

    def say(self, by, **body):
        self.host.receive(by, write_frame(body))
        while self.waiting:
            strand = self.waiting.pop(0)
            if self.host.runner.turn(strand):
                self.waiting.append(strand)

    def session(self):
        name = new_id()
        self.say("c", t="open", session=name)
        return name

    def run(self, session, n, *ops, **keys):
        """Run a program and return its results."""
        self.say("c", t="program", session=session, n=n, ops=list(ops), **keys)
        return self.sent[-1]["results"]


def test_session_borrows_the_very_object():
    worker = Worker()
    one, other = worker.session(), worker.session()
    worker.run(one, 1, ["import", 1, "types"], ["call", 2, ["ref", 1, "SimpleNamespace"], []], ["lend", 3, ["ref", 2]])
    far = ["far", one, 1, 3]
    assert worker.run(other, 1, ["setattr", 1, far, "x", 7], ["pull", "auto", 1]) == [None]
    assert worker.run(one, 2, ["getattr", 4, ["ref", 2], "x"], ["pull", "auto", 4]) == [7]


def code(results):
    return results[0][1]["code"]


def test_forged_session_program_or_slot_is_refused_at_once():
    worker = Worker()
    one, other = worker.session(), worker.session()
    worker.run(one, 1, ["lend", 3, 5], ["getitem", 4, [["secret"]], 0])

    def ask(n, *far):
        return code(worker.run(other, n, ["repr", n, ["far", *far]], ["pull", "auto", n]))

    assert ask(1, new_id(), 1, 3) == "UnknownSession"
    assert ask(2, other, 2, 3) == "UnknownSession"
    assert ask(3, one, 1, 4) == "UnknownSlot"
    assert ask(4, one, 2, 3) == "UnknownSlot"
    assert ask(5, one, 10**9, 3) == "UnknownSlot"
    assert ask(6, one, -1, 9) == "UnknownSlot"
    worker.say("c", t="close", session=one)
    assert ask(7, one, 1, 3) == "UnknownSession"


def test_another_worker_is_sent_a_copy_and_told_where_the_rest_lives():
    worker, asker = Worker(), new_id()
    one = worker.session()
    worker.run(one, 1, ["import", 1, "decimal"], ["lend", 2, [[1, 2]], True], ["lend", 3, ["ref", 1], True], ["lend", 4, 5])
    for slot in (2, 3, 4, 5):
        worker.say(asker, t="fetch", session=one, n=1, slot=slot, ask=f"q{slot}")
    worker.say(asker, t="fetch", session=new_id(), n=1, slot=2, ask="q6")
    assert {to for to, _, _ in worker.posted} == {asker}
    answers = {body["ask"]: body for _, body, _ in worker.posted}
    assert answers["q2"]["value"] == [[1, 2]]
    live = answers["q3"]["error"][1]
    assert live["code"] == "NotData"
    assert f"it lives on the worker {worker.host.id}" in live["message"]
    assert "loom.share" in live["hint"]
    assert [answers[name]["error"][1]["code"] for name in ("q4", "q5", "q6")] == [
        "UnknownSession",
        "UnknownSlot",
        "UnknownSession",
    ]


def test_fetch_that_comes_before_the_program_has_run_is_answered_after_it():
    worker, asker = Worker(), new_id()
    one = worker.session()
    held = worker.host.clients["c"][one]
    worker.host.receive("c", write_frame({"t": "program", "session": one, "n": 1, "ops": [["lend", 2, 5, True]]}))
    worker.host.receive(asker, write_frame({"t": "fetch", "session": one, "n": 1, "slot": 2, "ask": "q"}))
    assert worker.posted == []
    assert held.table.lent.awaited == {2: 1}
    worker.say(asker, t="survey")
    assert [body for _, body, _ in worker.posted] == [{"t": "fetched", "ask": "q", "value": 5}]


def test_session_that_ends_answers_who_waits_for_it():
    worker, asker = Worker(), new_id()
    one = worker.session()
    worker.host.clients["c"][one].last = 1
    worker.host.clients["c"][one].unfinished.add(1)
    worker.say(asker, t="fetch", session=one, n=1, slot=2, ask="q")
    assert worker.posted == []
    worker.say("c", t="close", session=one)
    assert worker.posted[0][1]["error"][1]["code"] == "UnknownSession"


def test_copy_that_fits_into_no_frame_is_refused():
    worker, asker = Worker(Limits(frame_bytes=1_000)), new_id()
    one = worker.session()
    worker.run(one, 1, ["operator", 1, "*", "x", 2_000], ["lend", 2, ["ref", 1], True])
    worker.say(asker, t="fetch", session=one, n=1, slot=2, ask="q")
    assert worker.posted[0][1]["error"][1]["code"] == "LimitExceeded"


def fetching(worker, answer):
    """Have a session use a value of another worker, which `answer` gives for a question; return the results."""
    far, here, lender = new_id(), worker.session(), new_id()

    def meanwhile(waiting):
        to, question, _ = worker.posted[-1]
        assert (to, question["session"], question["n"], question["slot"]) == (far, lender, 4, 9)
        answer(far, question["ask"])
        return waiting.due()

    worker.meanwhile = meanwhile
    use = ["call", 1, ["ref", 7], [["far", lender, 4, 9]]]
    return worker.run(here, 1, ["getattr", 7, "", "join"], use, ["pull", "auto", 1], far={lender: far})


def test_value_of_another_worker_is_fetched_from_there_once():
    worker = Worker()

    def answer(far, question):
        stranger = {"t": "fetched", "ask": new_id(), "value": [["forged"]]}
        worker.host.receive(far, write_frame(stranger))
        for value in ("a", "b"):  # a transport may send it twice
            worker.host.receive(far, write_frame({"t": "fetched", "ask": question, "value": [[value]]}))

    assert fetching(worker, answer) == ["a"]
    assert worker.host.loans._fetches == {}


def test_error_of_another_worker_is_the_error_of_the_op():
    worker = Worker()
    error = ["error", {"code": "NotData", "message": "it lives there", "hint": "share it"}]
    assert fetching(worker, lambda far, ask: worker.fetched(far, ask=ask, error=error)) == [error]


def test_worker_that_is_lost_ends_what_is_fetched_from_it():
    worker = Worker()

    def answer(far, _question):
        worker.host.lost = lambda workers: workers & {far}
        worker.host.loans._end_lost()

    (result,) = fetching(worker, answer)
    assert result[1]["code"] == "WorkerLost"
    assert "where an argument lives, was lost" in result[1]["message"]


def test_answer_that_nobody_can_read_ends_what_waits_for_it():
    worker = Worker()
    (result,) = fetching(worker, lambda far, _: worker.host.receive(far, Frame(b'{"t":"fetched"')))
    assert result[1]["code"] == "BadFrame"


@pytest.mark.parametrize(
    "answer", [{"error": 5}, {"error": ["error", "x"]}, {"value": ["far", "s", 1, 1]}, {"value": ["ref", 1]}]
)
def test_answer_of_the_wrong_shape_fails_the_op_alone(answer):
    worker = Worker()
    (result,) = fetching(worker, lambda far, ask: worker.fetched(far, ask=ask, **answer))
    assert result[1]["code"] in ("BadFrame", "BadValue")


@pytest.mark.parametrize("far", [5, {"s": 5}, {"s": None}, ["s"]])
def test_places_of_the_wrong_shape_end_the_conversation(far):
    worker = Worker()
    worker.say("c", t="program", session=worker.session(), n=1, ops=[], far=far)
    assert (worker.sent[-1]["t"], worker.sent[-1]["error"][1]["code"]) == ("closed", "BadFrame")


def test_local_process_reaches_no_other():
    worker = Worker()
    worker.host.post = None
    here, lender = worker.session(), new_id()
    results = worker.run(here, 1, ["repr", 1, ["far", lender, 1, 1]], ["pull", "auto", 1], far={lender: new_id()})
    assert code(results) == "NoWorker"


def test_failure_of_the_lender_is_the_first_error():
    worker = Worker()
    one, other = worker.session(), worker.session()
    worker.run(one, 1, ["call", 1, 5, []], ["lend", 2, ["ref", 1]])
    (result,) = worker.run(other, 1, ["repr", 1, ["far", one, 1, 2]], ["pull", "auto", 1])
    assert result[1]["type"] == "TypeError"
    with pytest.raises(Failed):
        worker.host.clients["c"][other].table.get(1)
