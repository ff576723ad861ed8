"""What is read once for each origin (scheme, host, port), however many threads ask for it."""

import threading
from collections.abc import Callable
from typing import Generic, TypeVar
from urllib.parse import urlsplit

Value = TypeVar("Value")


class PerOrigin(Generic[Value]):
    """Calls read(origin) at the first question about an origin; an exception leaves the question open."""

    def __init__(self, read: Callable[[str], Value]) -> None:
        self._read = read
        self._values: dict[str, Value] = {}
        self._reading: dict[str, threading.Lock] = {}
        self._lock = threading.Lock()

    def of(self, url: str) -> Value:
        """The value of the URL's origin."""
        parts = urlsplit(url)
        origin = f"{parts.scheme}://{parts.netloc.lower()}"
        if origin in self._values:
            return self._values[origin]
        with self._lock:
            reading = self._reading.setdefault(origin, threading.Lock())
        with reading:
            if origin not in self._values:
                self._values[origin] = self._read(origin)
        return self._values[origin]
