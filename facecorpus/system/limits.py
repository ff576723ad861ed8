"""What a piece of work may cost a worker process: memory and time, held by the kernel.

Memory counts as in RLIMIT_DATA of Linux (getrlimit(2)): what is private and writable. Address space that libraries
only reserve, as torch does, does not count. macOS does not hold that limit; there, time alone is bounded.
"""

import resource
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

OUT_OF_TIME = signal.SIGPROF
"""The signal that ends a worker whose time is up."""

_bound = False


def bind_this_process() -> None:
    """Let the kernel hold this process to its limits from now on; for workers alone, since it may be ended."""
    global _bound  # noqa: PLW0603  # as the limits themselves, it is one of the process
    _bound = True


@contextmanager
def costing_at_most(memory: float, seconds: float) -> Iterator[None]:
    """While this holds, a bound process gets so many bytes more and so many seconds of the processor, of all threads.

    What asks for more memory is refused it, mostly by a MemoryError; more time ends the process by OUT_OF_TIME.
    Nothing is limited in a process that is not bound.
    """
    if not _bound:
        yield
        return
    before = soft, hard = resource.getrlimit(resource.RLIMIT_DATA)
    if taken := _data_bytes():
        wanted = taken + int(memory)
        resource.setrlimit(
            resource.RLIMIT_DATA, (wanted if soft == resource.RLIM_INFINITY else min(wanted, soft), hard)
        )
    signal.setitimer(signal.ITIMER_PROF, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        resource.setrlimit(resource.RLIMIT_DATA, before)


def _data_bytes() -> int:
    """How much counts now, by proc(5); 0 where there is no such file."""
    try:
        pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[5])
    except OSError:
        return 0
    return pages * resource.getpagesize()
