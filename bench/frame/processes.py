"""Processes of a row, seen from outside: CPU time of a service and all that it started (Linux)."""

from pathlib import Path

PROC = Path("/proc")


def family(pid: int) -> list[int]:
    """A process and its descendants, also those in sessions of their own."""
    children: dict[int, list[int]] = {}
    for path in PROC.glob("[0-9]*/stat"):
        try:
            parent = int(path.read_text().rpartition(")")[2].split()[1])
        except OSError:
            continue  # it has ended
        children.setdefault(parent, []).append(int(path.parent.name))
    found = [pid]
    for one in found:
        found += children.get(one, [])
    return found


def cpu(pid: int) -> float:
    """Seconds that the threads of a process have run, user and system."""
    return sum(_nanoseconds(path) for path in (PROC / str(pid) / "task").glob("*/schedstat")) / 1e9


def _nanoseconds(path: Path) -> int:
    try:
        return int(path.read_text().split()[0])
    except OSError:
        return 0  # the thread has ended
