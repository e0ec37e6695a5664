"""A call of Python that calls a function of JavaScript is two calls, one there and one back."""

from frame.check import Check
from frame.row import Row
from frame.task import Calls

ROW = Row(
    id="callback",
    title="a call that calls a function of JavaScript once",
    tasks={
        "local, a call": Calls("polyloom stdio", count=1000),
        "local, with a callback": Calls("polyloom stdio", "callback", count=1000),
        "Redis, a call": Calls("polyloom", count=1000),
        "Redis, with a callback": Calls("polyloom", "callback", count=1000),
    },
    checks=(
        Check("with a callback over without, local", ("local, with a callback",), "<=", 2.5, ("local, a call",)),
        Check("with a callback over without, Redis", ("Redis, with a callback",), "<=", 2.5, ("Redis, a call",)),
    ),
    starts=2,
    rounds=5,
)
