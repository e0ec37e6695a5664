"""A fleet with a secret (§16): who has it notices nothing; who has not is told so, and gets nothing done whatever he writes."""

from __future__ import annotations

import hashlib
import json
import os
import secrets
import subprocess
import sys
from pathlib import Path

import pytest

from deadline import LONG, until
from node_script import NodeScript
from wire_client import RedisClient, signature
from worker_process import WorkerProcess, clean_environment, keeper_of, polyloom

SECRET, OTHER = secrets.token_hex(32), secrets.token_hex(32)
NODE_CLIENT = Path(__file__).parents[2] / "node-client"
LARGE = bytes(range(256)) * 400  # above the 64 KiB from which an attachment is a blob
LENGTH = [["import", 1, "builtins"], ["call", 2, ["ref", 1, "len"], [["bytes", 0]]], ["pull", "auto", 2]]
LISTED = ["import", 1, "builtins"], ["call", 2, ["ref", 1, "list"], []], ["pull", "keep", 2]


@pytest.fixture(scope="module")
def signed(server, tmp_path_factory):
    """A worker with a secret, under a prefix of its own. A test must leave it as it was."""
    folder = tmp_path_factory.mktemp("signed")
    started = WorkerProcess(server.url, folder, "--allow", "*", "--name", "signed", prefix="signed:", POLYLOOM_SECRET=SECRET)
    try:
        yield started.ready()
    finally:
        started.stop()


def join(worker, secret=SECRET, hello=True, **options):
    """Return a client of a worker that has said hello."""
    client = RedisClient(worker.url, worker.id, worker.prefix, secret=secret, **options)
    if hello:
        assert client.hello()["t"] == "hello"
    return client


@pytest.fixture
def client(signed):
    """A client of the signed worker: the victim."""
    connected = join(signed)
    yield connected
    connected.close()


@pytest.fixture
def noted(client):
    """A session whose slot 2 is a list of what was run, and a function that tells what has been noted there."""
    session = client.open()
    client.run(session, *LISTED)
    return session, lambda: client.run(session, ["pull", "auto", 2])[0][0]


def note(session, n, what):
    """Return the text of a program that notes something."""
    return json.dumps({"t": "program", "session": session, "n": n, "ops": [["call", 0, ["ref", 2, "append"], [what]]]})


def refused(client):
    """Return the code of the error with which a worker refuses a stranger, whose answer it may not be able to verify."""
    client.secret = ""
    return client.expect("closed")["error"][1]["code"]


def barrier(worker):
    """Return when a worker has read all that is in its inbox."""
    other = join(worker)
    assert other.run(other.open(), ["repr", 1, 5], ["pull", "auto", 1]) == ["5"]
    other.close()


# Both have the secret


def node_tests(url, secret, *names, **environ):
    """Run the interop tests of the Node client against a fleet."""
    files = [str(NODE_CLIENT / "build" / "test" / "interop" / f"{name}.test.js") for name in names]
    pattern = [f"--test-name-pattern={environ.pop('pattern')}"] if "pattern" in environ else []
    ran = subprocess.run(
        ["node", "--enable-source-maps", "--test", "--test-reporter=tap", *pattern, *files],
        capture_output=True,
        text=True,
        env=clean_environment(POLYLOOM_TEST_REDIS_URL=url, POLYLOOM_SECRET=secret, POLYLOOM_PYTHON=sys.executable),
        cwd=NODE_CLIENT,
    )
    assert ran.returncode == 0, ran.stdout[-3000:] + ran.stderr[-2000:]
    assert "# pass 0" not in ran.stdout
    return ran


@pytest.mark.timeout(300)
def test_node_client_does_with_a_secret_what_it_does_without(own_server, start_worker):
    """Arguments, callbacks, loans, names, threads, blobs, and connections that break."""
    worker = start_worker(own_server.url, "--allow", "*", POLYLOOM_SECRET=SECRET).ready()
    node_tests(own_server.url, SECRET, "arguments", "callbacks", "lent", "parallel", "shared", "threads")
    ran = node_tests(own_server.url, SECRET, "redis", pattern="P4|F7 no call")
    assert "dropped" not in ran.stderr
    assert "cannot be verified" not in worker.log.read_text()


def test_durable_session_goes_on_with_another_worker(own_server, start_worker, tmp_path):
    script = tmp_path / "draw.lisp"
    script.write_text(
        '(py.import "random" :as random)\n(print (await (random.random)))\n(py.import "os" :as os)\n(await (os.getpid))'
    )

    def run():
        ran = polyloom("run", str(script), "--run", "draw", "--url", own_server.url, POLYLOOM_SECRET=SECRET)
        assert ran.returncode == 0, ran.stderr
        return ran.stdout

    first = start_worker(own_server.url, "--allow", "*", POLYLOOM_SECRET=SECRET).ready()
    said = run()
    assert str(first.pid) in said
    first.stop()
    start_worker(own_server.url, "--allow", "*", POLYLOOM_SECRET=SECRET).ready()
    assert run() == said


def test_log_of_a_durable_session_that_somebody_changed_is_not_run(own_server, start_worker, tmp_path):
    script, marker = tmp_path / "draw.lisp", tmp_path / "forged"
    script.write_text('(py.import "decimal" :as decimal)\n(def kept (decimal.Context))\n(print (await kept.prec))')
    arguments = "run", str(script), "--run", "draw", "--url", own_server.url
    first = start_worker(own_server.url, "--allow", "*", POLYLOOM_SECRET=SECRET).ready()
    assert polyloom(*arguments, POLYLOOM_SECRET=SECRET).returncode == 0
    first.stop()
    database, key = join(first, hello=False).redis, "polyloom:{r:draw}:log"
    entries = database.xrange(key)
    genuine = [fields[b"p"] for _, fields in entries]
    database.delete(key)
    for name, fields in entries:
        forged = (
            fields[b"p"]
            .replace(b"decimal", b"pathlib")
            .replace(b'"Context"],[]', b'"Path","touch"],["%s"]' % str(marker).encode())
        )
        size = len(fields[b"p"]) - len(forged)
        fields[b"p"] = (int.from_bytes(forged[:4], "big") - size).to_bytes(4, "big") + forged[4:]
        database.xadd(key, fields, id=name)
    assert [fields[b"p"] for _, fields in database.xrange(key)] != genuine
    start_worker(own_server.url, "--allow", "*", POLYLOOM_SECRET=SECRET).ready()
    ran = polyloom(*arguments, POLYLOOM_SECRET=SECRET)
    assert ran.returncode == 1
    assert "the log of the durable session draw was changed" in ran.stderr
    assert "polyloom runs forget draw" in ran.stderr
    assert not marker.exists()


def test_copies_go_from_worker_to_worker_signed(own_server, start_worker):
    workers = [start_worker(own_server.url, "--allow", "*", "--name", name, POLYLOOM_SECRET=SECRET) for name in ("one", "two")]
    lender, borrower = (join(worker.ready()) for worker in workers)
    session, using = lender.open(), borrower.open()
    lender.run(session, ["getitem", 1, [[["bytes", 0]]], 0], ["lend", 2, ["ref", 1], True], attachments=(LARGE,))
    for slot in (10, 20):  # the second time they know each other
        make = ["import", slot, "hashlib"], ["call", slot + 1, ["ref", slot, "sha256"], [["far", session, 1, 2]]]
        pull = ["call", slot + 2, ["ref", slot + 1, "hexdigest"], []], ["pull", "auto", slot + 2]
        assert borrower.run(using, *make, *pull, far={session: workers[0].id}) == [hashlib.sha256(LARGE).hexdigest()]
    for client in (lender, borrower):
        client.close()


def test_client_that_knows_the_page_alone_sends_and_gets_blobs(client):
    session = client.open()
    name, _ = client.put_blob(LARGE)
    client.numbers[session] = 1
    text = json.dumps({"t": "program", "session": session, "n": 1, "ops": [*LENGTH[:2], ["pull", "auto", 2]]})
    client.write(client.sealed(["c", client.id, "f", text, "b", f"{name}.{hashlib.sha256(LARGE).hexdigest()}"]))
    assert client.results(session, 1) == [len(LARGE)]
    copied = client.post(session, ["call", 3, ["ref", 1, "bytes"], [["bytes", 0]]], ["pull", "auto", 3], attachments=(LARGE,))
    assert client.reply(session, copied)["attachments"] == [LARGE]
    assert client.blobs


def test_secret_of_a_file_is_as_good(own_server, start_worker, tmp_path):
    file = tmp_path / "secret-of-the-fleet"
    file.write_text(SECRET + "\n")
    worker = start_worker(own_server.url, "--allow", "*", POLYLOOM_SECRET_FILE=str(file)).ready()
    client = join(worker)
    assert client.run(client.open(), ["repr", 1, 5], ["pull", "auto", 1]) == ["5"]
    client.close()


def test_secret_is_shown_in_no_list_of_processes_no_log_and_no_answer_of_celery(signed):
    commands = [Path(f"/proc/{pid}/cmdline").read_text() for pid in (signed.pid, keeper_of(signed))]
    environ = clean_environment(POLYLOOM_URL=signed.url, POLYLOOM_PREFIX=signed.prefix)
    where = "-d", f"signed@{os.uname().nodename}", "--timeout", "20"
    command = [sys.executable, "-m", "celery", "-A", "polyloom_workers.app", "inspect", *where, "conf"]
    asked = subprocess.run(command, capture_output=True, text=True, timeout=LONG, env=environ)
    assert "task_default_queue" in asked.stdout
    for text in (*commands, asked.stdout, signed.log.read_text()):
        assert SECRET not in text


@pytest.mark.parametrize("where", [[], ["--url", "stdio:"]], ids=["embedded fleet", "local process"])
def test_secret_in_the_environment_disturbs_no_run_without_a_fleet(tmp_path, where):
    script = tmp_path / "root.lisp"
    script.write_text('(py.import "math" :as math)\n(print (await (math.sqrt 9)))')
    ran = polyloom("run", str(script), *where, POLYLOOM_SECRET=SECRET)
    assert (ran.returncode, ran.stdout) == (0, "3\n"), ran.stderr


# One has another secret, or none


@pytest.mark.parametrize(
    ("theirs", "ours"), [(SECRET, OTHER), (SECRET, ""), ("", SECRET)], ids=["another one", "none here", "none there"]
)
def test_two_that_do_not_share_a_secret_say_so_at_once(own_server, start_worker, theirs, ours):
    worker = start_worker(own_server.url, "--allow", "*", "--label", "x", POLYLOOM_SECRET=theirs).ready()
    options = {"workerTimeoutMs": 1_000_000, "reconnectTimeoutMs": 1_000_000, **({"secret": ours} if ours else {})}
    script = NodeScript("steps.mjs", own_server.url, json.dumps(options))
    told = script.ask("connect")
    assert (told["name"], told["code"]) == ("SignatureError", "BadSignature"), told
    assert "POLYLOOM_SECRET" in told["hint"]
    assert script.end() == 0
    client = RedisClient(worker.url, worker.id, secret=theirs)
    assert client.hello()["t"] == "hello", "those who share it go on"
    client.close()


def test_session_that_is_placed_on_a_worker_of_another_secret_rejects(own_server, start_worker):
    start_worker(own_server.url, "--allow", "*", POLYLOOM_SECRET=SECRET, POLYLOOM_LABELS="here").ready()
    start_worker(own_server.url, "--allow", "*", "--name", "b", POLYLOOM_SECRET=OTHER, POLYLOOM_LABELS="there").ready()
    script = NodeScript("steps.mjs", own_server.url, json.dumps({"secret": SECRET, "labels": ["here"]}))
    assert isinstance(script.ask("connect"), str)
    assert script.ask("elsewhere there")["code"] == "BadSignature"
    assert script.ask("elsewhere here")[0] == 4
    assert script.ask("sqrt") == 3
    script.ask("close")
    assert script.end() == 0


def test_run_says_in_one_sentence_what_to_mend(signed, tmp_path):
    script = tmp_path / "one.lisp"
    script.write_text("(+ 1 2)")
    ran = polyloom("run", str(script), "--url", signed.url, "--prefix", signed.prefix, POLYLOOM_SECRET=OTHER)
    assert ran.returncode == 1
    assert "cannot be verified: it has another secret" in ran.stderr
    assert "hint: set the same POLYLOOM_SECRET" in ran.stderr
    assert OTHER not in ran.stderr


@pytest.mark.parametrize("secret", ["", OTHER], ids=["none", "another one"])
def test_ps_and_doctor_tell_the_workers_of_another_secret(signed, secret):
    where = "--url", signed.url, "--prefix", signed.prefix
    environ = {"POLYLOOM_SECRET": secret}
    (record,) = json.loads(polyloom("ps", "--json", *where, **environ).stdout)
    assert (record["id"], record["clients"], record["verified"]) == (signed.id, None, False)
    assert "another secret" in polyloom("ps", *where, **environ).stdout
    found = [one for one in json.loads(polyloom("doctor", "--json", *where, **environ).stdout) if one["subject"] == "secret"]
    assert [one["level"] for one in found] == ["failure"]
    assert signed.id in found[0]["text"]
    assert "POLYLOOM_SECRET" in found[0]["mend"]


def test_ps_and_doctor_with_the_secret(signed, client):
    where = "--url", signed.url, "--prefix", signed.prefix
    (record,) = json.loads(polyloom("ps", "--json", *where, POLYLOOM_SECRET=SECRET).stdout)
    assert client.id in [one["client"] for one in record["clients"]]
    assert record["verified"]
    found = json.loads(polyloom("doctor", "--json", *where, POLYLOOM_SECRET=SECRET).stdout)
    assert [one["level"] for one in found if one["subject"] == "secret"] == ["ok"]
    assert SECRET not in json.dumps([record, found])


# Entries that somebody made up who has not the secret


def forgeries(client, session):
    """Entries in the name of a client that he could make: by name, its fields."""
    plain = ["c", client.id, "f", note(session, 2, "forged")]
    bye = ["c", client.id, "f", '{"t":"bye"}']
    sealed = client.sealed(plain)
    above = str(10**15)
    fixed = lambda fields, number, secret, receiver: [  # noqa: E731  # a table reads better with short names
        *fields, "q", number, "s", signature(secret, "polyloom/1/entry", receiver, *fields, "q", number),
    ]  # fmt: skip
    return {
        "without a signature": plain,
        "bye without a signature": bye,
        "hello without a signature": ["c", client.id, "f", '{"t":"hello","protocol":9}'],
        "no frame": ["c", client.id, "f", "{"],
        "with an empty signature": [*plain, "q", above, "s", ""],
        "with another secret": fixed(plain, above, OTHER, client.worker),
        "with the secret as it is": [*plain, "q", above, "s", hashlib.sha256(json.dumps(plain).encode()).hexdigest()],
        "for another worker": fixed(plain, above, SECRET, "w" * 20),
        "for the client itself": fixed(plain, above, SECRET, client.id),
        "of another client": ["c", client.id, *fixed(["c", "x" * 20, *plain[2:]], above, SECRET, client.worker)[2:]],
        "with the number of another": [*sealed[:-3], above, *sealed[-2:]],
        "signed, with another text": [*sealed[:3], note(session, 2, "other"), *sealed[4:]],
        "signed, with a field more": [*sealed, "f", note(session, 2, "other")],
        "signed, with a field before": ["f", note(session, 2, "other"), *sealed],
        "signed, with the text twice": [*sealed[:4], "f", note(session, 2, "other"), *sealed[4:]],
        "signed, with an attachment more": [*sealed[:4], "a", b"x", *sealed[4:]],
        "without its number": [*sealed[:4], *sealed[6:]],
    }


def test_forged_entries_do_nothing_and_the_conversation_goes_on(client, noted, signed):
    session, notes = noted
    mailbox = client.redis.xlen(client.mailbox)
    for name, fields in forgeries(client, session).items():
        client.redis.execute_command("XADD", client.inbox, "*", *fields)
        barrier(signed)
        assert client.redis.xlen(client.mailbox) == mailbox, f"{name} was answered"
    assert notes() == []
    assert "cannot be verified" in signed.log.read_text()


def test_signature_of_another_session_or_conversation_does_not_fit(signed, client, noted):
    session, notes = noted
    own = client.open()
    other = join(signed)
    theirs = other.sealed(["c", other.id, "f", note(session, 2, "theirs")])
    client.post(own, ["repr", 1, 1])
    ours = client.written[-1]
    swapped = [[*ours[:3], note(session, 2, "moved"), *ours[4:]], [*theirs[:1], client.id, *theirs[2:]]]
    for fields in swapped:
        client.redis.execute_command("XADD", client.inbox, "*", *fields)
    barrier(signed)
    assert notes() == []
    other.close()


def test_cut_and_swapped_attachments_do_nothing_and_the_conversation_goes_on(client, noted, signed):
    session, notes = noted
    names = [client.put_blob(data) for data in (LARGE, LARGE[:-1], LARGE[::-1])]
    program = ["c", client.id, "f", json.dumps({"t": "program", "session": session, "n": 3, "ops": []})]
    digest = hashlib.sha256(LARGE).hexdigest()
    inline = client.sealed([*program, "a", b"one", "a", b"two"])
    blob = client.sealed([*program, "b", f"{names[0][0]}.{digest}"])
    bad = [
        [*inline[:4], *inline[6:]],
        [*inline[:5], b"on", *inline[6:]],
        [*inline[:5], b"two", "a", b"one", *inline[8:]],
        [*inline[:5], b"", "a", b"onetwo", *inline[8:]],
        [*blob[:5], f"{names[1][0]}.{digest}", *blob[6:]],
        [*blob[:5], f"{names[2][0]}.{hashlib.sha256(LARGE[::-1]).hexdigest()}", *blob[6:]],
        [*blob[:5], names[0][0], *blob[6:]],
        [*blob[:4], "a", LARGE, *blob[6:]],
        [*blob[:4], *blob[6:]],
    ]
    for fields in bad:
        client.redis.execute_command("XADD", client.inbox, "*", *fields)
    barrier(signed)
    assert all(client.redis.exists(key) for _, key in names), "what was dropped frees no blob of others"
    client.write(client.sealed(["c", client.id, "f", note(session, 2, "ours")]))
    client.numbers[session] = 2
    client.reply(session, 2)
    assert notes() == ["ours"]
    for _, key in names:
        client.redis.delete(key)


def test_entries_forged_into_the_mailbox_do_not_end_a_client_of_node(own_server, start_worker):
    worker = start_worker(own_server.url, "--allow", "*", POLYLOOM_SECRET=SECRET).ready()
    script = NodeScript("steps.mjs", own_server.url, json.dumps({"secret": SECRET}))
    assert script.ask("connect") == worker.id
    watcher = join(worker)
    (mailbox,) = [key.decode() for key in watcher.redis.keys("polyloom:{c:*}:mailbox") if watcher.id not in key.decode()]
    (_, real), *_ = watcher.redis.xrange(mailbox)
    closed = json.dumps({"t": "closed", "error": None})
    answer = {"t": "reply", "session": "s", "n": 1, "results": [666]}
    plain = ["c", worker.id, "f", closed]
    forged = [plain, [*plain, "q", 10**15, "s", signature(OTHER, "polyloom/1/entry", "x", *plain)], ["c", worker.id]]
    forged += [["c", worker.id, "f", "{"], ["c", worker.id, "f", json.dumps(answer)], ["c", worker.id, "b", "A" * 20]]
    forged += [[part for pair in real.items() for part in pair]] * 2  # the hello, again
    for turn in range(3):
        for fields in forged:
            watcher.redis.execute_command("XADD", mailbox, "*", *fields)
        assert script.ask("sqrt") == 3, turn
        assert script.ask("begin") == 40
        assert [one["value"] for one in script.ask("answers")][:2] == [1 + 20 * turn, 100_000]
    script.ask("close")
    assert script.end() == 0
    watcher.close()


# Entries that somebody recorded


def test_recorded_conversation_is_not_run_again_while_it_goes_on(client, noted, signed):
    session, notes = noted
    client.run(session, ["call", 0, ["ref", 2, "append"], ["once"]], ["pull", "auto", 2])
    recorded = list(client.written)
    for fields in [*recorded, *reversed(recorded)]:
        client.redis.execute_command("XADD", client.inbox, "*", *fields)
    barrier(signed)
    assert notes() == ["once"]


def test_recorded_conversation_is_not_run_again_after_its_end(signed):
    client = join(signed)
    session = client.open()
    name = f"marked_{secrets.token_hex(6)}"
    client.run(session, ["import", 1, "sys"], ["setattr", 0, ["ref", 1], name, 1], ["pull", "value", 1])
    client.send(t="close", session=session)
    client.expect("closed")
    client.send(t="bye")
    looker = join(signed)
    look = looker.open()
    read = ["import", 1, "sys"], ["getattr", 2, ["ref", 1], name], ["delattr", 3, ["ref", 1], name], ["pull", "auto", 2]
    assert looker.run(look, *read) == [1]
    for fields in client.written:
        client.redis.execute_command("XADD", client.inbox, "*", *fields)
    barrier(signed)
    assert looker.run(look, ["getattr", 4, ["ref", 1], name, None], ["pull", "auto", 4]) == [None]
    looker.close()


def test_recorded_end_does_not_end_a_conversation_that_began_again(signed):
    client = join(signed)
    client.open()
    client.send(t="bye")
    ended = client.written[-1]
    assert client.hello()["t"] == "hello"
    session = client.open()
    client.run(session, ["repr", 1, 1], ["pull", "keep", 1])
    client.redis.execute_command("XADD", client.inbox, "*", *ended)
    barrier(signed)
    assert client.run(session, ["pull", "auto", 1]) == ["1"]
    client.close()


def test_hello_that_is_older_than_a_worker_remembers_is_refused(signed):
    client = join(signed, hello=False)
    moment = int(client.redis.time()[0]) * 1000 - 300_001
    text = json.dumps({"t": "hello", "protocol": 1, "version": "0.1.0", "client": client.id})
    client.write(client.sealed(["c", client.id, "f", text], moment))
    session = client.open()
    told = client.expect("closed")
    assert told["error"][1]["code"] == "BadSignature"
    client.post(session, ["repr", 1, 1], ["pull", "auto", 1])
    assert client.expect("closed")["error"][1]["code"] == "BadFrame", "what comes without a hello is not run"
    client.redis.delete(client.lease)


def test_conversation_recorded_with_one_worker_is_refused_by_another(own_server, start_worker, signed):
    worker = start_worker(own_server.url, "--allow", "*", POLYLOOM_SECRET=SECRET).ready()
    client = join(signed)
    client.open()
    replayer = join(worker, name=client.id, hello=False)
    for fields in client.written:
        replayer.redis.execute_command("XADD", replayer.inbox, "*", *fields)
    assert refused(replayer) == "BadSignature"
    assert {body["t"] for body, _ in replayer.frames} <= {"closed"}
    client.close()


# What a writer of Redis can still do to the keys themselves


def test_program_whose_blob_was_overwritten_fails_and_the_session_goes_on(client, noted):
    session, notes = noted
    name, key = client.put_blob(LARGE)
    client.redis.set(key, LARGE[:-1] + b"x")
    client.numbers[session] += 1
    text = json.dumps(
        {**json.loads(note(session, 2, "spoiled")), "ops": [["call", 3, ["ref", 2, "append"], [1]], ["pull", "auto", 3]]}
    )
    client.write(client.sealed(["c", client.id, "f", text, "b", f"{name}.{hashlib.sha256(LARGE).hexdigest()}"]))
    (told,) = client.results(session, 2)
    assert (told[0], told[1]["code"]) == ("error", "BadSignature")
    client.numbers[session] = 2
    assert notes() == []
    until(lambda: not client.redis.exists(key), "the blob is freed")
