"""P1: what one awaited call costs over Redis."""

from dataclasses import replace

from frame.check import Check
from frame.row import Row
from frame.task import Calls

ROW = Row(
    id="P1",
    title="one awaited call on a session, over Redis",
    tasks={
        "polyloom": Calls("polyloom", count=1000),
        "raw list echo": Calls("list echo", count=1000),
        "Celery": Calls("celery", count=400),
        "celery-node": Calls("celery-node", count=300),
        "BullMQ": Calls("bullmq", count=400),
    },
    checks=(
        Check("over the raw list echo", ("polyloom",), "<=", 1.5, ("raw list echo",)),
        Check("over stock Celery", ("polyloom",), "<=", 1 / 3, ("Celery",)),
    ),
    starts=3,
    rounds=5,
)
ONE_CORE = replace(
    ROW,
    id="P1-one-core",
    title=f"{ROW.title}, all processes on one core",
    starts=1,
    cores=1,
)
