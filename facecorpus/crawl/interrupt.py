"""Ctrl-C where it breaks nothing.

Python raises KeyboardInterrupt between any two instructions of the main thread, also between taking a result from a
queue and keeping it. A loop that wants to record what has come before it ends must not be hit there.
"""

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType


@contextmanager
def ctrl_c_tells(tell: Callable[[], None]) -> Iterator[None]:
    """Inside the block the first Ctrl-C calls `tell` instead of raising; a second one raises as ever.

    `tell` runs between any two instructions of the main thread: it may put into a SimpleQueue, and take no lock. A
    block that ends all the same raises KeyboardInterrupt. In another thread, and where the program has a handler of
    its own or ignores Ctrl-C, nothing changes.
    """
    python = signal.default_int_handler
    if threading.current_thread() is not threading.main_thread() or signal.getsignal(signal.SIGINT) is not python:
        yield
        return
    told = False

    def first(number: int, frame: FrameType | None) -> None:
        nonlocal told
        told = True
        signal.signal(signal.SIGINT, python)
        tell()

    signal.signal(signal.SIGINT, first)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, python)
    if told:
        raise KeyboardInterrupt
