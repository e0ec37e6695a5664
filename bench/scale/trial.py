"""One cell of the table: so many sessions on so many workers, at rest and at an even rate of programs."""

import time
from dataclasses import dataclass

from scale.cost import Cost
from scale.fleet import Fleet

RATE = 500.0  # programs in a second, whatever the number of sessions and workers, so that the cells can be compared
SETTLED = 5.0  # seconds


@dataclass(frozen=True)
class Cell:
    workers: int
    sessions: int
    rate: float  # programs in a second, of all sessions together
    rest: Cost  # of one second at rest
    program: Cost  # of one program: what was spent at the rate, over the rate; the rest is in it
    programs: int

    @property
    def alone(self) -> Cost:
        """Of one program without what is spent at rest."""
        return self.program - self.rest / self.rate


def measure(workers: int, sessions: int, rate: float, seconds: float) -> Cell:
    with Fleet() as fleet:
        fleet.hire(workers)
        fleet.connect(min(workers, sessions), sessions, rate)
        fleet.ask("sessions")
        fleet.ask("paced", round(rate / 2))  # warms up
        time.sleep(SETTLED)
        before = Cost.of(fleet)
        time.sleep(seconds)
        rest = Cost.of(fleet) - before
        before = Cost.of(fleet)
        programs = fleet.ask("paced", round(rate * seconds / 2))
        spent = Cost.of(fleet) - before
        return Cell(workers, sessions, rate, rest / rest.seconds, spent / programs, programs)
