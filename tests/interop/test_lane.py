"""The session lane over a real server, by a client that knows the wire protocol alone."""

from __future__ import annotations

import json
import os
import secrets

import pytest
import redis

from deadline import LONG, until
from wire_client import RedisClient

FOUNDING = (
    ["import", 1, "numpy"],
    ["call", 2, ["ref", 1, "arange"], [6]],
    ["call", 3, ["ref", 2, "reshape"], [2, 3]],
    ["getattr", 4, ["ref", 3], "T"],
    ["call", 5, ["ref", 4, "sum"], [], {"axis": 1}],
    ["pull", "auto", 5],
)


def closes(client, session=None):
    """Wait for the end of a session and return the code of the reason, or None."""
    body = client.find(lambda body: body["t"] == "closed" and body.get("session") == session, "the end of a session")
    return body["error"] and body["error"][1]["code"]


class Gate:
    """A program that lasts in a session of its own until the gate is opened, by another session of the same worker."""

    def __init__(self, client):
        self.client, self.name = client, f"gate_{secrets.token_hex(6)}"
        self.is_open = False
        self.session = client.open()
        make = ["import", 1, "builtins"], ["import", 2, "threading"], ["call", 3, ["ref", 2, "Event"], []]
        client.run(self.session, *make, ["setattr", 4, ["ref", 1], self.name, ["ref", 3]], ["pull", "value", 4])
        self.n = client.post(self.session, ["call", 5, ["ref", 3, "wait"], [LONG]], ["pull", "auto", 5])

    def open(self, client=None):
        """Let the program end."""
        if self.is_open:
            return
        self.is_open = True
        client = client or self.client
        session = client.open()
        event = ["import", 1, "builtins"], ["call", 2, ["ref", 1, self.name, "set"], []], ["delattr", 3, ["ref", 1], self.name]
        assert client.run(session, *event, ["pull", "value", 3]) == [None]
        client.send(t="close", session=session)

    def waits(self):
        """Tell whether no reply of the program has come."""
        return not any(body["t"] == "reply" and body["session"] == self.session for body, _ in self.client.frames)


@pytest.fixture
def gate(client):
    """A gate on the shared worker, opened at the end at the latest."""
    made = Gate(client)
    yield made
    made.open()


def test_founding_program_is_one_round_trip(client):
    session = client.open()
    reply = client.reply(session, client.post(session, *FOUNDING))
    assert reply["results"] == [["ndarray", 0, "int64", [3]]]
    assert reply["attachments"] == [b"".join(number.to_bytes(8, "little") for number in (3, 5, 7))]


def test_hello_names_the_worker_of_the_inbox(server, worker):
    client = RedisClient(server.url, worker.id)
    answer = client.hello()
    assert (answer["t"], answer["worker"]) == ("hello", worker.id)
    client.close()


def test_program_is_answered_without_waiting_for_the_hello(server, worker):
    client = RedisClient(server.url, worker.id)
    client.send(t="hello", protocol=1, version="0.1.0", client=client.id)
    session = client.open()
    assert client.run(session, ["repr", 1, 5], ["pull", "auto", 1]) == ["5"]
    client.close()


def test_session_that_sleeps_does_not_keep_another_from_running(client, gate):
    quick = client.open()
    for slot in range(1, 30):
        assert client.run(quick, ["repr", slot, slot], ["pull", "auto", slot]) == [str(slot)]
    assert gate.waits()
    gate.open()
    assert client.results(gate.session, gate.n) == [True]


def test_sessions_run_side_by_side_and_meet(client):
    """Each waits for the other inside Python: run one after the other, neither would ever end."""
    one, two = client.open(), client.open()
    name = f"barrier_{secrets.token_hex(4)}"
    client.run(one, ["import", 1, "builtins"], ["import", 2, "threading"], ["call", 3, ["ref", 2, "Barrier"], [2]],
               ["setattr", 4, ["ref", 1], name, ["ref", 3]], ["pull", "value", 4])  # fmt: skip
    numbers = [
        client.post(session, ["import", 10, "builtins"], ["call", 11, ["ref", 10, name, "wait"], [LONG]], ["pull", "auto", 11])
        for session in (one, two)
    ]
    results = [client.results(session, n)[0] for session, n in zip((one, two), numbers, strict=True)]
    assert sorted(results) == [0, 1]
    client.run(one, ["delattr", 12, ["ref", 1], name], ["pull", "value", 12])


def test_order_within_a_session_is_kept_however_fast_programs_come(client):
    session = client.open()
    client.run(session, ["import", 1, "builtins"], ["call", 2, ["ref", 1, "list"], []], ["pull", "keep", 2])
    numbers = [client.post(session, ["call", 0, ["ref", 2, "append"], [number]]) for number in range(300)]
    assert client.run(session, ["pull", "auto", 2]) == [[list(range(300))]]
    for n in numbers:
        assert client.results(session, n) == []


def test_large_attachment_travels_whole(client):
    session = client.open()
    data = secrets.token_bytes(2_000_000)
    n = client.post(
        session,
        ["import", 1, "builtins"],
        ["call", 2, ["ref", 1, "bytes"], [["bytes", 0]]],
        ["pull", "auto", 2],
        attachments=(data,),
    )
    reply = client.reply(session, n)
    assert (reply["results"], reply["attachments"]) == ([["bytes", 0]], [data])


def test_second_copy_of_an_entry_is_not_run_again(client):
    session = client.open()
    client.run(session, ["import", 1, "builtins"], ["call", 2, ["ref", 1, "list"], []], ["pull", "keep", 2])
    program = {"t": "program", "session": session, "n": 2, "ops": [["call", 0, ["ref", 2, "append"], [1]]]}
    for _ in range(3):
        client.send(**program)
    client.numbers[session] = 2
    assert client.run(session, ["pull", "auto", 2]) == [[[1]]]


def test_close_is_answered_after_the_programs_before_it(client):
    session = client.open()
    n = client.post(session, ["repr", 1, 1], ["pull", "auto", 1])
    client.send(t="close", session=session)
    assert client.results(session, n) == ["1"]
    assert closes(client, session) is None


# Streams stay short


def test_mailbox_is_trimmed_up_to_what_is_acknowledged(client):
    session = client.open()
    for slot in range(1, 60):
        client.results(session, client.post(session, ["repr", slot, slot], ["pull", "auto", slot], ack=client.last))
    assert client.redis.xlen(client.mailbox) <= 2


def test_mailbox_without_acknowledgement_keeps_every_reply(client):
    session = client.open()
    numbers = [client.post(session, ["repr", slot, slot], ["pull", "auto", slot]) for slot in range(1, 40)]
    for n in numbers:
        client.results(session, n)
    client.frames.clear()
    client.last = "0"  # a client that begins to read anew
    assert [client.results(session, n) for n in numbers] == [[str(slot)] for slot in range(1, 40)]


@pytest.mark.parametrize("ack", ["99999999999999999999-0", "٣-٠", "1", "", "-", 5, None, ["1-1"], "1-1 x"])
def test_acknowledgement_that_is_none_holds_no_reply_back(client, ack):
    session = client.open()
    n = client.post(session, ["repr", 1, 1], ["pull", "auto", 1], ack=ack)
    assert client.results(session, n) == ["1"]


def test_inbox_is_trimmed_to_empty(client):
    session = client.open()
    for slot in range(1, 400):
        client.post(session, ["repr", slot, slot])
    client.run(session, ["repr", 500, 5], ["pull", "auto", 500])
    until(lambda: client.redis.xlen(client.inbox) == 0, "the inbox is empty")


LARGE = bytes(range(256)) * 400  # above the 64 KiB from which an attachment is a blob


def with_blobs(client, session, blobs, *ops):
    """Post a program whose attachments are blobs that were written before."""
    client.numbers[session] += 1
    n = client.numbers[session]
    text = json.dumps({"t": "program", "session": session, "n": n, "ops": list(ops)})
    pieces = [piece for blob in blobs for piece in ("b", blob)]
    client.redis.execute_command("XADD", client.inbox, "*", "c", client.id, "f", text, *pieces)
    return n


LENGTH = [["import", 1, "builtins"], ["call", 2, ["ref", 1, "len"], [["bytes", 0]]], ["pull", "auto", 2]]


def test_large_attachment_of_a_reply_is_a_blob_beside_the_mailbox(client):
    session = client.open()
    copied = client.post(
        session, ["import", 1, "copy"], ["call", 2, ["ref", 1, "copy"], [["bytes", 0]]], ["pull", "auto", 2], attachments=(LARGE,)
    )
    assert client.reply(session, copied)["attachments"] == [LARGE]
    (blob,) = client.blobs
    assert 0 < client.redis.ttl(client.blob(blob)) <= 3600
    assert client.redis.xrevrange(client.mailbox, count=1)[0][1].keys() == {b"c", b"f", b"b"}


def test_blob_to_the_worker_is_freed_when_its_program_has_ended(client):
    session = client.open()
    blob, key = client.put_blob(LARGE)
    assert client.results(session, with_blobs(client, session, [blob], *LENGTH)) == [len(LARGE)]
    until(lambda: not client.redis.exists(key), "the blob is freed")


def test_blobs_and_small_attachments_keep_their_places(client):
    session = client.open()
    blob, _ = client.put_blob(LARGE)
    client.numbers[session] += 1
    ops = [["import", 1, "builtins"]]
    ops += [["call", at + 2, ["ref", 1, "len"], [["bytes", at]]] for at in range(3)]
    text = json.dumps({"t": "program", "session": session, "n": 1, "ops": [*ops, ["pull", "auto", 2, 3, 4]]})
    client.redis.execute_command("XADD", client.inbox, "*", "c", client.id, "f", text, "a", b"x", "b", blob, "a", b"yz")
    assert client.results(session, 1) == [1, len(LARGE), 2]


def test_second_copy_of_an_entry_is_ignored_though_its_blob_is_freed(client):
    session = client.open()
    blob, key = client.put_blob(LARGE)
    assert client.results(session, with_blobs(client, session, [blob], *LENGTH)) == [len(LARGE)]
    until(lambda: not client.redis.exists(key), "the blob is freed")
    client.numbers[session] = 0
    with_blobs(client, session, [blob], *LENGTH)
    assert client.run(session, ["repr", 9, 1], ["pull", "auto", 9]) == ["1"]


def test_blob_that_is_gone_ends_the_conversation_and_nothing_else(client, server, worker):
    session = client.open()
    with_blobs(client, session, ["A" * 20], *LENGTH)
    assert client.expect("closed")["error"][1]["code"] == "ProgramLost"
    other = RedisClient(server.url, worker.id)
    other.hello()
    assert other.run(other.open(), ["repr", 1, 1], ["pull", "auto", 1]) == ["1"]
    other.close()


def test_entry_of_a_running_program_stays_in_the_inbox(client, gate):
    def running():
        return [name for name, fields in client.redis.xrange(client.inbox) if b'"wait"' in fields[b"f"]]

    (entry,) = running()
    quick = client.open()
    for slot in range(1, 400):
        client.post(quick, ["repr", slot, slot])
    client.run(quick, ["repr", 500, 5], ["pull", "auto", 500])
    assert running() == [entry]
    gate.open()
    until(lambda: client.redis.xlen(client.inbox) == 0, "the inbox is empty")


# Garbage


GARBAGE = {
    "nothing known": {"x": "y"},
    "no text": {"c": "{id}"},
    "no client": {"f": "{}"},
    "client that is no id": {"c": "../../x", "f": "{}"},
    "client of bytes": {"c": b"\xff" * 20, "f": "{}"},
    "empty client": {"c": "", "f": "{}"},
    "no JSON": {"c": "{id}", "f": "{"},
    "bytes": {"c": "{id}", "f": b"\xff\xfe\x00"},
    "array": {"c": "{id}", "f": "[]"},
    "deep": {"c": "{id}", "f": "[" * 50_000},
    "unknown kind": {"c": "{id}", "f": '{"t":"jump"}'},
    "strange hello": {"c": "{id}", "f": '{"t":"hello","protocol":[]}'},
    "program without a session": {"c": "{id}", "f": '{"t":"program"}'},
    "reply": {"c": "{id}", "f": '{"t":"reply","session":"x","n":1,"results":[]}'},
}


@pytest.mark.parametrize("fields", GARBAGE.values(), ids=GARBAGE)
def test_worker_survives_garbage_in_its_inbox(client, worker, fields):
    session = client.open()
    stranger = secrets.token_urlsafe(15)
    filled = {name: stranger if value == "{id}" else value for name, value in fields.items()}
    client.redis.xadd(client.inbox, filled)
    assert client.run(session, ["repr", 1, 1], ["pull", "auto", 1]) == ["1"]
    assert worker.process.poll() is None


def test_mailbox_of_a_stranger_is_not_kept_for_ever(client):
    stranger = secrets.token_urlsafe(15)
    mailbox = client.mailbox.replace(client.id, stranger)
    client.redis.xadd(client.inbox, {"c": stranger, "f": '{"t":"open","session":"x"}'})
    until(lambda: client.redis.xlen(mailbox), "the stranger is answered")
    (_, fields), *_ = client.redis.xrange(mailbox)
    assert json.loads(fields[b"f"])["error"][1]["code"] == "BadFrame"
    until(lambda: client.redis.pttl(mailbox) > 0, "its mailbox expires")


def test_mailbox_that_is_no_stream_holds_nobody_else_back(client):
    stranger = secrets.token_urlsafe(15)
    mailbox = client.mailbox.replace(client.id, stranger)
    client.redis.set(mailbox, "not a stream", ex=600)
    client.redis.xadd(client.inbox, {"c": stranger, "f": '{"t":"hello","protocol":1,"version":"0","client":"x"}'})
    session = client.open()
    for slot in range(1, 50):
        assert client.run(session, ["repr", slot, slot], ["pull", "auto", slot]) == [str(slot)]
    client.redis.delete(mailbox)


# Clients that leave


@pytest.fixture
def short(own_server, start_worker):
    """A worker with a short lease, so that the dead are noticed soon, and a second client that looks at it from outside."""
    worker = start_worker(own_server.url, "--allow", "*", "--lease", "1").ready()
    observer = RedisClient(own_server.url, worker.id)
    observer.hello()
    yield own_server, worker, observer
    observer.redis.close()


PROBE = """
import gc, sys, types
module = types.ModuleType("probe_of_the_tests")
class Held:
    pass
module.Held = Held
module.count = lambda: (gc.collect(), sum(type(one) is Held for one in gc.get_objects()))[1]
sys.modules["probe_of_the_tests"] = module
"""


def probe(observer):
    """Put a module into the worker that counts the objects of a class, and return a function that asks it."""
    session = observer.open()
    observer.run(session, ["import", 1, "builtins"], ["call", 2, ["ref", 1, "exec"], [PROBE, {}]], ["pull", "value", 2])
    slots = iter(range(100, 10**9))

    def ask():
        module, result = next(slots), next(slots)
        ops = ["import", module, "probe_of_the_tests"], ["call", result, ["ref", module, "count"], []]
        return observer.run(session, *ops, ["pull", "auto", result])[0]

    return ask


def holder(server, worker, lease=600.0):
    """Return a client that holds two live objects on a worker."""
    client = RedisClient(server.url, worker.id, lease=lease)
    client.hello()
    session = client.open()
    make = [["call", slot, ["ref", 1, "Held"], []] for slot in (2, 3)]
    results = client.run(session, ["import", 1, "probe_of_the_tests"], *make, ["pull", "auto", 2, 3])
    assert [one[0] for one in results] == ["handle", "handle"]
    return client, session


def test_end_of_the_lease_of_a_client_frees_its_objects_and_its_mailbox(short):
    server, worker, observer = short
    count = probe(observer)
    client, _ = holder(server, worker)
    assert count() == 2
    client.redis.delete(client.lease)
    until(lambda: count() == 0, "the objects of the dead client are freed")
    until(lambda: client.redis.pttl(client.mailbox) > 0, "and its mailbox, but for the reason, which ends by itself")
    assert client.redis.xlen(client.mailbox) == 1
    client.redis.close()


def test_lease_that_holds_keeps_the_objects(short):
    server, worker, observer = short
    count = probe(observer)
    client, session = holder(server, worker)
    dying, _ = holder(server, worker)
    dying.redis.delete(dying.lease)
    until(lambda: count() == 2, "the other one was swept")
    assert client.run(session, ["type", 5, ["ref", 2]], ["pull", "auto", 5])[0].endswith("Held")
    client.redis.close()
    dying.redis.close()


def test_bye_frees_the_objects_at_once(short):
    server, worker, observer = short
    count = probe(observer)
    client, _ = holder(server, worker)
    client.send(t="bye")
    until(lambda: count() == 0, "the objects are freed")
    client.redis.close()


def test_reply_that_comes_after_the_client_is_gone_leaves_no_mailbox_for_ever(short):
    server, worker, observer = short
    client = RedisClient(server.url, worker.id)
    client.hello()
    gate = Gate(client)
    client.redis.delete(client.lease)
    until(lambda: client.redis.pttl(client.mailbox) > 0, "the mailbox is freed, but for the reason")
    gate.open(observer)
    until(lambda: not client.redis.xlen(client.inbox), "the program has ended")
    ((_, fields),) = client.redis.xrange(client.mailbox)
    assert json.loads(fields[b"f"])["t"] == "closed"
    assert client.redis.pttl(client.mailbox) > 0
    client.redis.close()


# Connections that break


def kill_connections(server):
    """Break every connection of the server but the one that asks."""
    with redis.Redis.from_url(server.url) as control:
        control.execute_command("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes")


def test_broken_connections_in_the_middle_of_a_conversation_lose_nothing(short):
    server, _, client = short
    session = client.open()
    client.run(session, ["import", 1, "builtins"], ["call", 2, ["ref", 1, "list"], []], ["pull", "keep", 2])
    numbers = []
    for number in range(200):
        numbers.append(
            client.post(
                session,
                ["call", 0, ["ref", 2, "append"], [number]],
                ["repr", 100 + number, number],
                ["pull", "auto", 100 + number],
            )
        )
        if number % 20 == 10:
            kill_connections(server)
    assert [client.results(session, n) for n in numbers] == [[str(number)] for number in range(200)]
    assert client.run(session, ["pull", "auto", 2]) == [[list(range(200))]]


def test_broken_connection_while_a_program_runs_loses_no_reply(short):
    server, _, client = short
    gate = Gate(client)
    kill_connections(server)
    gate.open()
    assert client.results(gate.session, gate.n) == [True]


def test_lost_inbox_is_made_anew(short):
    _, _, client = short
    client.redis.delete(client.inbox)
    until(lambda: client.redis.exists(client.inbox), "the worker made its inbox anew")
    assert client.run(client.open(), ["repr", 1, 1], ["pull", "auto", 1]) == ["1"]


def test_inbox_that_became_something_else_is_served_when_it_is_gone(short):
    _, worker, client = short
    client.redis.set(client.inbox, "no stream")
    until(lambda: "connecting anew" in worker.log.read_text(), "the worker noticed")  # each server says why in its own words
    client.redis.delete(client.inbox)
    until(lambda: client.redis.exists(client.inbox), "the worker made its inbox anew")
    assert client.run(client.open(), ["repr", 1, 1], ["pull", "auto", 1]) == ["1"]


def test_flushed_server_is_served_on(short):
    _, worker, client = short
    client.redis.flushall()
    client.redis.set(client.lease, 1, px=600_000)
    until(lambda: client.redis.exists(client.inbox), "the worker made its inbox anew")
    client.last = "0"
    session = client.open()
    assert client.run(session, ["repr", 1, 1], ["pull", "auto", 1]) == ["1"]
    worker.ready()


# A server that is full


@pytest.fixture
def full(short, tmp_path):
    """A program that waits for a pipe, and a server that takes nothing more; `(client, session, n, pipe, worker)`."""
    _, worker, client = short
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    session = client.open()
    read = ["import", 1, "pathlib"], ["call", 2, ["ref", 1, "Path"], [str(pipe)]], ["call", 3, ["ref", 2, "read_text"], []]
    n = client.post(session, *read, ["pull", "auto", 3])
    other = client.open()
    client.run(other, ["repr", 1, 1], ["pull", "auto", 1])
    until(lambda: "ready." in worker.log.read_text(), "Celery has started; it would end at a full server")
    client.redis.config_set("maxmemory", 1)
    pipe.write_text("answer")
    until(lambda: "Redis refused" in worker.log.read_text(), "the reply was refused")
    yield client, session, n, worker
    client.redis.config_set("maxmemory", 0)


def test_reply_that_a_full_server_refused_is_sent_when_there_is_room(full):
    client, session, n, _ = full
    client.redis.config_set("maxmemory", 0)
    assert client.results(session, n) == ["answer"]


def test_worker_ends_though_the_server_takes_no_reply(full):
    *_, worker = full
    worker.process.terminate()
    status = worker.process.wait(LONG)
    assert status == 0, worker.log.read_text()
