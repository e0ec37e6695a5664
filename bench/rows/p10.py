"""P10: what costs something although nobody asks for anything."""

from frame.check import Check
from frame.idle import IdleCommands, IdleCpu
from frame.row import Row

ALONE = "polyloom, CPU of a worker alone"
HOST = "polyloom, CPU of a worker with a client"
CLIENT = "polyloom, commands of a client"

ROW = Row(
    id="P10",
    title="idle workers and clients",
    tasks={
        ALONE: IdleCpu("lonely worker", "lonely:"),
        HOST: IdleCpu("polyloom worker", "polyloom:", "polyloom"),
        CLIENT: IdleCommands("polyloom", "client"),
        "polyloom, commands of a worker": IdleCommands("polyloom", "worker", workers=2),  # leases and those of Celery
    },
    checks=(
        Check("CPU of an idle worker", (ALONE,), "<=", 1, unit="%"),
        Check("CPU of a worker with an idle client", (HOST,), "<=", 1, unit="%"),
        Check("commands of an idle client", (CLIENT,), "<=", 1, unit="commands/s"),
    ),
    rounds=2,
)
