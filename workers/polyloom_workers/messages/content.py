"""What Celery needs of a message: a table of the fields of its headers and its body, of both of Celery's protocols."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from celery.app.task import Context
from kombu.exceptions import ContentDisallowed
from kombu.message import Message

from polyloom.errors import FrameError, NotAllowed, PolyloomError
from polyloom.limits import Limits
from polyloom_workers.messages.envelope import check_levels
from polyloom_workers.messages.kinds import (
    COUNT,
    DURATIONS,
    LIST,
    MOMENT,
    NAME,
    NAMES,
    OBJECT,
    SIGNATURE,
    SIGNATURES,
    TEXT,
    TITLE,
    TRUTH,
    Kind,
    check,
    maybe,
)

Fields = dict[str, Any]

EMBEDDED: dict[str, Kind] = {
    "callbacks": maybe(SIGNATURES),
    "errbacks": maybe(SIGNATURES),
    "chain": maybe(SIGNATURES),
    "chord": maybe(SIGNATURE),
}
FIELDS: dict[str, Kind] = {
    "id": NAME,
    "task": NAME,
    "args": LIST,
    "kwargs": OBJECT,
    "timelimit": maybe(DURATIONS),
    "eta": maybe(MOMENT),
    "expires": maybe(MOMENT),
    "retries": maybe(COUNT),
    "group": maybe(NAME),
    "group_index": maybe(COUNT),
    "root_id": maybe(NAME),
    "parent_id": maybe(NAME),
    "shadow": maybe(TITLE),
    "lang": maybe(TEXT),
    "origin": maybe(TEXT),
    "argsrepr": maybe(TEXT),
    "kwargsrepr": maybe(TEXT),
    "ignore_result": maybe(TRUTH),
    "replaced_task_nesting": maybe(COUNT),
    "stamped_headers": maybe(NAMES),
    "stamps": maybe(OBJECT),
    **EMBEDDED,
}
# A request of Celery takes headers for attributes: these would be in the place of its methods.
METHODS = frozenset(
    name for name, value in vars(Context).items() if name[:1] == "_" or callable(value) or isinstance(value, property)
)


def check_message(message: Message, limits: Limits) -> None:
    """Raise a typed error for a message that Celery could not run, or could not run without harm."""
    refused = message.properties.get("refused")
    if refused:
        raise _known(*refused)
    fields = read_fields(message, limits)
    check(fields, FIELDS)
    for name in METHODS & fields.keys():
        raise FrameError(f'a message must have no header "{name}"')


def read_fields(message: Message, limits: Limits) -> Fields:
    """Return what the headers and the body of a message say, as Celery puts them together."""
    payload, headers = _decode(message, limits), message.headers
    if isinstance(payload, (list, tuple)) and len(payload) == 3:
        args, kwargs, embedded = payload
        if not OBJECT.fits(embedded) or embedded.keys() & _OWN:
            raise FrameError(f"the third part of a body must be an object with {', '.join(EMBEDDED)}")
        return {**headers, **embedded, "args": args, "kwargs": kwargs}
    if isinstance(payload, dict) and ("args" in payload or "task" not in headers):  # Celery's protocol 1
        return {"args": [], "kwargs": {}, **payload, **headers}
    raise FrameError("the body of a message must be a list of three: args, kwargs, and an object")


def name_in(message: Message, field: str) -> str | None:
    """Return the `id` or the `task` that a message names, however damaged it is."""
    places: list[Mapping[str, Any]] = [message.headers]
    try:
        places.append(message.payload)
    except Exception:  # no body that can be read
        pass
    if field == "id":
        places.append({"id": message.properties.get("correlation_id")})
    found = (place.get(field) for place in places if isinstance(place, dict))
    return next((name for name in found if NAME.fits(name)), None)


_OWN = frozenset(FIELDS) - frozenset(EMBEDDED)


def _decode(message: Message, limits: Limits) -> Any:
    if message.body is None:
        raise FrameError("the body of a message must be in the encoding that it names")
    try:
        payload = message.payload
    except ContentDisallowed as error:
        hint = "send it as JSON: task_serializer = 'json' in Celery's settings"
        raise NotAllowed(f"a message must be of a type that this worker takes: {error}", hint=hint) from None
    except Exception as error:  # of any serializer
        raise FrameError(f"the body of a message must be {message.content_type}: {error}") from None
    body = message.body
    if body.count(b"[") + body.count(b"{") > limits.depth:  # else it cannot be too deep
        check_levels(payload, limits)
    return payload


def _known(code: str, text: str) -> PolyloomError:
    """Return the error that an envelope brought."""
    error = FrameError(text)
    error.code = code
    return error
