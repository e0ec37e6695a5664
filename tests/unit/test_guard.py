"""An interrupt reaches the op that it is aimed at, or nobody."""

from __future__ import annotations

import gc
import sys
import threading

import pytest

from polyloom.guard import Guard, Interrupt, shielded


@pytest.fixture
def impatient():
    """Have threads change places as often as Python can, without callbacks of gc, in which Python swallows what is raised."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    gc.disable()
    yield
    gc.enable()
    sys.setswitchinterval(before)


def spin(turns: int) -> int:
    for turn in range(turns):
        turn += 1
    return turns


def run(turns: int, wide: bool, guards: list[Guard]) -> str:
    """Run one op as the executor does; `wide` ones pass through the bridge meanwhile."""
    guard = Guard()
    guards.append(guard)
    try:
        outcome = "done"
        spin(turns)
        if wide:
            with shielded():
                spin(turns)
        guard.end()
    except Interrupt:
        guard.end()
        outcome = "interrupted"
    return outcome


def test_interrupts_at_any_moment_leave_everything_else_alone(impatient):
    guards: list[Guard] = []
    over = threading.Event()

    def disturb():
        while not over.is_set():
            while guards:
                guards.pop().cancel()

    thread = threading.Thread(target=disturb)
    thread.start()
    try:
        outcomes = [run(number % 40 + 1, number % 2 == 0, guards) for number in range(20_000)]
        assert spin(1000) == 1000  # nothing is on its way any more
    finally:
        over.set()
        thread.join()
    assert set(outcomes) == {"done", "interrupted"}


def test_a_shield_keeps_the_interrupt_to_its_end():
    guard = Guard()
    reached = False
    with pytest.raises(Interrupt), shielded() as own:  # noqa: PT012 - the interrupt comes where the block ends
        assert own is guard
        other = threading.Thread(target=guard.cancel)
        other.start()
        other.join()
        reached = spin(100_000) > 0
    assert reached
    guard.end()


def test_cancelling_wakes_an_op_that_waits_in_the_bridge():
    guard, news = Guard(), threading.Event()
    with pytest.raises(Interrupt), shielded():  # noqa: PT012 - the interrupt comes where the block ends
        guard.wake = news.set
        threading.Timer(0.01, guard.cancel).start()
        assert news.wait(10)
    guard.end()


def test_cancelling_what_has_ended_does_nothing():
    guard = Guard()
    guard.end()
    guard.cancel()
    assert spin(1000) == 1000


def test_an_inner_op_is_not_met_by_the_interrupt_of_the_outer_one():
    outer = Guard()
    with pytest.raises(Interrupt), shielded():  # noqa: PT012 - the interrupt comes where the block ends
        inner = Guard()
        other = threading.Thread(target=outer.cancel)
        other.start()
        other.join()
        assert spin(100_000) == 100_000
        inner.end()
    outer.end()
