"""Where a program differs from the one that was recorded under its number (§15.4)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from polyloom.frames import Buffer
from polyloom.journal.log import Recorded


def difference(program: dict[str, Any], attachments: Sequence[Buffer], recorded: Recorded) -> str | None:
    """Return the path to the first part that is another one, or None. What is released, and when, may differ."""
    for key in ("ops", "once"):
        found = _differs(program.get(key, []), recorded.program.get(key, []), f"$.{key}")
        if found is not None:
            return found
    if len(attachments) != len(recorded.sent):
        return "$.attachments"
    pairs = enumerate(zip(attachments, recorded.sent, strict=True))
    return next((f"$.attachments[{at}]" for at, (one, other) in pairs if bytes(one) != bytes(other)), None)


def _differs(one: Any, other: Any, path: str) -> str | None:
    if type(one) is not type(other):
        return path
    if type(one) is list:
        if len(one) != len(other):
            return path
        return next((at for i in range(len(one)) if (at := _differs(one[i], other[i], f"{path}[{i}]")) is not None), None)
    if type(one) is dict:
        if list(one) != list(other):
            return path
        return next((at for key in one if (at := _differs(one[key], other[key], f"{path}.{key}")) is not None), None)
    return None if one == other else path
