"""Why a durable session cannot go on as it was asked to (§15)."""

from __future__ import annotations

from polyloom.errors import DurableError


def in_use(name: str) -> DurableError:
    """Return the error for a second client."""
    hint = "one client at a time; when that one has died its lease ends within seconds"
    return DurableError(f"another client has the durable session {name}", code="InUse", hint=hint)


def forgotten(name: str) -> DurableError:
    """Return the error for a client that has done more than is recorded."""
    message = f"what the durable session {name} had recorded was forgotten while its script ran"
    return DurableError(message, code="ScriptChanged", hint="start the script again: it begins anew")


def script_changed(name: str, n: int, path: str) -> DurableError:
    """Return the error for a program that is not the one that was recorded."""
    hint = f"run the script as it was, or forget what it did: polyloom runs forget {name}"
    message = f"program {n} of the durable session {name} differs from the one that was recorded: the script has changed"
    return DurableError(message, code="ScriptChanged", path=path, hint=hint)


def unknown_outcome() -> DurableError:
    """Return the error for a step whose worker died while it ran."""
    message = "this step had begun when its worker was lost, and it is marked to run once: nobody knows what came of it"
    return DurableError(message, code="OutcomeUnknown", hint="look for its effect, and go on accordingly")


def lost_object(name: str) -> DurableError:
    """Return the error for an object that cannot be made again."""
    message = f"the {name} of a step that runs once was lost with its worker"
    return DurableError(message, code="OutcomeUnknown", hint="mark with once() only steps whose results are data")
