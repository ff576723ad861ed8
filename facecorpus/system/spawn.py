"""Starting worker processes from whatever program this is."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import ModuleType


@contextmanager
def without_main() -> Iterator[None]:
    """While processes are spawned: let them import what they work with, but not the script that asks for the work.

    multiprocessing would run the script again in each of them, so that every line of it had to be guarded.
    """
    main = sys.modules["__main__"]
    sys.modules["__main__"] = ModuleType("__main__")
    try:
        yield
    finally:
        sys.modules["__main__"] = main
