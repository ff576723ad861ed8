"""When a host may be asked: so many requests at once and a minute, pauses it asks for, opt-outs it states."""

import re
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from facecorpus.crawl.limits import Limit, Limits
from facecorpus.settings import FetchSettings
from facecorpus.system.console import duration

BOT = "facecorpus"
"""The name by which robots.txt and X-Robots-Tag may speak of this crawler."""

PAUSE_UNASKED = 5.0
"""Seconds of pause after "too many requests" from a host that does not say how long to wait."""

_LONGEST_REST = 300.0  # seconds; a host that would have to rest for longer is left alone for the rest of the run
_LONGER = 4  # times as long as before: the next rest of a host that still fails
_LONGEST = 10 * 365 * 86_400.0  # seconds; whoever asks for more means "never"
_OPT_OUTS = frozenset({"noai", "noimageai", "noindex", "noimageindex", "noml", "none"})
_NAME = re.compile(r"[a-z_*][\w.*-]*")
_WITH_VALUE = frozenset({"unavailable_after", "max-snippet", "max-image-preview", "max-video-preview"})


class HostResting(Exception):
    """A host that is not asked again in this run; no request was made."""

    def __init__(self, host: str, reason: str) -> None:
        super().__init__(reason)
        self.host = host
        self.reason = reason


class _Host:
    """What is known of one host in this run; times are those of the clock."""

    def __init__(self, limit: Limit) -> None:
        self.slots = threading.BoundedSemaphore(limit.at_once)
        self.interval = 60.0 / limit.a_minute
        self.next_at = 0.0
        self.paused_until = 0.0
        self.resting = ""
        self.failures = 0  # in a row
        self.trips = 0  # rests since the last answer


class Manners:
    """Gives each request its turn, host by host; to be shared by all threads.

    clock gives monotonic seconds; sleep waits for so many. Both are for tests to replace.
    """

    def __init__(
        self,
        settings: FetchSettings,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], object] | None = None,
    ) -> None:
        self.limits = Limits(settings)
        self.patience = 60.0 * settings.patience_minutes  # seconds that a busy host is waited for
        self._failures = settings.host_failures
        self._rest_seconds = settings.host_rest_seconds
        self.clock = clock
        self._stopped = threading.Event()
        self._sleep = sleep or self._stopped.wait
        self._hosts: dict[str, _Host] = {}
        self._lock = threading.Lock()
        self.rests: dict[str, str] = {}  # by host: why it was left alone for a while in this run

    @contextmanager
    def turn(self, host: str) -> Iterator[None]:
        """Wait until the host may be asked, and count the block as under way there.

        Raises HostResting where it may not be asked again in this run.
        """
        state = self._host(host)
        with state.slots:
            while wait := self._wait(host, state):
                self.sleep(wait)
            yield

    def sleep(self, seconds: float) -> None:
        """Wait; stop ends it."""
        if seconds > 0:
            self._sleep(seconds)

    def pause(self, host: str, seconds: float) -> None:
        """Ask the host nothing for so many seconds, from any thread."""
        state = self._host(host)
        with self._lock:
            state.paused_until = max(state.paused_until, self.clock() + seconds)

    def paused_for(self, host: str) -> float:
        """Seconds that are left of a host's pause; 0 where it has none."""
        return max(0.0, self._host(host).paused_until - self.clock())

    def slow_down(self, host: str, interval: float) -> None:
        """Let at least so many seconds pass between two requests to the host, from the last one on."""
        state = self._host(host)
        with self._lock:
            longer = interval - state.interval
            if longer > 0:
                state.interval = interval
                state.next_at += longer

    def rest(self, host: str, reason: str) -> None:
        """Ask the host nothing more in this run."""
        self._host(host).resting = reason

    def answered(self, host: str) -> None:
        """Note that the host works, whatever it answered."""
        state = self._host(host)
        state.failures = state.trips = 0

    def failed(self, host: str, reason: str) -> None:
        """Note that the host did not work; after so many failures in a row it rests, each time four times as long."""
        state = self._host(host)
        with self._lock:
            state.failures += 1
            if state.failures < self._failures or state.paused_until > self.clock():
                return
            seconds = self._rest_seconds * _LONGER**state.trips
            state.trips += 1
            state.paused_until = self.clock() + seconds
            said = f"{state.failures} requests in a row failed, the last one with: {reason}"
            if seconds > _LONGEST_REST:
                state.resting = said
            else:
                self.rests[host] = f"{said}; it was left alone for {duration(seconds)}"

    def stop(self) -> None:
        """End every wait; all hosts rest."""
        self._stopped.set()

    @property
    def stopped(self) -> bool:
        """Whether stop was called."""
        return self._stopped.is_set()

    def _host(self, host: str) -> _Host:
        with self._lock:
            state = self._hosts.get(host)
            if state is None:
                state = self._hosts[host] = _Host(self.limits.of(host))
            return state

    def _wait(self, host: str, state: _Host) -> float:
        """Seconds until the next try to get a turn; 0 where this request has it."""
        with self._lock:
            now = self.clock()
            if self.stopped:
                raise HostResting(host, "the run was stopped")
            if state.resting:
                raise HostResting(host, state.resting)
            if state.paused_until - now > self.patience:
                raise HostResting(host, f"it asks to be left alone for {duration(state.paused_until - now)}")
            ready = max(state.next_at, state.paused_until)
            if ready <= now:
                state.next_at = now + state.interval
                return 0.0
            return ready - now


def seconds_to_wait(retry_after: str | None, now: datetime) -> float | None:
    """The seconds that a Retry-After header asks for, from its two forms (RFC 9110 §10.2.3), never below 0.

    now is aware of its time zone. None where there is no header, or it has neither form.
    """
    text = (retry_after or "").strip()
    if text.isascii() and text.isdigit():
        return min(float(text), _LONGEST)
    try:
        at = parsedate_to_datetime(text)
    except (ValueError, OverflowError):
        return None
    if at.tzinfo is None:  # "-0000": a time in UTC of unknown origin
        at = at.replace(tzinfo=UTC)
    return min(max(0.0, (at - now).total_seconds()), _LONGEST)


def opt_out(robots_tags: Sequence[str]) -> str | None:
    """The first directive of X-Robots-Tag headers that forbids this use, or None.

    Each header is judged alone: "name: directive, directive" speaks to the crawler of that name only.
    """
    for header in robots_tags:
        speaks_to_us = True
        for part in header.lower().split(","):
            name, colon, directive = part.partition(":")
            if colon and _NAME.fullmatch(name.strip()) and name.strip() not in _WITH_VALUE:
                speaks_to_us = name.strip() in (BOT, "*")
            else:
                directive = name
            if speaks_to_us and directive.strip() in _OPT_OUTS:
                return directive.strip()
    return None
