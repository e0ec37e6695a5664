"""Handles, sessions and frames that are not what they claim, on a real worker: a typed error each, and nothing is run wrongly."""

from __future__ import annotations

import json
import secrets

import pytest

from deadline import until
from wire_client import RedisClient

LISTED = ["import", 1, "builtins"], ["call", 2, ["ref", 1, "list"], []], ["pull", "keep", 2]


@pytest.fixture
def noted(client):
    """A session whose slot 2 is an empty list, and a function that tells what has been noted there."""
    session = client.open()
    client.run(session, *LISTED)
    return session, lambda: client.run(session, ["pull", "auto", 2])[0][0]


@pytest.fixture
def other(server, worker):
    """A second client of the same worker."""
    connected = RedisClient(server.url, worker.id)
    connected.hello()
    yield connected
    connected.close()


def code(wire):
    """Return the code of an error form."""
    assert wire[0] == "error", wire
    return wire[1]["code"]


def ends(client):
    """Wait for the end of the whole conversation and return the code of the reason."""
    return code(client.find(lambda body: body["t"] == "closed" and "session" not in body, "the end of the conversation")["error"])


# Slots


FORGED = [0, -1, -(10**30), 10**30, 7, 2.0, "2", None, True, [[2]], {"slot": 2}]


@pytest.mark.parametrize("slot", FORGED, ids=map(str, FORGED))
def test_forged_slot_is_unknown_and_what_uses_it_is_not_run(client, noted, slot):
    session, notes = noted
    bad = [["call", 10, ["ref", 2, "append"], [["ref", slot]]], ["getattr", 11, ["ref", slot], "x"], ["pull", "auto", 10, 11]]
    assert {code(one) for one in client.run(session, *bad)} <= {"UnknownSlot", "BadOp", "BadValue"}
    assert notes() == []


def test_slot_of_another_session_of_the_same_client_is_unknown(client, noted):
    _, notes = noted
    neighbour = client.open()
    results = client.run(neighbour, ["call", 3, ["ref", 2, "append"], ["stolen"]], ["pull", "auto", 2, 3])
    assert [code(one) for one in results] == ["UnknownSlot", "UnknownSlot"]
    assert notes() == []


def test_slot_of_the_hosts_choice_is_unknown_in_another_session(client):
    """A live object inside data gets a negative slot; another session can guess it."""
    session, neighbour = client.open(), client.open()
    make = ["import", 1, "builtins"], ["call", 2, ["ref", 1, "object"], []], ["pull", "auto", 3]
    (inside,) = client.run(session, *make[:2], ["call", 3, ["ref", 1, "list"], [["tuple", ["ref", 2]]]], make[2])
    handle = inside[0][0]
    assert handle[0] == "handle"
    assert handle[1] < 0
    assert code(client.run(neighbour, ["pull", "auto", handle[1]])[0]) == "UnknownSlot"


def test_released_slot_is_unknown_and_says_why(client, noted):
    session, _ = noted
    result = client.run(session, ["release", 2], ["call", 3, ["ref", 2, "append"], [1]], ["pull", "auto", 3])[0]
    assert code(result) == "UnknownSlot"
    assert "released" in result[1]["hint"]


def test_slot_filled_twice_does_not_leak_the_first_object_to_anybody(client, noted):
    session, _ = noted
    assert client.run(session, ["repr", 2, "again"], ["pull", "auto", 2]) == ["'again'"]


# Sessions


def test_session_of_another_client_is_unknown_and_nothing_is_run(client, noted, other):
    session, notes = noted
    other.numbers[session] = 1  # its owner has sent one program
    assert code(other.run(session, ["call", 3, ["ref", 2, "append"], ["stolen"]], ["pull", "auto", 3])[0]) == "UnknownSession"
    for kind in ("close", "open"):
        other.send(t=kind, session=session)
    other.send(t="cancel", session=session, slots=[2])
    other.send(t="answer", session=session, call=1, value=1)
    assert notes() == []
    other.numbers[session] = 0
    assert code(other.run(session, ["pull", "auto", 2])[0]) == "UnknownSlot"  # the one of that name is its own
    assert notes() == []


def test_session_after_its_close_is_unknown(client, noted):
    session, _ = noted
    client.send(t="close", session=session)
    client.find(lambda body: body["t"] == "closed" and body.get("session") == session, "the end of the session")
    assert code(client.run(session, ["pull", "auto", 2])[0]) == "UnknownSession"


def test_client_whose_lease_ended_is_told_so_and_its_objects_are_gone(own_server, start_worker):
    worker = start_worker(own_server.url, "--allow", "*", "--lease", "1").ready()
    client = RedisClient(own_server.url, worker.id)
    client.hello()
    session = client.open()
    client.run(session, *LISTED)
    client.redis.delete(client.lease)
    until(lambda: client.redis.pttl(client.mailbox) > 0, "the client was swept")
    client.redis.set(client.lease, 1)
    client.redis.delete(client.mailbox)  # as when it comes later
    client.last = "0"
    client.post(session, ["call", 3, ["ref", 2, "append"], [1]], ["pull", "auto", 3])
    assert ends(client) == "LeaseExpired"
    client.hello()
    assert code(client.run(session, ["pull", "auto", 2])[0]) == "UnknownSession"
    client.redis.close()


# Frames that come again, or claim to be somebody else's


def test_whole_conversation_that_is_replayed_is_not_run_again(own_server, start_worker):
    """A client sends all again when its connection breaks before the server's answers came (§8.4)."""
    worker = start_worker(own_server.url, "--allow", "*").ready()
    client = RedisClient(own_server.url, worker.id)
    written = []
    put = client.put
    client.put = lambda text, attachments: (written.append(text), put(text, attachments))
    client.hello()
    session = client.open()
    mark = ["import", 1, "sys"], ["setattr", 0, ["ref", 1], "marked", 1]
    client.run(session, *mark, ["pull", "value", 1])
    client.send(t="close", session=session)
    client.find(lambda body: body["t"] == "closed" and body.get("session") == session, "the end of the session")
    client.send(t="bye")
    looker = RedisClient(own_server.url, worker.id)
    looker.hello()
    look = looker.open()
    assert looker.run(look, ["import", 1, "sys"], ["getattr", 2, ["ref", 1], "marked"], ["pull", "auto", 2]) == [1]
    looker.run(look, ["delattr", 3, ["ref", 1], "marked"], ["pull", "value", 3])
    for text in written:
        put(text, [])
    client.send(t="hello", protocol=1, version="0.1.0", client=client.id)
    last = client.open()
    client.run(last, ["repr", 1, 1], ["pull", "auto", 1])
    assert looker.run(look, ["getattr", 4, ["ref", 1], "marked", None], ["pull", "auto", 4]) == [None]
    looker.close()
    client.close()


def test_entry_under_the_id_of_another_client_counts_as_that_client_s(client, noted, other):
    """What the names of clients cannot keep apart: whoever can write to Redis and knows both ids is that client."""
    session, notes = noted
    program = {"t": "program", "session": session, "n": 2, "ops": [["call", 0, ["ref", 2, "append"], ["forged"]]]}
    other.redis.xadd(other.inbox, {"c": client.id, "f": json.dumps(program)})
    client.reply(session, 2)  # the answer goes to the owner alone
    client.numbers[session] = 2
    assert notes() == ["forged"]
    assert not [body for body, _ in other.frames if body.get("session") == session]


# Numbers


@pytest.mark.parametrize("n", [3, 10**6, 2**63, 10**300], ids=["3", "10^6", "2^63", "10^300"])
def test_number_after_a_gap_ends_the_conversation_and_is_not_run(client, server, worker, n):
    name = f"gap_{secrets.token_hex(6)}"
    session = client.open()
    client.run(session, *LISTED)
    client.send(t="program", session=session, n=n, ops=[["setattr", 0, ["ref", 1], name, 1]])
    assert ends(client) == "ProgramLost"
    client.send(t="program", session=session, n=2, ops=[["import", 9, "builtins"], ["setattr", 0, ["ref", 9], name, 1]])
    assert not has(server, worker, name)


@pytest.mark.parametrize(
    "n", [0, -1, 1.0, True, "1", None, [1], 10**5000], ids=["0", "-1", "1.0", "true", "'1'", "null", "[1]", "10^5000"]
)
def test_number_that_is_none_is_a_bad_frame_and_is_not_run(client, server, worker, n):
    name = f"none_{secrets.token_hex(6)}"
    session = client.open()
    ops = [["import", 1, "builtins"], ["setattr", 0, ["ref", 1], name, 1]]
    text = '{"t":"program","session":%s,"n":%s,"ops":%s}'
    shown = "1" + 5000 * "0" if n == 10**5000 else json.dumps(n)
    client.put((text % (json.dumps(session), shown, json.dumps(ops))).encode(), [])
    assert ends(client) == "BadFrame"
    assert not has(server, worker, name)


def has(server, worker, name):
    """Tell whether builtins of the worker have a name, by another client."""
    asker = RedisClient(server.url, worker.id)
    asker.hello()
    asked = ["import", 1, "builtins"], ["getattr", 2, ["ref", 1], name, None], ["pull", "auto", 2]
    (found,) = asker.run(asker.open(), *asked)
    asker.close()
    return found is not None


# Fields


STRANGE = {
    "two texts": [("c", "{id}"), ("f", '{"t":"jump"}'), ("f", "{program}")],
    "fields of nobody": [("z", b"\xff" * 99), ("c", "{id}"), ("f", "{program}"), ("", "")],
    "attachments of nothing": [("c", "{id}"), ("f", "{program}"), *[("a", b"")] * 500],
    "text before the client": [("f", "{program}"), ("c", "{id}")],
}


@pytest.mark.parametrize("fields", STRANGE.values(), ids=STRANGE)
def test_entry_of_strange_fields_is_read_by_the_names_of_its_fields(client, fields):
    session = client.open()
    program = json.dumps({"t": "program", "session": session, "n": 1, "ops": [["repr", 1, 5], ["pull", "auto", 1]]})
    values = {"{id}": client.id, "{program}": program}
    flat = [part for name, value in fields for part in (name, values.get(value, value))]
    client.redis.execute_command("XADD", client.inbox, "*", *flat)
    assert client.results(session, 1) == ["5"]


def test_blob_of_another_worker_or_key_cannot_be_named(client):
    """The id of a blob is a part of a key beside the inbox: it leads nowhere else."""
    client.redis.set("polyloom:{w:other}:blob:secret", "theirs", ex=600)
    session = client.open()
    program = {"t": "program", "session": session, "n": 1, "ops": [["repr", 1, ["bytes", 0]], ["pull", "auto", 1]]}
    path = "x}:blob:secret"
    client.redis.execute_command("XADD", client.inbox, "*", "c", client.id, "f", json.dumps(program), "b", path)
    assert ends(client) == "ProgramLost"
    client.redis.delete("polyloom:{w:other}:blob:secret")
