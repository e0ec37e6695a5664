"""Measures a row: every round asks every task once, each round beginning with another one."""

from collections.abc import Callable
from dataclasses import dataclass

from frame.child import ChildError
from frame.cores import confined
from frame.figure import Figure
from frame.row import Outcome, Row
from frame.stage import Stage

Tell = Callable[[str], None]


@dataclass(frozen=True)
class Pace:
    """How thorough a run is; each is a share of what the rows ask for."""

    starts: float = 1.0
    rounds: float = 1.0
    calls: float = 1.0


FULL = Pace()
QUICK = Pace(starts=0.0, rounds=0.6, calls=0.25)


def share(number: int, of: float) -> int:
    return max(1, round(number * of))


class Measurement:
    def __init__(self, row: Row, pace: Pace, tell: Tell) -> None:
        self._row, self._pace, self._tell = row, pace, tell
        self._values: dict[str, list[float]] = {label: [] for label in row.tasks}
        self._missing: dict[str, str] = {}

    def run(self) -> Outcome:
        with confined(self._row.cores):
            for _ in range(share(self._row.starts, self._pace.starts)):
                self._start()
        figures = {label: self._figure(label) for label in self._row.tasks}
        verdicts = tuple(check.judge(figures) for check in self._row.checks)
        return Outcome(self._row, figures, verdicts)

    def _start(self) -> None:
        """All processes of the row, from their start to their end."""
        with Stage() as stage:
            for label in self._present():
                self._tell(f"starting {label}")
                self._attempt(label, stage, self._prepare)
            for number in range(share(self._row.rounds, self._pace.rounds)):
                self._tell(f"round {number + 1}")
                for label in self._turned(number):
                    self._attempt(label, stage, self._measure)

    def _present(self) -> list[str]:
        return [label for label in self._row.tasks if label not in self._missing]

    def _turned(self, number: int) -> list[str]:
        labels = self._present()
        turn = number % max(1, len(labels))
        return labels[turn:] + labels[:turn]

    def _attempt(self, label: str, stage: Stage, step: Callable[[str, Stage], None]) -> None:
        try:
            step(label, stage)
        except (ChildError, OSError) as error:
            self._missing[label] = str(error)

    def _prepare(self, label: str, stage: Stage) -> None:
        self._row.tasks[label].prepare(stage, self._pace.calls)

    def _measure(self, label: str, stage: Stage) -> None:
        value = self._row.tasks[label].measure(stage, self._pace.calls)
        self._values[label].append(value)

    def _figure(self, label: str) -> Figure:
        values = tuple(self._values[label])
        return Figure(label, self._row.tasks[label].unit, values, self._missing.get(label))
