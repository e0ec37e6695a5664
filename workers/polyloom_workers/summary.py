"""What a host holds, counted for an operator who asks (§8.7); nobody pays for it otherwise."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from polyloom_workers.blur import blurred

if TYPE_CHECKING:
    from polyloom_workers.session import Session

KINDS = 20  # types of objects told for each session; the others are counted together
OTHERS = "others"


def summary(clients: dict[str, dict[str, Session]]) -> list[dict[str, Any]]:
    """Return one record for each client, with one for each of its sessions."""
    return [
        {"client": client, "sessions": [_session(session) for session in list(sessions.values())]}
        for client, sessions in list(clients.items())
    ]


def _session(session: Session) -> dict[str, Any]:
    held = Counter(map(type, list(session.table.objects.values())))
    types = {name_of(kind): count for kind, count in held.most_common(KINDS)}
    if len(held) > KINDS:
        types[OTHERS] = held.total() - sum(types.values())
    return {
        "session": blurred(session.id),
        "programs": session.begun,
        "waiting": session.waiting,
        "running": session.scheduled,
        "held": held.total(),
        "types": types,
    }


def name_of(kind: type) -> str:
    """Return `dict`, `numpy.ndarray`: the qualified name, without `builtins`."""
    return kind.__qualname__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__qualname__}"
