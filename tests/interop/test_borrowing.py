"""Two real workers, by a client that knows the wire protocol alone: names of the one, copies of its data on the other."""

from __future__ import annotations

import hashlib
import json
import secrets
import signal

import pytest

from deadline import until
from wire_client import RedisClient, Silence
from worker_process import polyloom


@pytest.fixture
def fleet(own_server, start_worker):
    """A client of each of two workers."""
    workers = [start_worker(own_server.url, "--allow", "*", "--name", name, POLYLOOM_LEASE="2") for name in ("one", "two")]
    clients = [RedisClient(own_server.url, worker.ready().id) for worker in workers]
    for client in clients:
        client.hello()
    yield list(zip(workers, clients, strict=True))
    for client in clients:
        client.close()


def error_of(results):
    """Return the error of the last result."""
    assert results[-1][0] == "error", results
    return results[-1][1]


def test_large_copy_goes_from_worker_to_worker_and_leaves_nothing_behind(fleet):
    (there, lender), (_here, borrower) = fleet
    session, using = lender.open(), borrower.open()
    data = secrets.token_bytes(300_000)
    lender.run(session, ["getitem", 1, [[["bytes", 0]]], 0], ["lend", 2, ["ref", 1], True], attachments=(data,))
    seen = lender.redis.xinfo_stream(lender.mailbox)["entries-added"]
    make = ["import", 1, "hashlib"], ["call", 2, ["ref", 1, "sha256"], [["far", session, 1, 2]]]
    n = borrower.post(using, *make, ["call", 3, ["ref", 2, "hexdigest"], []], ["pull", "auto", 3], far={session: there.id})
    assert borrower.results(using, n) == [hashlib.sha256(data).hexdigest()]
    assert lender.redis.xinfo_stream(lender.mailbox)["entries-added"] == seen, "the clients see nothing of it"
    until(lambda: not borrower.redis.keys("polyloom:{*}:blob:*"), "the blob is freed by who has read it")


def test_forged_handles_of_another_worker_are_unknown_there(fleet):
    (there, lender), (_here, borrower) = fleet
    session, using = lender.open(), borrower.open()
    lender.run(session, ["lend", 1, "secret", True], ["getitem", 2, [["not lent"]], 0])
    forged = {
        (secrets.token_urlsafe(15), 1, 1): "UnknownSession",
        (session, 1, 2): "UnknownSlot",
        (session, 2, 1): "UnknownSlot",
        (session, 1, -1): "UnknownSlot",
        (using, 1, 1): "UnknownSession",
    }
    for slot, ((name, n, lent), code) in enumerate(forged.items(), 1):
        sent = borrower.post(using, ["repr", slot, ["far", name, n, lent]], ["pull", "auto", slot], far={name: there.id})
        assert error_of(borrower.results(using, sent))["code"] == code
    sent = borrower.post(using, ["repr", 20, ["far", session, 1, 1]], ["pull", "auto", 20])
    assert borrower.results(using, sent) == ["'secret'"]


def test_answer_that_nobody_asked_for_is_ignored(fleet):
    _, (_here, borrower) = fleet
    using = borrower.open()
    borrower.send(t="fetched", ask=secrets.token_urlsafe(15), value=7)
    assert borrower.run(using, ["repr", 1, 5], ["pull", "auto", 1]) == ["5"]


@pytest.mark.parametrize("end", [signal.SIGKILL, signal.SIGSTOP])
def test_worker_that_is_lost_while_it_is_asked_is_told(fleet, end):
    (there, lender), (_here, borrower) = fleet
    session, using = lender.open(), borrower.open()
    lender.post(session, ["import", 1, "time"], ["call", 2, ["ref", 1, "sleep"], [3600]], ["lend", 3, 5, True])
    n = borrower.post(using, ["repr", 1, ["far", session, 1, 3]], ["repr", 2, 2], ["pull", "auto", 1, 2], far={session: there.id})
    with pytest.raises(Silence):
        borrower.find(lambda body: body["t"] == "reply", "a reply, which must wait", seconds=0.5)
    there.process.send_signal(end)
    lost, other = borrower.results(using, n)
    assert (lost[1]["code"], other) == ("WorkerLost", "2")
    assert there.id in lost[1]["message"]
    if end == signal.SIGSTOP:
        there.process.kill()


def test_name_is_one_workers_and_ends_with_it(fleet):
    (there, lender), (here, borrower) = fleet
    session, using = lender.open(), borrower.open()
    make = ["import", 1, "decimal"], ["call", 2, ["ref", 1, "Context"], []]
    lender.run(session, *make, ["share", 3, ["ref", 2], "context"])
    taken = error_of(borrower.run(using, *make, ["share", 3, ["ref", 2], "context"], ["pull", "auto", 3]))
    assert (taken["code"], taken["worker"]) == ("NameTaken", there.id)
    assert there.id in error_of(borrower.run(using, ["named", 4, "context"], ["pull", "auto", 4]))["message"]
    shown = json.loads(polyloom("ps", "--json", "--url", there.url).stdout)
    held = {record["id"]: [one["name"] for one in record["shared"]] for record in shown}
    assert held == {there.id: ["context"], here.id: []}
    there.process.kill()
    slots = iter(range(10, 10_000))

    def shared():
        slot = next(slots)
        return borrower.run(using, ["share", slot, ["ref", 2], "context"], ["pull", "auto", slot]) == [None]

    until(shared, "the name is free once its worker is dead")
