"""Checks: what the figures of a row are held to, and how far they are from it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from frame import number
from frame.figure import Figure

Figures = Mapping[str, Figure]


@dataclass(frozen=True)
class Check:
    """`ours` over `theirs` against a bound; without `theirs` the figure itself.

    Where a side has several labels its best counts: the least for "<=", the greatest for ">=".
    """

    title: str
    ours: tuple[str, ...]
    sense: Literal["<=", ">="]
    bound: float
    theirs: tuple[str, ...] = ()
    unit: str = "x"

    @property
    def target(self) -> str:
        return f"{self.sense} {number.text(self.bound)} {self.unit}"

    def judge(self, figures: Figures) -> "Verdict":
        ours, theirs = self._best(self.ours, figures), self._best(self.theirs, figures)
        if ours is None or (self.theirs and theirs is None):
            return Verdict(self)
        if theirs is None:
            return Verdict(self, ours.median, min(ours.rounds), max(ours.rounds))
        by_round = [mine / other for mine, other in zip(ours.rounds, theirs.rounds, strict=True)]
        return Verdict(self, ours.median / theirs.median, min(by_round), max(by_round))

    def _best(self, labels: Iterable[str], figures: Figures) -> Figure | None:
        found = [figures[label] for label in labels if not figures[label].missing]
        best = min if self.sense == "<=" else max
        return best(found, key=lambda figure: figure.median, default=None)


@dataclass(frozen=True)
class Verdict:
    """The ratio of the medians; the least and greatest of one round; none if a side is missing."""

    check: Check
    ratio: float | None = None
    low: float | None = None
    high: float | None = None

    @property
    def ok(self) -> bool:
        if self.ratio is None:
            return False
        return self.ratio <= self.check.bound if self.check.sense == "<=" else self.ratio >= self.check.bound

    @property
    def words(self) -> str:
        if self.ratio is None:
            return "not measured"
        if self.ok:
            return "reached"
        if not self.check.bound:
            return f"missed by {number.text(self.ratio)} {self.check.unit}"
        return f"missed by {abs(self.ratio / self.check.bound - 1):.1%}"

    def as_json(self) -> dict[str, Any]:
        numbers = {"ratio": self.ratio, "low": self.low, "high": self.high}
        rounded = {key: number.rounded(value) for key, value in numbers.items()}
        return {"of": self.check.title, **rounded, "target": self.check.target, "ok": self.ok}
