"""Measures a row: every round asks every task once, each round beginning with another one."""

from collections.abc import Callable
from dataclasses import dataclass

from frame.child import ChildError
from frame.figure import Figure
from frame.row import Outcome, Row
from frame.stage import Stage

Tell = Callable[[str], None]


@dataclass(frozen=True)
class Pace:
    """How thorough a run is: both are shares of what the rows ask for."""

    rounds: float = 1.0
    calls: float = 1.0

    def rounds_of(self, row: Row) -> int:
        return max(1, round(row.rounds * self.rounds))


FULL = Pace()
QUICK = Pace(rounds=0.4, calls=0.25)


class Measurement:
    def __init__(self, row: Row, stage: Stage, pace: Pace) -> None:
        self._row, self._stage, self._pace = row, stage, pace
        self._values: dict[str, list[float]] = {label: [] for label in row.tasks}
        self._missing: dict[str, str] = {}

    def run(self, tell: Tell) -> Outcome:
        for label in self._row.tasks:
            tell(f"starting {label}")
            self._attempt(label, self._prepare)
        for number in range(self._pace.rounds_of(self._row)):
            tell(f"round {number + 1}")
            for label in self._order(number):
                self._attempt(label, self._measure)
        figures = {label: self._figure(label) for label in self._row.tasks}
        return Outcome(
            self._row, figures, tuple(check.judge(figures) for check in self._row.checks)
        )

    def _order(self, number: int) -> list[str]:
        labels = [label for label in self._row.tasks if label not in self._missing]
        turn = number % max(1, len(labels))
        return labels[turn:] + labels[:turn]

    def _attempt(self, label: str, step: Callable[[str], None]) -> None:
        try:
            step(label)
        except (ChildError, OSError) as error:
            self._missing[label] = str(error)

    def _prepare(self, label: str) -> None:
        self._row.tasks[label].prepare(self._stage, self._pace.calls)

    def _measure(self, label: str) -> None:
        self._values[label].append(self._row.tasks[label].measure(self._stage, self._pace.calls))

    def _figure(self, label: str) -> Figure:
        values = tuple(self._values[label])
        return Figure(label, self._row.tasks[label].unit, values, self._missing.get(label))


def measure(row: Row, pace: Pace, tell: Tell) -> Outcome:
    with Stage() as stage:
        return Measurement(row, stage, pace).run(tell)
