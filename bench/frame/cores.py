"""Cores: where the processes of a row may run. The children inherit what their parent is allowed."""

import os
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def confined(cores: int | None) -> Iterator[None]:
    """So many cores for what is started within; None leaves all. Linux alone can do it."""
    if cores is None or not hasattr(os, "sched_setaffinity"):
        yield
        return
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, sorted(before)[-cores:])
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)
