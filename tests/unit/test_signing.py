"""What is signed, what is taken once, and who is met how (§16); real entries travel in tests/interop/test_signed.py."""

from __future__ import annotations

import random

import pytest

from polyloom.errors import SignatureError, UsageError
from polyloom.seen import GAPS, Seen
from polyloom.settings import Settings
from polyloom.signing import RECEIVERS, Signer
from polyloom.warrant import check_signature, check_time, sign_job
from polyloom_workers import alarm
from polyloom_workers.gate import FRESH, Gate

SECRET = "0123456789abcdef"
HELLO, PROGRAM = b'{"t":"hello"}', b'{"t":"program"}'
NOW = 10_000_000  # ms


# The secret


def test_secret_comes_from_the_environment_or_from_a_file_and_the_environment_wins(tmp_path):
    file = tmp_path / "secret"
    file.write_text(f"{SECRET}-of-a-file\n")
    assert Settings.from_env({"POLYLOOM_SECRET": SECRET}).secret == SECRET
    assert Settings.from_env({"POLYLOOM_SECRET_FILE": str(file)}).secret == f"{SECRET}-of-a-file"
    assert Settings.from_env({"POLYLOOM_SECRET_FILE": str(file), "POLYLOOM_SECRET": SECRET}).secret == SECRET
    assert Settings.from_env({"POLYLOOM_SECRET_FILE": "", "POLYLOOM_SECRET": ""}).secret == ""


def test_secret_is_not_shown_where_settings_are():
    assert SECRET not in repr(Settings.from_env({"POLYLOOM_SECRET": SECRET}))


@pytest.mark.parametrize("content", [None, b"", b" \n", b"short", b"\xff\xfe" * 20])
def test_file_without_a_secret_is_refused_without_showing_it(tmp_path, content):
    file = tmp_path / "file-of-the-secret"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(UsageError) as caught:
        Settings.from_env({"POLYLOOM_SECRET_FILE": str(file)})
    assert "short" not in str(caught.value)
    assert "openssl rand" in caught.value.hint


def test_short_secret_is_refused_without_showing_it():
    with pytest.raises(UsageError) as caught:
        Settings.from_env({"POLYLOOM_SECRET": SECRET[:-1]})
    assert SECRET[:-1] not in str(caught.value) + caught.value.hint
    assert Settings.from_env({"POLYLOOM_SECRET": "ü" * 8}).secret == "ü" * 8
    with pytest.raises(UsageError):
        Settings.from_env({"POLYLOOM_SECRET": "\udcff" * 32})  # bytes of the environment that are no UTF-8


# Numbers


def test_numbers_of_one_receiver_follow_one_another_and_grow_where_they_were_forgotten():
    signer = Signer(SECRET, "w")
    numbers = [number(signer.seal("c", [])) for _ in range(3)]
    assert numbers == list(range(numbers[0], numbers[0] + 3))
    for receiver in range(RECEIVERS):
        signer.seal(str(receiver), [])
    assert number(signer.seal("c", [])) > numbers[-1] + 1


def number(fields):
    return int(fields[fields.index(b"q") + 1])


@pytest.mark.parametrize("seed", range(5))
def test_every_number_is_new_once_in_whatever_order_they_come(seed):
    chance = random.Random(seed)
    coming = list(range(100, 600)) * 2
    chance.shuffle(coming)
    seen, known = Seen(), set()
    for one in coming:
        assert (one in seen) == (one in known)
        if one not in seen:
            seen.add(one)
            known.add(one)
    assert 99 not in seen
    assert 600 not in seen
    assert len(seen._starts) == 1


def test_numbers_below_the_first_of_a_conversation_are_old():
    seen = Seen(50)
    seen.add(50)
    assert [one in seen for one in (1, 49, 50, 51)] == [True, True, True, False]


def test_gaps_are_not_remembered_without_end_and_the_oldest_count_as_seen():
    seen = Seen()
    for one in range(0, 3 * GAPS, 2):
        seen.add(one)
    assert len(seen._starts) == GAPS + 1
    assert 1 in seen
    assert 3 * GAPS - 3 not in seen
    assert all(one in seen for one in range(0, 3 * GAPS, 2))


# Who is met how


class Fleet:
    """A gate, the signer of a client, and who talks with the worker."""

    def __init__(self):
        self.talking = set()
        self.now = NOW
        self.gate = Gate(Signer(SECRET, "w"), self.talking.__contains__)
        self.client = Signer(SECRET, "c")

    def entry(self, text=PROGRAM, moment=None, client="c", signer=None):
        """Return an entry as it comes from Redis."""
        made = (signer or self.client).seal("w", [b"c", client, b"f", text], moment)
        return [part.encode() if isinstance(part, str) else bytes(part) for part in made]

    def come(self, fields, client="c"):
        """Have an entry come and be taken; tell whether it was."""
        found = self.gate.check(client, fields[3], fields, lambda: self.now)
        if found is not None:
            self.gate.take(client, found)
        return found is not None


@pytest.fixture
def fleet():
    return Fleet()


def test_entry_is_taken_once(fleet):
    hello, program = fleet.entry(HELLO, NOW), fleet.entry()
    assert [fleet.come(one) for one in (hello, program, hello, program)] == [True, True, False, False]


def test_entry_that_was_not_taken_in_the_end_may_come_again(fleet):
    """The connection breaks while its blob is read: it is read again."""
    assert fleet.come(fleet.entry(HELLO, NOW))
    program = fleet.entry()
    assert fleet.gate.check("c", PROGRAM, program, lambda: NOW) is not None
    assert fleet.come(program)
    assert not fleet.come(program)


@pytest.mark.parametrize("moment", [None, NOW - FRESH - 1, NOW + FRESH + 1, 0])
@pytest.mark.parametrize("text", [HELLO, b'{"t":"survey"}'])
def test_beginning_that_is_old_or_tells_no_time_is_refused(fleet, moment, text):
    with pytest.raises(SignatureError):
        fleet.come(fleet.entry(text, moment))


def test_conversation_that_was_recorded_is_taken_neither_at_once_nor_when_it_is_forgotten(fleet):
    recorded = [fleet.entry(HELLO, NOW), fleet.entry()]
    assert all(fleet.come(one) for one in recorded)
    for later in (1, FRESH - 1, FRESH, FRESH + 1, 2 * FRESH, 10 * FRESH):
        fleet.now = NOW + later
        for name in (f"{later}x", f"{later}y", f"{later}z"):  # somebody has to come for somebody to be forgotten
            fleet.come(fleet.entry(HELLO, fleet.now, name, Signer(SECRET, name)), name)
        try:
            assert not fleet.come(recorded[0])
        except SignatureError:
            assert "c" not in fleet.gate._senders
    assert "c" not in fleet.gate._senders


def test_whoever_talks_is_not_forgotten_and_whoever_has_ended_is(fleet):
    fleet.talking.add("c")
    recorded = [fleet.entry(HELLO, NOW), fleet.entry()]
    assert all(fleet.come(one) for one in recorded)
    for n in range(100):
        fleet.now += FRESH // 10
        assert fleet.come(fleet.entry(HELLO, fleet.now, f"c{n}", Signer(SECRET, f"c{n}")), f"c{n}")
    assert not fleet.come(recorded[1])
    assert len(fleet.gate._senders) < 30


def test_client_that_says_hello_again_goes_on_above_its_numbers(fleet):
    old = [fleet.entry(HELLO, NOW), fleet.entry(), fleet.entry()]
    fleet.come(old[0])
    fleet.gate._senders.clear()  # it was forgotten
    assert fleet.come(fleet.entry(HELLO, NOW))
    assert not any(fleet.come(one) for one in old)
    assert fleet.come(fleet.entry())


def test_what_cannot_be_verified_is_told_to_strangers_and_dropped_for_those_who_talk(fleet):
    plain, forged = [b"c", b"c", b"f", PROGRAM], fleet.entry(signer=Signer("another secret, quite long", "c"))
    for bad in (plain, forged):
        with pytest.raises(SignatureError) as caught:
            fleet.come(bad)
        assert "POLYLOOM_SECRET" in caught.value.hint
    fleet.come(fleet.entry(HELLO, NOW))
    assert not any(fleet.come(bad) for bad in (plain, forged))
    assert fleet.gate.alarm.dropped == 4


def test_stranger_s_frames_are_given_to_the_host_which_refuses_them_and_make_nobody_known(fleet):
    assert fleet.come(fleet.entry())
    assert fleet.gate._senders == {}


def test_log_is_not_flooded_by_what_is_dropped(fleet, caplog, monkeypatch):
    clock = [100.0]
    monkeypatch.setattr(alarm.time, "monotonic", lambda: clock[0])
    fleet.come(fleet.entry(HELLO, NOW))
    for _ in range(500):
        fleet.come([b"c", b"c", b"f", PROGRAM])
    assert len(caplog.records) == 1
    clock[0] += alarm.PERIOD
    fleet.come([b"c", b"c", b"f", PROGRAM])
    assert "entries dropped: 500;" in caplog.records[-1].message


# Jobs

JOB = {"t": "program", "ops": [["import", 1, "math"]]}


def test_job_is_bound_to_its_task_its_text_and_its_time():
    text = sign_job(JOB, "task", SECRET, 1000.0, 60)
    check_signature(text, "task", SECRET)
    for changed, task, secret in (
        (text, "other", SECRET),
        (text, "task", SECRET + "x"),
        (text.replace("math", "maths"), "task", SECRET),
        (text.replace('"by":1060000', '"by":9060000'), "task", SECRET),
        (text + " ", "task", SECRET),
        (text[:-1] + ',"ops":[]}', "task", SECRET),
        ('{"t":"program","ops":[]}', "task", SECRET),
        ("", "", SECRET),
    ):
        with pytest.raises(SignatureError) as caught:
            check_signature(changed, task, secret)
        assert caught.value.hint


def test_job_that_begins_too_late_is_refused():
    check_time(1_060_000, 1060.0)
    for by, now in ((1_060_000, 1060.1), (None, 1.0), (1e18, 1.0), ("2", 1.0), (True, 0.0)):
        with pytest.raises(SignatureError):
            check_time(by, now)
