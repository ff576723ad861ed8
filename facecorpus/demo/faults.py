"""The faults of a real server, at fixed places and each once: too many requests, a bad minute, lagging databases."""

import threading
from collections.abc import Collection
from enum import Enum, auto

from facecorpus.demo.world import digest_of

RETRY_AFTER = 1  # seconds

_ONE_IN = 150  # files
_THROTTLED_CALL, _LAGGED_CALL = 4, 8


class CallFault(Enum):
    """How an API call can fail."""

    THROTTLED = auto()
    LAGGED = auto()


class Faults:
    """Which request is answered by a fault. A fault of a file strikes its first request, and never again."""

    def __init__(self, files: Collection[str]) -> None:
        throttled = {file for file in files if digest_of(file) % _ONE_IN == 0}
        unavailable = min(set(files) - throttled, key=digest_of)
        self.planned: dict[str, int] = {**dict.fromkeys(throttled, 429), unavailable: 503}
        """Status of the first answer, by file."""
        self._pending = dict(self.planned)
        self._calls = 0
        self._lag_pending = True
        self._lock = threading.Lock()

    def of_file(self, file: str) -> int | None:
        """The status to answer a request for a file or its thumbnail with, or None to serve it."""
        with self._lock:
            return self._pending.pop(file, None)

    def of_call(self, wants_maxlag: bool) -> CallFault | None:
        """The fault to answer an API call with, or None; a call without maxlag= never meets a lag."""
        with self._lock:
            self._calls += 1
            if self._calls == _THROTTLED_CALL:
                return CallFault.THROTTLED
            if self._calls >= _LAGGED_CALL and wants_maxlag and self._lag_pending:
                self._lag_pending = False
                return CallFault.LAGGED
            return None
