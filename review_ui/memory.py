"""Memory that was needed once is given back to the system."""

import ctypes
import sys

# mallopt(3)
_M_MMAP_THRESHOLD = -3
_M_ARENA_MAX = -8
_LARGE = 128 * 1024  # bytes


def keep_little() -> None:
    """Have the C library return every large block when it is freed, and use one heap for all threads.

    By itself glibc keeps up to 32 MB of what was freed, and a heap for each thread: the page's server would stay for
    hours as large as its largest answer made it. Other C libraries are left as they are.
    """
    if not sys.platform.startswith("linux"):
        return
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        mallopt(_M_MMAP_THRESHOLD, _LARGE)
        mallopt(_M_ARENA_MAX, 1)
