"""The crew: a slow turn delays nobody else, and every item keeps its order. Events decide here, never the time."""

from __future__ import annotations

import queue
import threading
from collections import deque

import pytest

from deadline import LONG, until
from polyloom_workers.crew import Crew


class Item:
    """Something with turns to take: a session in small."""

    def __init__(self, name, *turns):
        self.name = name
        self.turns = deque(turns)

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
        self.crew: Crew[Item] = Crew(self.receive, self.turn, self.flush, threads)

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
        made[-1].crew.start()
        return made[-1]

    yield make
    for work in made:
        work.inbox.put(None)
        work.crew.join(LONG)
        assert not any(member.is_alive() for member in work.crew._members)


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
    asleep = work.crew._alarm
    until(lambda: not asleep.is_set(), "the watcher went to sleep")
    work.feed(Item("slow", wait_at(gate)))
    work.feed(Item("quick", quick))
    until(lambda: "quick" in work.names(), "the watcher woke up")


def test_reply_of_the_programs_before_a_slow_one_is_sent_while_it_runs(make_work, gate):
    work = make_work()
    work.feed(Item("quick", quick), Item("slow", wait_at(gate)))
    until(lambda: work.running == 1 and work.names() == ["quick"] and work.flushed, "what was answered is sent")


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


def test_no_more_items_run_at_once_than_there_are_threads(make_work, gate):
    work = make_work(threads=3)
    work.feed(*(Item(str(number), wait_at(gate)) for number in range(8)))
    until(lambda: work.running == 3, "as many run as there are threads")
    gate.set()
    until(lambda: len(work.done) == 8, "the rest ran afterwards")
    assert work.most_running == 3


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


def test_short_turns_need_no_second_thread(make_work):
    work = make_work(threads=8)
    for number in range(100):
        work.feed(Item(str(number), quick))
    until(lambda: len(work.done) == 100, "all turns were taken")
    assert len(work.crew._members) < 8


def test_end_of_the_input_ends_every_thread(make_work, gate):
    work = make_work()
    work.feed(Item("slow", wait_at(gate)))
    until(lambda: work.running == 1, "the slow one runs")
    work.inbox.put(None)
    gate.set()
    work.crew.join(LONG)
    assert not any(member.is_alive() for member in work.crew._members)
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
    main = threading.Thread(target=work.crew.serve, args=(ended.set,), daemon=True)
    main.start()
    work.feed(Item("slow", wait_at(gate)))
    until(lambda: work.running == 1 and work.readers == 1, "another thread reads while the first one runs")
    work.inbox.put(None)
    assert ended.wait(LONG)
    gate.set()
    main.join(LONG)
    assert not main.is_alive()
