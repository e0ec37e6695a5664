"""What the keys of a client's frames must be (§4, §5); FrameError for what is otherwise."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from polyloom.errors import FrameError


def text_of(body: Mapping[str, Any], key: str) -> str:
    """Return a text that every frame of this kind has."""
    value = body.get(key)
    if type(value) is not str:
        raise FrameError(f"a frame {body['t']!r} has a text under {key!r}")
    return value


def threads_of(body: Mapping[str, Any]) -> int:
    """Return how many programs of a session run at once (§4.5)."""
    threads = body.get("threads", 1)
    if type(threads) is not int or threads < 1:
        raise FrameError('a session has a number from 1 under "threads"')
    return threads


def guarded_of(body: Mapping[str, Any]) -> list[int]:
    """Return the slots of ops that may be given up while they run (§5.8)."""
    slots = body.get("guarded", [])
    if type(slots) is not list:
        raise FrameError('a program has an array of slots under "guarded"')
    return slots


def after_of(body: Mapping[str, Any]) -> list[int] | None:
    """Return the numbers of the programs that this one waits for (§4.5)."""
    after = body.get("after")
    if after is not None and (type(after) is not list or not all(type(n) is int for n in after)):
        raise FrameError('a program has numbers of others under "after"')
    return after
