"""The order of programs in a session with threads (§4.5): each begins once, after those that it names, in any interleaving."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from polyloom_workers.order import Order
from polyloom_workers.session import Program


def program(n):
    return Program(n, [], [])


def numbers(begun):
    return [one and one.n for one in begun]


class Slots:
    """A client: tells what a program waits for by the slots that it uses (§4.5)."""

    def __init__(self):
        self.users = {}

    def after(self, n, slots):
        before = {self.users[slot] for slot in slots if slot in self.users}
        self.users |= dict.fromkeys(slots, n)
        return sorted(before)


@st.composite
def histories(draw):
    """Threads, the slots of each program, and choices among what may happen next."""
    slots = st.sets(st.integers(1, 5), max_size=3)
    programs = draw(st.lists(slots, max_size=25))
    return draw(st.integers(1, 4)), programs, draw(st.lists(st.integers(0, 99), min_size=80, max_size=80))


@given(histories())
def test_any_interleaving_keeps_the_order_of_the_ops_on_each_handle(history):
    threads, programs, choices = history
    order, slots = Order(threads), Slots()
    waiting = dict(enumerate(programs, 1))
    running, ran = [], []
    for choice in choices + [0] * 60:
        if waiting and (choice % 3 or not running):
            n = next(iter(waiting))
            order.add(program(n), slots.after(n, waiting.pop(n)))
        elif running:
            ended = running.pop(choice % len(running))
            ran.append(ended)
            order.end(ended)
        running += numbers(order.begin())
        assert len(running) <= threads
        assert not set(running) & set(ran)
        assert order.waiting == len(programs) - len(waiting) - len(running) - len(ran)
    assert sorted(ran) == list(range(1, len(programs) + 1))
    for slot in range(1, 6):
        users = [n for n in ran if slot in programs[n - 1]]
        assert users == sorted(users)
    assert not order.busy


@given(histories())
def test_no_program_waits_while_a_thread_is_free_and_nothing_before_it_runs(history):
    threads, programs, _ = history
    order, slots = Order(threads), Slots()
    after = {n: slots.after(n, used) for n, used in enumerate(programs, 1)}
    for n in after:
        order.add(program(n), after[n])
    running, ended = numbers(order.begin()), set()
    while running:
        free = [n for n in after if n not in running and n not in ended and ended.issuperset(after[n])]
        assert len(running) == threads or not free
        over = running.pop(0)
        ended.add(over)
        order.end(over)
        running += numbers(order.begin())
    assert ended == set(after)


def test_programs_without_after_wait_for_all_before():
    order = Order(4)
    order.add(program(1), [])
    order.add(program(2), [])
    order.add(program(3), None)
    assert numbers(order.begin()) == [1, 2]
    order.end(2)
    assert numbers(order.begin()) == []
    order.end(1)
    assert numbers(order.begin()) == [3]


def test_those_that_may_begin_do_so_by_their_numbers():
    order = Order(1)
    order.add(program(1), [])
    order.add(program(2), [1])
    order.add(program(3), [])
    assert numbers(order.begin()) == [1]
    order.end(1)
    assert numbers(order.begin()) == [2]


def test_numbers_of_what_has_ended_or_comes_later_are_not_waited_for():
    order = Order(2)
    order.add(program(1), [])
    order.begin()
    order.end(1)
    order.add(program(2), [1, 2, 3, -1])
    assert numbers(order.begin()) == [2]


def test_program_that_waits_for_the_client_makes_room():
    order = Order(2)
    for n in range(1, 5):
        order.add(program(n), [])
    assert numbers(order.begin()) == [1, 2]
    order.rest(1)
    assert numbers(order.begin()) == [3]
    order.resume(1)
    order.end(3)
    assert numbers(order.begin()) == []
    order.end(1)
    assert numbers(order.begin()) == [4]


def test_what_runs_inside_a_program_is_waited_for_and_takes_no_room():
    order = Order(1)
    order.inside(1)
    order.add(program(2), [])
    order.add(program(3), [1])
    assert numbers(order.begin()) == [2]
    order.end(2)
    assert numbers(order.begin()) == []
    order.end(1)
    assert numbers(order.begin()) == [3]


def test_end_of_the_session_comes_last_and_once():
    order = Order(2)
    order.add(program(1), [])
    order.add(program(2), [1])
    assert numbers(order.begin()) == [1]
    order.close()
    assert order.begin() == []
    order.end(1)
    assert numbers(order.begin()) == [2]
    order.end(2)
    assert order.begin() == [None]
    assert order.begin() == []
