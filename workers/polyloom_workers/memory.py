"""Memory that a worker gives back: by default every large block is mapped anew and returned when it is freed, and touching its
pages for the first time costs several times what copying the bytes does."""

from __future__ import annotations

import ctypes
import os
import sys

# Numbers of <malloc.h>, and the values that glibc comes to by itself once a block of 32 MiB has been freed.
_TRIM_THRESHOLD = (-1, 64 << 20)  # bytes of freed memory that are kept at the end of a heap
_MMAP_THRESHOLD = (-3, 32 << 20)  # bytes of a block from which it is mapped and returned alone
_CHOSEN = ("MALLOC_TRIM_THRESHOLD_", "MALLOC_MMAP_THRESHOLD_", "GLIBC_TUNABLES")


def keep_freed() -> bool:
    """Keep some freed memory for the next large value; False where the system has no such setting, or somebody has chosen one."""
    if sys.platform != "linux" or any(name in os.environ for name in _CHOSEN):
        return False
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)  # musl has none
    return mallopt is not None and all(mallopt(*option) for option in (_TRIM_THRESHOLD, _MMAP_THRESHOLD))
