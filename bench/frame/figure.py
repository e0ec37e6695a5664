"""What a task gave: one number a round, or the reason why there is none."""

from dataclasses import dataclass
from statistics import median
from typing import Any

from frame import number


@dataclass(frozen=True)
class Figure:
    label: str
    unit: str
    rounds: tuple[float, ...] = ()
    missing: str | None = None

    @property
    def median(self) -> float:
        return median(self.rounds)

    def as_json(self) -> dict[str, Any]:
        if self.missing:
            return {"unit": self.unit, "missing": self.missing}
        values = {"median": self.median, "low": min(self.rounds), "high": max(self.rounds)}
        rounded = {name: number.rounded(value) for name, value in values.items()}
        return {"unit": self.unit, **rounded, "rounds": len(self.rounds)}
