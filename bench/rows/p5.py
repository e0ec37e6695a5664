"""P5: a local process over stdio, against the runtime of the founding sketch."""

from dataclasses import replace

from frame.check import Check
from frame.row import Row
from frame.task import Calls
from rows.p2 import both

POLYLOOM = both("polyloom", "polyloom stdio", 40_000)
SKETCH = both("sketch", "sketch", 40_000)

ROW = Row(
    id="P5",
    title="calls over stdio",
    tasks={
        "polyloom": Calls("polyloom stdio", count=2000),
        "sketch": Calls("sketch", count=2000),
        "pythonia": Calls("pythonia", count=2000),
        "rpyc": Calls("rpyc", count=2000),
        **POLYLOOM,
        **SKETCH,
    },
    checks=(
        Check("one call over the sketch", ("polyloom",), "<=", 1.0, ("sketch",)),
        Check("in flight over the sketch", tuple(POLYLOOM), ">=", 1.5, tuple(SKETCH)),
    ),
    starts=3,
    rounds=5,
)
ONE_CORE = replace(
    ROW,
    id="P5-one-core",
    title=f"{ROW.title}, all processes on one core",
    starts=1,
    cores=1,
)
