"""The crew: a slow turn delays nobody else, and every item keeps its order. Events decide here, never the time."""

from __future__ import annotations

import queue
import threading
from collections import deque
from random import Random

import pytest

from deadline import LONG, until
from polyloom_workers.crew import Crew


class Item:
    """Something with turns to take: a session in small."""

    def __init__(self, name, *turns):
        self.name = name
        self.turns = deque(turns)
        self.home = None
        self.threads = set()

    def __repr__(self):
        return self.name


class Work:
    """Feeds a crew through a queue and notes what it did."""

    def __init__(self, threads=4):
        self.inbox: queue.SimpleQueue[list[Item] | None] = queue.SimpleQueue()
        self.done: list[tuple[str, int]] = []
        self.turn_threads: set[str] = set()
        self.running = 0
        self.most_running = 0
        self.readers = 0
        self.most_readers = 0
        self.flushed = 0
        self.lock = threading.Lock()
        self.crew: Crew[Item] = Crew(self.receive, self.flush, threads)

    def receive(self):
        with self.lock:
            self.readers += 1
            self.most_readers = max(self.most_readers, self.readers)
        try:
            items = self.inbox.get()
        finally:
            with self.lock:
                self.readers -= 1
        for item in items or ():
            self.crew.ready(item)
        return items is not None

    def turn(self, item):
        with self.lock:
            self.running += 1
            self.most_running = max(self.most_running, self.running)
            self.turn_threads.add(threading.current_thread().name)
        item.threads.add(threading.current_thread().name)
        try:
            item.turns.popleft()()
        finally:
            with self.lock:
                self.running -= 1
                self.done.append((item.name, len(item.turns)))
        return bool(item.turns)

    def flush(self):
        self.flushed += 1

    def feed(self, *items):
        self.inbox.put(list(items))

    def names(self):
        with self.lock:
            return [name for name, _ in self.done]


@pytest.fixture
def make_work():
    made = []

    def make(threads=4):
        made.append(Work(threads))
        made[-1].crew.start(made[-1].turn)
        return made[-1]

    yield make
    for work in made:
        work.inbox.put(None)
        work.crew.join(LONG)
        assert work.crew.threads == [] or not any(thread.is_alive() for thread in work.crew.threads)


def quick():
    pass


@pytest.fixture
def gate():
    """A turn that lasts until the gate is opened."""
    event = threading.Event()
    yield event
    event.set()


def wait_at(event):
    return lambda: event.wait(LONG)


def test_everything_fed_is_done(make_work):
    work = make_work()
    for number in range(200):
        work.feed(Item(str(number), quick))
    until(lambda: len(work.done) == 200, "all turns were taken")
    assert sorted(map(int, work.names())) == list(range(200))


def test_slow_turn_does_not_keep_the_others_from_running(make_work, gate):
    work = make_work()
    work.feed(Item("slow", wait_at(gate)))
    for number in range(20):
        work.feed(Item(f"quick {number}", quick))
    until(lambda: len(work.done) == 20, "the quick ones ran beside the slow one")
    assert "slow" not in work.names()


def test_items_read_together_with_a_slow_one_do_not_wait_for_it(make_work, gate):
    work = make_work()
    work.feed(Item("slow", wait_at(gate)), Item("a", quick), Item("b", quick))
    until(lambda: set(work.names()) == {"a", "b"}, "those read in the same breath ran")


def test_slow_turn_after_a_rest_is_relieved_too(make_work, gate):
    work = make_work()
    work.feed(Item("first", quick))
    until(lambda: work.names() == ["first"], "the first one ran")
    until(lambda: work.crew._watch.asleep, "the watcher went to sleep")
    work.feed(Item("slow", wait_at(gate)))
    work.feed(Item("quick", quick))
    until(lambda: "quick" in work.names(), "the watcher woke up")


def test_reply_of_the_programs_before_a_slow_one_is_sent_while_it_runs(make_work, gate):
    work = make_work()
    work.feed(Item("both", quick, wait_at(gate)))
    until(lambda: work.running == 1 and work.names() == ["both"] and work.flushed, "what was answered is sent")


def test_turns_of_one_item_keep_their_order_and_never_overlap(make_work):
    work = make_work(threads=8)
    seen = {name: [] for name in "abcd"}
    inside = {name: threading.Lock() for name in "abcd"}

    def turn(name, number):
        def act():
            assert inside[name].acquire(blocking=False)
            seen[name].append(number)
            inside[name].release()

        return act

    work.feed(*(Item(name, *(turn(name, number) for number in range(100))) for name in "abcd"))
    until(lambda: len(work.done) == 400, "all turns were taken")
    assert seen == {name: list(range(100)) for name in "abcd"}


def test_items_take_turns_so_that_a_long_queue_starves_nobody(make_work):
    work = make_work(threads=1)
    work.feed(Item("long", *[quick] * 50), Item("short", quick))
    until(lambda: len(work.done) == 51, "all turns were taken")
    assert work.names().index("short") <= 2


@pytest.fixture
def nothing_is_long(monkeypatch):
    """No program makes room for others, however long it takes."""
    monkeypatch.setattr("polyloom_workers.member.LONG", 10 * LONG)
    monkeypatch.setattr("polyloom_workers.member.LONGEST", 10 * LONG)


@pytest.mark.usefixtures("nothing_is_long")
def test_no_more_items_run_at_once_than_there_are_threads(make_work, gate):
    work = make_work(threads=3)
    work.feed(*(Item(str(number), wait_at(gate)) for number in range(8)))
    until(lambda: work.running == 3, "as many run as there are threads")
    gate.set()
    until(lambda: len(work.done) == 8, "the rest ran afterwards")
    assert work.most_running == 3


def test_long_turns_on_all_threads_starve_nobody(make_work, gate):
    work = make_work(threads=4)
    work.feed(*(Item(f"slow {number}", wait_at(gate)) for number in range(20)))
    until(lambda: work.running == 20, "all the slow ones run")
    work.feed(*(Item(f"quick {number}", quick) for number in range(50)))
    until(lambda: len(work.done) == 50, "the quick ones ran")
    gate.set()
    until(lambda: len(work.done) == 70, "the slow ones ended")


def test_turns_that_compute_for_long_starve_nobody(make_work, gate):
    work = make_work(threads=2)

    def compute():
        while not gate.is_set():
            pass

    work.feed(*(Item(f"slow {number}", compute) for number in range(3)))
    until(lambda: work.running == 3, "all the slow ones run")
    work.feed(Item("quick", quick))
    until(lambda: work.names() == ["quick"], "the quick one ran")
    gate.set()
    until(lambda: len(work.done) == 4, "the slow ones ended")


def test_long_loose_turns_on_all_threads_starve_nobody(make_work, gate):
    work = make_work(threads=2)
    for number in range(20):
        work.crew.wake(Item(f"slow {number}", wait_at(gate)))
    until(lambda: work.running == 20, "all the slow ones run")
    work.crew.wake(Item("loose", quick))
    work.feed(Item("quick", quick))
    until(lambda: sorted(work.names()) == ["loose", "quick"], "the quick ones ran")
    gate.set()
    until(lambda: len(work.done) == 22, "the slow ones ended")


def test_no_more_long_turns_run_beside_the_others_than_are_allowed(make_work, gate, monkeypatch):
    monkeypatch.setattr("polyloom_workers.crew.MOST_LONG", 3)
    work = make_work(threads=2)
    work.feed(*(Item(str(number), wait_at(gate)) for number in range(9)))
    until(lambda: work.running == 5, "two run, and three beside them")
    gate.set()
    until(lambda: len(work.done) == 9, "the rest ran afterwards")
    assert work.most_running == 5


def test_after_long_turns_as_many_run_at_once_as_before(make_work, monkeypatch):
    work = make_work(threads=3)
    for _ in range(3):
        gate, done = threading.Event(), len(work.done)
        monkeypatch.setattr("polyloom_workers.member.LONG", 0.01)
        slow = [Item(f"slow {number}", wait_at(gate)) for number in range(8)]
        work.feed(*slow[:5])
        for item in slow[5:]:
            work.crew.wake(item)
        until(lambda: work.running == 8, "all the slow ones run")
        work.crew.leave(slow[0])
        gate.set()
        until(lambda done=done: len(work.done) == done + 8, "they ended")
    monkeypatch.setattr("polyloom_workers.member.LONG", 10 * LONG)
    monkeypatch.setattr("polyloom_workers.member.LONGEST", 10 * LONG)
    work.most_running, gate = 0, threading.Event()
    work.feed(*(Item(f"again {number}", wait_at(gate)) for number in range(8)))
    until(lambda: work.running == 3, "as many run as there are threads")
    gate.set()
    until(lambda: len(work.done) == 32, "all ended")
    assert work.most_running == 3


@pytest.mark.usefixtures("nothing_is_long")
def test_crew_of_one_thread_still_reads_while_it_runs(make_work, gate):
    work = make_work(threads=1)
    work.feed(Item("slow", wait_at(gate)))
    until(lambda: work.running == 1, "the slow one runs")
    work.feed(Item("waiting", quick))
    until(lambda: work.inbox.empty() and work.readers, "the next frame was read")
    assert work.names() == []
    gate.set()
    until(lambda: work.names() == ["slow", "waiting"], "both ran in the end")


def test_there_is_never_more_than_one_reader(make_work):
    work = make_work(threads=8)
    gates = [threading.Event() for _ in range(6)]
    for number, event in enumerate(gates):
        work.feed(Item(f"slow {number}", wait_at(event)), Item(f"quick {number}", quick))
    until(lambda: len(work.done) == 6, "the quick ones ran")
    for event in gates:
        event.set()
    until(lambda: len(work.done) == 12, "the slow ones ended")
    assert work.most_readers == 1


def test_one_item_that_is_fed_again_and_again_stays_with_the_thread_that_reads(make_work):
    work = make_work(threads=8)
    item = Item("only")
    for number in range(100):
        item.turns.append(quick)
        work.feed(item)
        until(lambda number=number: len(work.done) == number + 1, "the turn was taken")
    assert item.threads == {"polyloom-1"}


def test_every_item_stays_on_its_thread_although_another_one_reads_meanwhile(make_work, gate):
    work = make_work(threads=8)
    items = [Item(name) for name in "abc"]
    for turn in (quick, wait_at(gate), quick, quick):
        for item in items:
            item.turns.append(turn)
            work.feed(item)
        if turn is not quick:
            until(lambda: work.running == 3, "all of them are in a slow turn")
            gate.set()
        until(lambda: not any(item.turns for item in items) and not work.running, "all turns were taken")
    assert [len(item.threads) for item in items] == [1, 1, 1]
    assert len(set.union(*(item.threads for item in items))) == 3


def test_threads_of_items_that_left_are_used_again_and_superfluous_ones_end(make_work):
    work = make_work(threads=8)
    for _ in range(3):
        items = [Item(str(number), quick) for number in range(50)]
        done = len(work.done)
        work.feed(*items)
        until(lambda done=done: len(work.done) == done + 50, "all turns were taken")
        for item in items:
            work.crew.leave(item)
    until(lambda: len(work.crew.threads) < 10, "the threads that nobody needs have ended")


def test_loose_work_is_done_while_the_leader_reads_and_others_run(make_work, gate):
    work = make_work(threads=2)
    work.feed(Item("slow", wait_at(gate)))
    until(lambda: work.running == 1, "one runs")
    work.crew.wake(Item("loose", quick, quick))
    until(lambda: work.names() == ["loose", "loose"], "both of its turns were taken")


def test_a_program_that_waits_reads_on_and_lets_others_run(make_work):
    work = make_work(threads=1)
    answered = threading.Event()

    class Call:
        news = threading.Event()

        def due(self):
            return answered.is_set()

    work.feed(Item("asks", lambda: work.crew.attend(Call(), True)))
    until(lambda: work.running == 1, "it asks")
    work.feed(Item("answers", answered.set))
    until(lambda: work.names() == ["answers"], "the other one ran meanwhile")
    work.feed()
    until(lambda: work.names() == ["answers", "asks"], "what was read ended the wait")


def test_a_leader_that_waits_for_what_is_not_read_lets_another_one_lead(make_work):
    work = make_work(threads=1)
    answered = threading.Event()

    class Future:
        news = threading.Event()

        def due(self):
            return answered.is_set()

    work.feed(Item("waits", lambda: work.crew.attend(Future(), False)))
    until(lambda: work.running == 1 and work.readers == 1, "another one reads")
    work.feed(Item("other", quick))
    until(lambda: work.names() == ["other"], "others run")
    answered.set()
    Future.news.set()
    until(lambda: work.names() == ["other", "waits"], "it went on")


def test_end_of_the_input_ends_every_thread(make_work, gate):
    work = make_work()
    work.feed(Item("slow", wait_at(gate)))
    until(lambda: work.running == 1, "the slow one runs")
    work.inbox.put(None)
    gate.set()
    work.crew.join(LONG)
    assert not any(thread.is_alive() for thread in work.crew.threads)
    work.inbox.put(None)


def test_stop_lets_the_running_turn_end_and_starts_no_other(make_work, gate):
    work = make_work(threads=1)
    work.feed(Item("running", wait_at(gate)), Item("never", quick))
    until(lambda: work.running == 1 and work.readers == 1, "one runs, one reads")
    work.crew.stop()
    gate.set()
    work.inbox.put([])
    work.crew.join(LONG)
    assert work.names() == ["running"]


def test_end_met_by_a_follower_is_told_to_the_main_thread(gate):
    work = Work()
    ended = threading.Event()
    main = threading.Thread(target=work.crew.serve, args=(work.turn, ended.set), daemon=True)
    main.start()
    work.feed(Item("slow", wait_at(gate)))
    until(lambda: work.running == 1 and work.readers == 1, "another thread reads while the first one runs")
    work.inbox.put(None)
    assert ended.wait(LONG)
    gate.set()
    main.join(LONG)
    assert not main.is_alive()


class Promise:
    """Something that another thread keeps soon."""

    def __init__(self):
        self.news = threading.Event()
        self.kept = False

    def keep(self):
        self.kept = True
        self.news.set()

    def due(self):
        return self.kept


@pytest.mark.parametrize("threads", [1, 2, 16])
def test_no_work_is_lost_whatever_waits_wakes_and_leaves(make_work, threads):
    work = make_work(threads)
    random = Random(threads)
    keeper: queue.SimpleQueue[Promise | None] = queue.SimpleQueue()

    def keep():
        while (promise := keeper.get()) is not None:
            promise.keep()

    def wait():
        promise = Promise()
        keeper.put(promise)
        work.crew.attend(promise, False)

    def wake():
        work.crew.wake(Item("loose", quick))

    def leave(item):
        return lambda: work.crew.leave(item)

    thread = threading.Thread(target=keep)
    thread.start()
    try:
        for _ in range(20):
            items = [Item(str(number)) for number in range(30)]
            for item in items:
                item.turns.extend(random.choice([quick, quick, wait, wake]) for _ in range(random.randrange(1, 6)))
                item.turns.append(leave(item))
            before = len([name for name in work.names() if name != "loose"])
            due = before + sum(len(item.turns) for item in items)
            random.shuffle(items)
            for index in range(0, 30, 3):
                work.feed(*items[index : index + 3])
            until(lambda due=due: len([name for name in work.names() if name != "loose"]) == due, "all turns were taken")
            assert [len(item.threads) for item in items] == [1] * 30
    finally:
        keeper.put(None)
        thread.join()
    assert work.most_readers == 1


def test_loose_work_finds_a_thread_however_many_wait_for_it(make_work):
    work = make_work(threads=1)
    promises = [Promise() for _ in range(30)]
    work.feed(*(Item(str(number), lambda one=one: work.crew.attend(one, False)) for number, one in enumerate(promises)))
    for promise in promises:
        work.crew.wake(Item("loose", promise.keep))
    until(lambda: len(work.done) == 60, "all of them went on")


def test_loose_work_that_waits_for_loose_work_ends(make_work):
    work = make_work(threads=1)
    promises = [Promise() for _ in range(30)]
    for promise in promises:
        work.crew.wake(Item("waits", lambda one=promise: work.crew.attend(one, False)))
    for promise in promises:
        work.crew.wake(Item("keeps", promise.keep))
    until(lambda: len(work.done) == 60, "all of them went on")


def test_leader_that_was_relieved_appoints_nobody_while_another_one_reads(make_work):
    work = make_work()
    gate = threading.Event()
    slow, other, third = items = [Item(name, lambda: None) for name in ("slow", "other", "third")]
    for at, one in enumerate(items, 1):  # the first one is at home with the leader, each other with a thread of its own
        work.feed(one)
        until(lambda at=at: len(work.names()) == at, "it has run")
    slow.turns.append(lambda: gate.wait(LONG))
    work.feed(slow)
    until(lambda: work.running == 1 and work.readers == 1, "another one reads while the leader is in a slow turn")
    other.turns.append(lambda: None)
    work.crew.ready(other)  # filed by the one that reads, which goes on to read
    gate.set()
    until(lambda: work.names().count("slow") == 2, "the slow turn has ended")
    third.turns.append(lambda: None)
    work.feed(third)
    until(lambda: len(work.names()) == 6, "all is done")
    assert work.most_readers == 1


def test_leader_that_is_held_in_a_write_is_relieved(make_work, gate, monkeypatch):
    work = make_work()
    held = threading.Lock()

    def flush():  # as of a pipe that is full: who comes meanwhile leaves it to the one that writes
        if threading.current_thread().name != "polyloom-watch" and held.acquire(blocking=False):
            gate.wait(LONG)

    monkeypatch.setattr("polyloom_workers.crew.LATE", 0.0)  # the reply is sent at once
    monkeypatch.setattr(work.crew, "_flush", flush)
    work.feed(Item("answered", quick))
    until(lambda: held.locked() and work.readers == 1, "another one reads")
