"""P9: what a live handle costs the worker, and what is left when all were given back."""

from frame.check import Check
from frame.row import Row
from frame.task import Asked

OBJECTS = 100_000

ROW = Row(
    id="P9",
    title="Live handles on the worker",
    tasks={
        "polyloom, one live handle": Asked("handles", "size", "B", OBJECTS),
        "polyloom, entries left": Asked("handles", "left", "entries", OBJECTS),
    },
    checks=(
        Check("memory of one handle, over the object itself", ("polyloom, one live handle",), "<=", 400, unit="B"),
        Check("entries of the table after 100,000 were dropped", ("polyloom, entries left",), "<=", 0, unit="entries"),
    ),
    starts=3,
    rounds=1,  # memory that was given back is used again, so that only the first growth tells
)
