"""P2: awaited calls in flight from one client to one worker process."""

from frame.check import Check
from frame.row import Row
from frame.task import Calls


def both(label: str, contestant: str, count: int, window: int = 1000, call: str = "add") -> dict[str, Calls]:
    """In flight is measured both ways; each side is judged by its better one."""
    return {
        f"{label}, window": Calls(contestant, call, "window", count, window),
        f"{label}, burst": Calls(contestant, call, "burst", count),
    }


POLYLOOM = both("polyloom", "polyloom", 40_000)
PYTHONIA = both("pythonia", "pythonia", 15_000)
CELERY_NODE = both("celery-node", "celery-node in flight", 400, window=100)
CELERY = both("Celery", "celery", 400, window=100)
BULLMQ = both("BullMQ", "bullmq", 2_000)  # its stream of events keeps 10,000, four for each job
RPYC = both("rpyc", "rpyc", 2_000, call="add in flight")  # a burst of 10,000 blocks it for ever

ROW = Row(
    id="P2",
    title="awaited calls in flight, one client, one worker",
    tasks=POLYLOOM | PYTHONIA | CELERY_NODE | CELERY | BULLMQ | RPYC,
    checks=(
        Check("over pythonia", tuple(POLYLOOM), ">=", 2, tuple(PYTHONIA)),
        Check("over celery-node", tuple(POLYLOOM), ">=", 100, tuple(CELERY_NODE)),
        Check("calls per second", tuple(POLYLOOM), ">=", 66_000, unit="/s"),
    ),
    starts=2,
    rounds=5,
)
