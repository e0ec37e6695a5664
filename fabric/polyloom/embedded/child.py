"""Child processes that never outlive us, and that say why they died."""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

PR_SET_PDEATHSIG = 1  # <linux/prctl.h>
TAIL = 25  # lines of a log that an error shows
STOP_TIMEOUT = 12.0  # seconds between SIGTERM and SIGKILL

_libc = ctypes.CDLL(None) if sys.platform == "linux" else None


def start(command: Sequence[str], log: Path, env: Mapping[str, str] | None = None) -> subprocess.Popen[bytes]:
    """Start a child whose output goes to a log. On Linux it is told to end when we die, even by SIGKILL."""
    with log.open("ab") as sink:
        return subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=sink, stderr=sink, env=env, preexec_fn=bind, start_new_session=True
        )


def bind() -> None:
    """In a child, before it becomes another program: end when the parent does, however it ends (Linux only)."""
    if _libc is not None:
        _libc.prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


def stop(child: subprocess.Popen[bytes]) -> None:
    """End a child: SIGTERM, and SIGKILL when it does not listen."""
    if child.poll() is None:
        child.terminate()
        try:
            child.wait(STOP_TIMEOUT)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()


def kill(child: subprocess.Popen[bytes]) -> None:
    """End a child at once."""
    if child.poll() is None:
        child.kill()
        child.wait()


def tail(log: Path) -> str:
    """Return the last lines of a log."""
    try:
        return "\n".join(log.read_text(errors="replace").splitlines()[-TAIL:])
    except OSError:
        return ""


def environment(**changes: str) -> dict[str, str]:
    """Return our environment with changes."""
    return {**os.environ, **changes}
