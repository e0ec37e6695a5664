"""P4: bulk data into a call and back, over storing and fetching the same bytes."""

from frame.check import Check
from frame.row import Row
from frame.task import Calls

ROW = Row(
    id="P4",
    title="8 MB into a call and back, over Redis",
    tasks={
        "polyloom, bytes": Calls("polyloom", "bytes", count=15),
        "SET and GET, bytes": Calls("set and get", "bytes", count=15),
        "polyloom, NdArray": Calls("polyloom", "array", count=15),
        "SET and GET, NdArray": Calls("set and get", "array", count=15),
    },
    checks=(
        Check("bytes, over SET and GET", ("polyloom, bytes",), "<=", 2.5, ("SET and GET, bytes",)),
        Check(
            "NdArray, over SET and GET",
            ("polyloom, NdArray",),
            "<=",
            2.5,
            ("SET and GET, NdArray",),
        ),
    ),
    starts=3,
    rounds=5,
)
