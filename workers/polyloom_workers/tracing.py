"""The end of every task: what Celery's tracer itself stumbles over fails the task, and its message is acknowledged.

Celery leaves such a message where it is: on a pool of threads nobody would hear of it, and it would come back for ever.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

from billiard.einfo import ExceptionInfo
from celery import Task, states
from celery.app.trace import TraceInfo, trace_ok_t
from celery.exceptions import Reject

from polyloom.errors import InternalError

logger = logging.getLogger(__name__)

Tracer = Callable[..., Any]


def ended(task: Task, trace: Tracer) -> Tracer:
    """Return a tracer that raises nothing."""

    def trace_to_the_end(uuid: str, args: Any, kwargs: Any, request: Any = None) -> Any:
        try:
            return trace(uuid, args, kwargs, request)
        except Reject as error:
            return _outcome(error)
        except Exception as error:
            logger.exception("Celery could not run the task %s[%s] to its end", task.name, uuid)
            failure = InternalError(f"the message could not be run to its end: {type(error).__name__}: {error}")
            _store(task, uuid, failure)
            return _outcome(failure)

    return trace_to_the_end


def _store(task: Task, uuid: str, failure: InternalError) -> None:
    """Answer, where the answer is not there; a success stays."""
    try:
        if task.backend.get_state(uuid) not in states.READY_STATES:
            task.backend.mark_as_failure(uuid, failure)
    except Exception:
        logger.exception("the failure of the task %s[%s] could not be stored", task.name, uuid)


def _outcome(error: Exception) -> Any:
    try:
        raise error
    except Exception:
        return trace_ok_t(ExceptionInfo(), TraceInfo(states.FAILURE, error), 0.0, None)
