"""Messages that cannot be run: who waits for them is answered, the operator finds them in a list, and they are gone (§10.4)."""

from __future__ import annotations

import json
import logging
from typing import Any, NamedTuple

import redis
from celery import Celery, states
from celery.app.task import Context
from celery.exceptions import TaskRevokedError
from kombu.message import Message
from kombu.utils.json import dumps

from polyloom.errors import PolyloomError
from polyloom.keys import REFUSED_KEPT, Keys
from polyloom.servers import passes
from polyloom.settings import Settings
from polyloom_workers.broker import is_away
from polyloom_workers.messages.content import FIELDS, name_in, read_fields
from polyloom_workers.messages.envelope import ITEM_BYTES
from polyloom_workers.restraint import Restraint
from polyloom_workers.tasks import JobFailed

logger = logging.getLogger(__name__)

HINT = "docs/reference/wire-protocol.md, §10.4, says what a message must be"
LINES, MINUTE = 20, 60.0  # lines of log in so many seconds

PASSED_ON = ("id", "group", "group_index", "root_id", "parent_id", "chain", "chord")  # those whose tasks wait for this one


class Refusal(NamedTuple):
    """What is known of a message that is refused; `id` and `task` are empty where they cannot be read."""

    queue: str
    id: str
    task: str
    reason: str


class Refusals:
    """Those of one worker. Used by the thread that takes messages."""

    def __init__(self, app: Celery, settings: Settings, worker: str) -> None:
        self._backend = app.backend
        self._limits = settings.limits
        self._keys = Keys(settings.prefix)
        self._worker = worker
        self._restraint = Restraint(LINES, MINUTE)

    def refuse(self, message: Message, error: Exception) -> Refusal:
        """Answer, keep and say that a message was refused; whoever took it acknowledges it then."""
        id, task = name_in(message, "id") or "", name_in(message, "task") or ""
        refusal = Refusal(
            str(message.delivery_info.get("routing_key", "")),
            id,
            task,
            str(error) if isinstance(error, PolyloomError) else repr(error),
        )
        if id and message.headers.get("ignore_result") is not True:
            self._answer(id, message, _failure(error))
        self._keep(refusal, message)
        self._say(refusal)
        return refusal

    def revoke(self, request: Context) -> None:
        """Answer for those that come after a revoked job in its chain."""
        error = TaskRevokedError("revoked or expired before it began, or the one before it in the chain")
        chain = Context(id=request.id, chain=request.chain)
        self._backend.mark_as_failure(request.id, error, request=chain, state=states.REVOKED)

    def _answer(self, id: str, message: Message, failure: Exception) -> None:
        """Fail the job, and those that come after it in a chain or a chord; a success that is there stays."""
        try:
            self._backend.mark_as_failure(id, failure, request=self._request(id, message))
        except Exception as error:  # the job itself is stored first, then signatures of a chain or a chord are read
            if is_away(error):
                raise
            logger.warning("those that wait for job %s could not all be told: %s", id, error)

    def _request(self, id: str, message: Message) -> Context:
        """Return what Celery's backend needs to know about a job that has failed."""
        try:
            fields = read_fields(message, self._limits)
        except PolyloomError:
            fields = dict(message.headers)
        known = {name: fields[name] for name in PASSED_ON if name in fields and FIELDS[name].fits(fields[name])}
        return Context(known, id=id)

    def _keep(self, refusal: Refusal, message: Message) -> None:
        item = message.properties.get("item") or dumps(vars(message)["_raw"])
        fields = {**refusal._asdict(), "worker": self._worker, "item": str(item)[:ITEM_BYTES]}
        entry: Any = {name: text.encode("utf-8", "backslashreplace") for name, text in fields.items()}
        try:
            self._backend.client.xadd(self._keys.refused, entry, maxlen=REFUSED_KEPT, approximate=False)
        except redis.ResponseError as error:
            if passes(error):
                raise
            logger.error("a message that was refused cannot be kept: %s", error)

    def _say(self, refusal: Refusal) -> None:
        if self._restraint.pass_over():
            return
        unsaid = self._restraint.unsaid()
        others = f" ({unsaid:,} more were refused before)" if unsaid else ""
        logger.warning(
            "a message of the queue %s was refused, job %s: %s%s", refusal.queue, refusal.id or "?", refusal.reason, others
        )


def _failure(error: Exception) -> Exception:
    """Return what the client gets: our errors as those of a job (§10.3)."""
    return JobFailed(json.dumps({"hint": HINT, **error.to_wire()})) if isinstance(error, PolyloomError) else error
