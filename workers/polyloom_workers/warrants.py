"""Which jobs a worker with a secret runs (§16.6)."""

from __future__ import annotations

import redis

from polyloom.errors import Gone
from polyloom.frames import Frame, read_frame
from polyloom.servers import now
from polyloom.settings import Settings
from polyloom.warrant import check_signature, check_time

TIMEOUT = 5.0  # seconds for the server to tell the time


def check_warrant(program: object, task: str | None, settings: Settings) -> None:
    """Raise SignatureError unless a job is signed with the secret of this worker, for this task and this time."""
    if not settings.secret:
        return
    text = program if type(program) is str else ""
    check_signature(text, task or "", settings.secret)
    body = read_frame(Frame(text.encode("utf-8", "surrogatepass")), settings.limits)
    check_time(body.get("by"), _server_time(settings))


def _server_time(settings: Settings) -> float:
    url = settings.redis_url()
    try:
        with redis.Redis.from_url(url, socket_timeout=TIMEOUT, socket_connect_timeout=TIMEOUT) as client:
            return now(client)
    except redis.RedisError as error:
        raise Gone(f"Redis did not answer this worker: {error}", code="ConnectionLost", hint="send the job again") from None
