"""Celery's consumer, but every message is checked before it sees it, and everything that it would drop is answered."""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Callable
from typing import Any

import redis
from celery import signals
from celery.app.task import Context
from celery.exceptions import NotRegistered
from celery.worker.consumer import Consumer
from celery.worker.state import maybe_shutdown
from kombu.exceptions import ContentDisallowed
from kombu.message import Message

from polyloom.errors import FrameError, InternalError, NotAllowed, PolyloomError
from polyloom.servers import passes
from polyloom.settings import Settings
from polyloom_workers.broker import PAUSE, is_away, patiently
from polyloom_workers.messages.content import check_message
from polyloom_workers.refusals import Refusal, Refusals
from polyloom_workers.tracing import ended

logger = logging.getLogger(__name__)


class CheckingConsumer(Consumer):
    """The consumer of a worker, `worker_consumer` in Celery's settings."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        settings: Settings = self.app.conf.polyloom or Settings.from_env(os.environ)
        self._limits = settings.limits
        self._refusals = Refusals(self.app, settings, self.hostname)
        signals.task_revoked.connect(self._on_revoked)

    def update_strategies(self) -> None:
        super().update_strategies()
        for task in self.app.tasks.values():
            task.__trace__ = ended(task, task.__trace__)

    def create_task_handler(self, *arguments: Any, **options: Any) -> Callable[[Message], None]:
        run = super().create_task_handler(*arguments, **options)

        def take(message: Message) -> None:
            try:
                with patiently():
                    check_message(message, self._limits)
                    run(message)
            except PolyloomError as error:
                self._refuse(message, error)
            except Exception as error:
                if is_away(error):
                    raise
                logger.exception("Celery could not take a message")
                self._refuse(message, InternalError(f"Celery could not take the message: {type(error).__name__}: {error}"))

        return take

    def on_unknown_task(self, body: Any, message: Message, exc: Exception) -> None:
        name = message.headers.get("task") or message.payload["task"]
        self._refuse(message, NotRegistered(name))
        signals.task_unknown.send(sender=self, message=message, exc=exc, name=name, id=message.headers.get("id"))

    def on_unknown_message(self, body: Any, message: Message) -> None:
        self._refuse(message, FrameError("a message must name a task"))

    def on_invalid_task(self, body: Any, message: Message, exc: Exception) -> None:
        kind = NotAllowed if isinstance(exc, ContentDisallowed) else FrameError
        self._refuse(message, kind(f"Celery did not take the message: {exc}"))

    def on_decode_error(self, message: Message, exc: Exception) -> None:
        self._refuse(message, FrameError(f"the body of a message must be what its headers say: {exc}"))

    def _on_revoked(self, request: Context, **_: Any) -> None:
        """Tell those that wait for a job that was revoked or has expired; Celery tells only whoever waits for that job itself."""
        if request.chain:
            self._refusals.revoke(request)

    def _refuse(self, message: Message, error: Exception) -> None:
        """Answer and keep a message, then take it off the queue for good."""
        while (refusal := self._refused(message, error)) is None:
            time.sleep(PAUSE)
            maybe_shutdown()
        if not message.acknowledged:
            message.reject()
        if refusal.id and self.event_dispatcher:
            self.event_dispatcher.send("task-failed", uuid=refusal.id, exception=repr(error))
        signals.task_rejected.send(sender=self, message=message, exc=error)

    def _refused(self, message: Message, error: Exception) -> Refusal | None:
        """Answer and keep a message; None where the server is full for the moment."""
        try:
            return self._refusals.refuse(message, error)
        except redis.ResponseError as refused:
            if not passes(refused):
                raise
            logger.error("Redis is full: whoever waits for a message that was refused is answered later (%s)", refused)
            return None
