"""Rows: tasks that are measured in one run, in rounds, and what their figures are held to."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from frame.check import Check, Verdict
from frame.figure import Figure
from frame.task import Task


@dataclass(frozen=True)
class Row:
    """The first check gives the ratio of the row; the row is ok when all are."""

    id: str
    title: str
    tasks: Mapping[str, Task]
    checks: tuple[Check, ...]
    starts: int = 1  # times that all processes are started anew
    rounds: int = 7  # after each start
    cores: int | None = None  # that the processes may use; None for all


@dataclass(frozen=True)
class Outcome:
    row: Row
    figures: Mapping[str, Figure]
    verdicts: tuple[Verdict, ...]

    @property
    def ok(self) -> bool:
        return all(verdict.ok for verdict in self.verdicts)

    @property
    def broken(self) -> list[str]:
        """Labels of what is missing and is not somebody else's."""
        return [label for label, figure in self.figures.items() if figure.missing and not self.row.tasks[label].foreign]

    def as_json(self) -> dict[str, Any]:
        first = self.verdicts[0].as_json()
        return {
            "id": self.row.id,
            "title": self.row.title,
            "ratio": first["ratio"],
            "target": first["target"],
            "ok": self.ok,
            "checks": [verdict.as_json() for verdict in self.verdicts],
            "figures": {label: figure.as_json() for label, figure in self.figures.items()},
        }
