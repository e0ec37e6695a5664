"""`results.md`: the tables of the simulation, and in which circumstances they came about."""

from collections.abc import Sequence
from typing import Any

from frame.number import text
from frame.places import BENCH
from scale.cost import Cost
from scale.memory import Share
from scale.placement import Placement
from scale.trial import Cell

PAGE = BENCH / "scale" / "results.md"

HEAD = """# What a fleet costs, by its size

Written by `make scale`. Light workers (the real lane, lease, keeper and sweep, a process each, without Celery), a
real Valkey, real Node clients.
"""

PROGRAMS = """## One program

Measured at an even rate of programs, the same in most rows, shared by all sessions in turn (`operator.add`). What the fleet
spends at rest in that time is counted in the first columns, and taken off in the last four. CPU times (us) are those of all
processes of a kind.

A worker that is asked seldom spends more on each program, however many workers there are: compare the rows in which each gets
ten programs a second. In the rows with the high rate reads and writes bring several programs at once.
"""

REST = """## One second at rest

Leases of workers and clients, reads that time out, looks at leases. The CPU time of workers is that of all of them, with
their keepers.
"""

MEMORY = """## What the server holds

For each, at rest: keys, and the buffers of its connections. A session and a live handle have none: what is there comes of the
calls that made them.
"""

PLACEMENT = """## Placing a client, renewing a lease

Time of the server (us) with so many announced workers; reservations are those of clients that have not said hello yet,
up to 200 more in each case.
"""


def table(names: Sequence[str], rows: Sequence[Sequence[Any]]) -> str:
    lines = [names, ["---:"] * len(names), *([str(one) for one in row] for row in rows)]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def programs(cells: Sequence[Cell]) -> str:
    spent = ("commands", "Redis", "workers", "clients", "bytes in", "bytes out")
    names = ("workers", "sessions", "programs /s", *spent, *(f"{one}, alone" for one in spent[:4]))
    return table(
        names, [(cell.workers, cell.sessions, text(cell.rate), *_spent(cell.program), *_spent(cell.alone)[:4]) for cell in cells]
    )


def _spent(cost: Cost) -> list[str]:
    times = [1e6 * one for one in (cost.redis_cpu, cost.worker_cpu, cost.client_cpu)]
    return [f"{cost.commands:.2f}", *(f"{one:.0f}" for one in (*times, cost.bytes_in, cost.bytes_out))]


def rest(cells: Sequence[Cell]) -> str:
    counted = ("commands /s", "bytes in /s", "bytes out /s", "Redis, % of a core", "workers, %", "clients, %")
    names = ("workers", "clients", "sessions", *counted)
    return table(names, [_rest(cell) for cell in cells])


def _rest(cell: Cell) -> list[str]:
    cost = cell.rest
    percent = [f"{100 * one:.2f}" for one in (cost.redis_cpu, cost.worker_cpu, cost.client_cpu)]
    counts = [str(one) for one in (cell.workers, min(cell.workers, cell.sessions), cell.sessions)]
    return [*counts, text(cost.commands), text(cost.bytes_in), text(cost.bytes_out), *percent]


def memory(shares: Sequence[Share]) -> str:
    rows = [(f"one {one.of}, of {one.number:,}", text(one.octets), text(one.connections)) for one in shares]
    return table(("", "bytes", "connections"), rows)


def placements(found: Sequence[Placement]) -> str:
    rows = [(f"{one.workers:,}", f"{one.reservations:,}", text(one.place), text(one.renew)) for one in found]
    return table(("workers", "reservations", "one placement", "one renewal"), rows)


def write(machine: dict[str, Any], cells: Sequence[Cell], shares: Sequence[Share], found: Sequence[Placement]) -> None:
    circumstances = (
        f"{machine['cores']} cores ({machine['processor']}), {machine['server'].split(' sha')[0]}, Python {machine['python']}, "
        f"Node {machine['node']}; load of the machine before the run: {', '.join(map(str, machine['load']))}.\n"
    )
    parts = (
        HEAD,
        circumstances,
        PROGRAMS,
        programs(cells),
        REST,
        rest(cells),
        MEMORY,
        memory(shares),
        PLACEMENT,
        placements(found),
    )
    PAGE.write_text("\n".join(parts))
