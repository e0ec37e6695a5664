"""Signed jobs (§16.6): what entitles a Celery task to run a program on workers with a secret."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from polyloom.errors import SignatureError
from polyloom.signing import HINT, JOB, matches, sign

SECONDS = 300.0  # that a job may wait, unless told otherwise

_END = re.compile(r',"signature":"([0-9a-f]{64})"\}\Z')
_MEND = "sign it with polyloom.warrant.sign_job, as docs/how-to/secure-redis.md shows"


def sign_job(program: Mapping[str, Any], task: str, secret: str, now: float, seconds: float = SECONDS) -> str:
    """Return the text of a program for the Celery task of the id `task`, which must begin within `seconds` from `now`, the
    time of the Redis server in seconds (`polyloom.servers.now`)."""
    body = {**program, "by": int((now + seconds) * 1000)}
    body.pop("signature", None)
    text = json.dumps(body, separators=(",", ":"))[:-1]
    return f'{text},"signature":"{sign(secret.encode(), [JOB, task, text])}"}}'


def check_signature(text: str, task: str, secret: str) -> None:
    """Raise SignatureError unless the text is signed for this task."""
    end = _END.search(text)
    if end is None:
        raise SignatureError("this worker takes signed jobs only, and this one is not", hint=_MEND)
    if not matches(secret.encode(), end[1].encode(), [JOB, task, text[: end.start()]]):
        raise SignatureError("the job is signed with another secret, or for another task, or was changed", hint=HINT)


def check_time(by: object, now: float) -> None:
    """Raise SignatureError when a signed job begins too late; times are the server's, `now` in seconds."""
    if type(by) is not int:
        raise SignatureError('a signed job has under "by" when it must have begun', hint=_MEND)
    if now * 1000 > by:
        raise SignatureError(f"the job begins {now - by / 1000:,.1f} s after the time that it was signed for", hint=_MEND)
