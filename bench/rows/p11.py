"""P11: from the command to its end, everything set up already."""

from frame.check import Check
from frame.places import POLYLOOM
from frame.row import Row
from frame.task import Launch

HELLO = (POLYLOOM, "run", "examples/hello.lisp")
SUM = "10\n"  # its first line

ROW = Row(
    id="P11",
    title="cold start of examples/hello.lisp",
    tasks={
        "polyloom, embedded fleet": Launch(HELLO, SUM),
        "polyloom, stdio": Launch((*HELLO, "--url", "stdio:"), SUM),
    },
    checks=(
        Check("embedded fleet", ("polyloom, embedded fleet",), "<=", 2.5, unit="s"),
        Check("stdio", ("polyloom, stdio",), "<=", 0.6, unit="s"),
    ),
    rounds=5,
)
