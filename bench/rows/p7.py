"""P7: Redis commands for one program, which grow neither with sessions nor with live handles."""

from frame.check import Check
from frame.commands import UNIT, Commands
from frame.row import Row

MOST = 6
SAME = 1.1  # times; the rest is the background, in a run of a second


def both(label: str, contestant: str) -> dict[str, Commands]:
    return {
        f"polyloom, {label}, one at a time": Commands(contestant, "one at a time", 4_000),
        f"polyloom, {label}, in flight": Commands(contestant, "in flight", 20_000),
    }


def most(label: str) -> Check:
    return Check(f"commands, {label.removeprefix('polyloom, ')}", (label,), "<=", MOST, unit=UNIT)


def same(title: str, ours: dict[str, Commands], theirs: dict[str, Commands], mode: str) -> Check:
    mine, others = (tuple(label for label in side if label.endswith(mode)) for side in (ours, theirs))
    return Check(f"{title}, {mode}", mine, "<=", SAME, others)


ONE = both("1 session", "1 session")
HUNDRED = both("100 sessions", "100 sessions")
HANDLES = both("100 sessions, 10,000 handles", "100 sessions, handles")
ALL = ONE | HUNDRED | HANDLES

ROW = Row(
    id="P7",
    title="Redis commands for one program: client, worker and background",
    tasks=ALL,
    checks=(
        *(most(label) for label in ALL),
        same("100 sessions over one", HUNDRED, ONE, "one at a time"),
        same("10,000 handles over none", HANDLES, HUNDRED, "one at a time"),
        same("10,000 handles over none", HANDLES, HUNDRED, "in flight"),
    ),
    rounds=3,
)
