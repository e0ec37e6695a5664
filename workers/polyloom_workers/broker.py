"""The broker's transport for jobs: kombu's own, but a server that is full for the moment ends no worker."""

from __future__ import annotations

import logging
import time
from typing import Any

import redis
from kombu.transport import TRANSPORT_ALIASES, virtual
from kombu.transport.redis import Channel, QoS, Transport

logger = logging.getLogger(__name__)

PAUSE = 1.0  # seconds before Celery connects anew

_FULL = redis.exceptions.OutOfMemoryError


class PatientQoS(QoS):
    """Keeps what was taken and is not acknowledged; without the server where that is full."""

    def append(self, message: Any, delivery_tag: str) -> None:
        try:
            super().append(message, delivery_tag)  # type: ignore[no-untyped-call]
        except _FULL as error:
            logger.error("Redis is full: job %s runs, but would be lost with this worker (%s)", delivery_tag, error)
            virtual.QoS.append(self, message, delivery_tag)  # type: ignore[no-untyped-call]

    def restore_visible(self, *arguments: Any, **options: Any) -> None:
        try:
            super().restore_visible(*arguments, **options)  # type: ignore[no-untyped-call]
        except _FULL:
            logger.debug("Redis is full: lost jobs are looked for later")


class PatientChannel(Channel):
    """Says of a full server what Celery understands: that the connection is of no use, and is to be tried again."""

    QoS = PatientQoS

    def _queue_bind(self, *arguments: Any) -> None:
        try:
            super()._queue_bind(*arguments)  # type: ignore[no-untyped-call]
        except _FULL as error:
            logger.error("Redis is full: this worker takes no jobs until there is room (%s)", error)
            time.sleep(PAUSE)
            raise redis.ConnectionError(f"Redis is full: {error}") from None


class PatientTransport(Transport):
    """Stands for the schemes of Redis, so that URLs stay as they are."""

    Channel = PatientChannel


def install() -> None:
    """Have the connections of this process use it."""
    for scheme in ("redis", "rediss"):
        TRANSPORT_ALIASES[scheme] = f"{__name__}:{PatientTransport.__name__}"
