"""All configuration as one frozen value, made at the edge by `Settings.from_env` (flags, then environment, then defaults).

Mirrors `settings.ts`.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from polyloom.errors import UsageError
from polyloom.keys import DEFAULT_PREFIX
from polyloom.limits import DEFAULT_LIMITS, Limits

REDIS_SCHEMES = ("redis", "rediss", "unix")
NOT_GIVEN: tuple[object, ...] = (None, "", ())
SCHEMES_HINT = "use redis://host:port/0, rediss://…, unix:///path/to/socket or stdio:"

SECRET_BYTES = 16  # at least: who reads an entry can try out short ones
SECRET_HINT = "make one with `openssl rand -hex 32`, and set it as POLYLOOM_SECRET, or name its file in POLYLOOM_SECRET_FILE"

LABEL = re.compile(r"[A-Za-z0-9_.-]+(=[A-Za-z0-9_.:/@+-]*)?")

_QUERY_PASSWORD = re.compile(r"(password=)[^&#]+")


@dataclass(frozen=True, slots=True)
class Settings:
    """`lease` in seconds; `allow` the patterns of the policy; `threads` that run sessions in one worker; `labels` of a worker;
    `grace` in seconds for the programs that run when a worker is asked to end; `sessions` that a worker takes, and bytes of
    programs `waiting` on it; the `secret` that frames are signed with (§16), empty where they are not."""

    url: str = "stdio:"
    prefix: str = DEFAULT_PREFIX
    allow: tuple[str, ...] = ()
    lease: float = 5.0
    threads: int = 16
    labels: tuple[str, ...] = ()
    grace: float = 10.0
    sessions: int = DEFAULT_LIMITS.worker_sessions
    waiting: int = DEFAULT_LIMITS.worker_bytes
    secret: str = field(default="", repr=False)
    limits: Limits = field(default=DEFAULT_LIMITS)

    @classmethod
    def from_env(cls, environ: Mapping[str, str], **flags: object) -> Settings:
        """Merge flags that are not None over `POLYLOOM_*` over the defaults; UsageError when one is unusable."""
        given: dict[str, object] = {name: environ.get(f"POLYLOOM_{name.upper()}") for name in _PARSE}
        given["secret"] = given["secret"] or _read_secret(environ.get("POLYLOOM_SECRET_FILE"))
        given |= {name: flag for name, flag in flags.items() if flag not in NOT_GIVEN}
        return cls(**{name: _PARSE[name](name, value) for name, value in given.items() if value not in NOT_GIVEN})

    def worker_limits(self) -> Limits:
        """Return the limits of a worker."""
        return replace(self.limits, worker_sessions=self.sessions, worker_bytes=self.waiting)

    def redis_url(self) -> str:
        """Return the URL when it names a Redis server; UsageError otherwise."""
        if self.url == "stdio:":
            raise UsageError("no Redis server was named", hint="--url redis://host:port/0, or set POLYLOOM_URL")
        return check_redis_url(self.url)


def check_redis_url(url: str) -> str:
    """Return `url` if it has a known scheme and an address."""
    parts = urlsplit(url)
    if parts.scheme not in REDIS_SCHEMES:
        raise UsageError(f"not the URL of a Redis server: {redact(url)}", hint=SCHEMES_HINT)
    try:
        complete = parts.path if parts.scheme == "unix" else parts.hostname and (parts.port or True)
    except ValueError:
        complete = None
    if not complete:
        raise UsageError(f"incomplete URL: {redact(url)}", hint=SCHEMES_HINT)
    return url


def redact(url: str) -> str:
    """Return the URL without its passwords, for messages."""
    try:
        parts = urlsplit(url)
        password = parts.password
    except ValueError:
        return "(unreadable URL)"
    shown = _QUERY_PASSWORD.sub(r"\1***", url)
    if password:
        shown = shown.replace(f":{password}@", ":***@", 1)
    return shown


def _text(_name: str, value: object) -> str:
    return str(value)


def _patterns(_name: str, value: object) -> tuple[str, ...]:
    if isinstance(value, str):
        value = value.replace(",", " ").split()
    return tuple(value)  # type: ignore[arg-type]


def _labels(_name: str, value: object) -> tuple[str, ...]:
    labels = sorted(set(_patterns(_name, value)))
    for label in labels:
        if not LABEL.fullmatch(label):
            raise UsageError(f"not a label: {label!r}", hint="a label is a word, or a name and a value: gpu, zone=a")
    return tuple(labels)


def _positive(name: str, value: object) -> float:
    try:
        number = float(value)  # type: ignore[arg-type]
    except ValueError:
        number = 0.0
    if not 0 < number < math.inf:
        raise UsageError(f"{name} must be a number above 0, not {value!r}", hint=f"set --{name} or POLYLOOM_{name.upper()}")
    return number


def _seconds(name: str, value: object) -> float:
    """Read a time that may be 0: nothing is waited for."""
    return 0.0 if str(value).strip() in ("0", "0.0") else _positive(name, value)


def _count(name: str, value: object) -> int:
    number = _positive(name, value)
    if number != int(number):
        raise UsageError(f"{name} must be a whole number, not {value!r}", hint=f"set --{name} or POLYLOOM_{name.upper()}")
    return int(number)


def _secret(_name: str, value: object) -> str:
    try:
        octets = str(value).encode()
    except UnicodeEncodeError:
        raise UsageError("the secret is not UTF-8", hint=SECRET_HINT) from None
    if len(octets) < SECRET_BYTES:
        raise UsageError(f"the secret has less than {SECRET_BYTES} bytes", hint=SECRET_HINT)
    return str(value)


def _read_secret(file: str | None) -> str | None:
    """Return the secret in a file, without white space around it; None where no file is named."""
    if not file:
        return None
    try:
        secret = Path(file).read_text().strip()
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"cannot read the secret in {file}: {type(error).__name__}", hint=SECRET_HINT) from None
    if not secret:
        raise UsageError(f"no secret is in {file}", hint=SECRET_HINT)
    return secret


_PARSE: dict[str, Callable[[str, object], Any]] = {
    "url": _text,
    "prefix": _text,
    "allow": _patterns,
    "lease": _positive,
    "threads": _count,
    "labels": _labels,
    "grace": _seconds,
    "sessions": _count,
    "waiting": _count,
    "secret": _secret,
}
