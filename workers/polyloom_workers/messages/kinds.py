"""What a field of a message may be: each kind in words, for whoever is refused, and as a test that never raises."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from celery.utils.time import maybe_iso8601, maybe_make_aware

from polyloom.errors import FrameError

NAME_CHARACTERS = 512  # of an id or of a task's name; a UUID has 36, and a key of Redis is made of it
LARGEST = 2**31  # of counts; whoever retries sees no more
DELAY = 10 * 366 * 86_400.0  # seconds from now; until then a message lies in the memory of a worker
SHOWN = 60  # characters of a value in an error


class Kind(NamedTuple):
    """A kind of values; `words` follow "must be"."""

    words: str
    fits: Callable[[Any], bool]


def check(fields: Mapping[str, Any], table: Mapping[str, Kind]) -> None:
    """Raise FrameError for the first field of a table that is not what it must be; one that is missing counts as null."""
    for name, kind in table.items():
        value = fields.get(name)
        if not kind.fits(value):
            raise FrameError(f'"{name}" of a message must be {kind.words}, not {shown(value)}')


def shown(value: object) -> str:
    """Return the beginning of a value, for an error."""
    text = "null" if value is None else ascii(value)
    return text if len(text) <= SHOWN else text[:SHOWN] + "…"


def maybe(kind: Kind) -> Kind:
    """Return the kind that has null, too."""
    return Kind(f"{kind.words}, or null", lambda value: value is None or kind.fits(value))


def of_type(words: str, *types: type) -> Kind:
    """Return the kind of what is exactly of these types."""
    return Kind(words, lambda value: type(value) in types)


def list_of(words: str, kind: Kind) -> Kind:
    """Return the kind of lists whose items are all of a kind."""
    return Kind(words, lambda value: type(value) in (list, tuple) and all(map(kind.fits, value)))


def one_of(*names: str) -> Kind:
    """Return the kind of these texts, in small letters or capitals."""
    return Kind(" or ".join(filter(None, names)), lambda value: type(value) is str and value.lower() in names)


def _is_name(value: Any) -> bool:
    return type(value) is str and 0 < len(value) <= NAME_CHARACTERS and value.isprintable()


def _is_count(value: Any) -> bool:
    return type(value) is int and 0 <= value < LARGEST


def _is_duration(value: Any) -> bool:
    return value is None or (type(value) in (int, float) and 0 <= value < LARGEST)


def _is_moment(value: Any) -> bool:
    try:
        moment = maybe_make_aware(maybe_iso8601(value)).timestamp()
    except Exception:  # whatever the parsers raise
        return False
    return bool(0 <= moment <= time.time() + DELAY)


def _is_signature(value: Any) -> bool:
    return isinstance(value, dict) and all(kind.fits(value.get(name)) for name, kind in SIGNED.items())


TEXT = of_type("a text", str)
LIST = of_type("a list", list, tuple)
OBJECT = of_type("an object", dict)
TRUTH = of_type("true or false", bool)
NUMBER = Kind("a whole number", lambda value: type(value) is int and -LARGEST < value < LARGEST)
COUNT = Kind("a whole number from 0", _is_count)
NAME = Kind(f"a text of 1 to {NAME_CHARACTERS} printable characters", _is_name)
TITLE = Kind(f"a text of up to {NAME_CHARACTERS} printable characters", lambda value: value == "" or _is_name(value))
NAMES = list_of("a list of names", NAME)
MOMENT = Kind("a time as ISO 8601 writes it, from 1970 to ten years from now", _is_moment)
DURATIONS = Kind(
    "two numbers of seconds, or nulls", lambda value: LIST.fits(value) and len(value) == 2 and all(map(_is_duration, value))
)
SIGNED: dict[str, Kind] = {
    "task": NAME,
    "args": maybe(LIST),
    "kwargs": maybe(OBJECT),
    "options": maybe(OBJECT),
    "subtask_type": maybe(NAME),
}
SIGNATURE = Kind("a signature, an object with a task, args, kwargs and options", _is_signature)
SIGNATURES = list_of("a list of signatures", SIGNATURE)
