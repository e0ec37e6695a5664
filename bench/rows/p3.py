"""P3: a chain of dependent steps travels as one program, and costs little more than one call."""

from frame.check import Check
from frame.row import Row
from frame.task import Calls

ROW = Row(
    id="P3",
    title="a chain of four dependent steps, over Redis",
    tasks={
        "polyloom, one call": Calls("polyloom", "join", count=1000),
        "polyloom, import to call": Calls("polyloom", "import to call", count=1000),
        "polyloom, four calls": Calls("polyloom", "four joins", count=1000),
    },
    checks=(
        Check("four calls over one", ("polyloom, four calls",), "<=", 1.3, ("polyloom, one call",)),
        Check(
            "import to call over one call",
            ("polyloom, import to call",),
            "<=",
            1.3,
            ("polyloom, one call",),
        ),
    ),
    starts=3,
    rounds=5,
)
