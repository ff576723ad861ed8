"""How long one question to an API is asked again: so many tries where it fails, so many minutes where it is busy.

A wiki whose query service lags says so for minutes and asks to be left alone for five seconds each time
(https://www.mediawiki.org/wiki/Manual:Maxlag_parameter). Waiting is right then, and giving up is wrong.
"""

from tenacity import RetryCallState, wait_exponential, wait_random

from facecorpus.crawl.failure import Failure
from facecorpus.crawl.polite import Manners
from facecorpus.system.console import duration, notice
from facecorpus.words import Outcome

API_TRIES = 8  # that fail; more than for a file: without the answer a source ends

_SILENT_SECONDS = 2.0  # a shorter wait is not spoken of
_SAID_EVERY = 60.0  # seconds: so often a person is told of one that lasts
_LONGEST_PAUSE = 60.0  # seconds between two questions to a busy host that asks for less
_SHARE = 4  # a host that was busy for so long is asked again after a fourth of that

_backoff = wait_exponential(multiplier=0.5, max=60) + wait_random(0, 0.5)


class Patience:
    """Of one question; its methods are what tenacity asks for."""

    def __init__(self, manners: Manners, host: str) -> None:
        self._manners = manners
        self._host = host
        self._failed = 0
        self._busy_since: float | None = None
        self._said_at = -_SAID_EVERY

    def ends(self, state: RetryCallState) -> bool:
        """Whether the try that has just failed was the last one; a busy host is paused, the longer the longer."""
        if not _is_busy(state):
            self._failed += 1
            return self._failed >= API_TRIES
        lasted = self._lasted()
        self._manners.pause(self._host, min(_LONGEST_PAUSE, lasted / _SHARE))
        pause = self._manners.paused_for(self._host)  # one that is too long by itself ends the host's turn
        return pause <= self._manners.patience < lasted + pause

    def say(self, state: RetryCallState) -> None:
        """Tell a person why nothing comes from this host, and for how long."""
        failure = state.outcome.exception() if state.outcome else None
        if not _is_busy(state):
            seconds = state.next_action.sleep if state.next_action else 0.0
            if seconds >= _SILENT_SECONDS:
                notice(f"{self._host}: {failure}; asking again in {duration(seconds)} ({self._failed} of {API_TRIES}).")
            return
        seconds, now = self._manners.paused_for(self._host), self._manners.clock()
        if seconds >= _SILENT_SECONDS and now - self._said_at >= _SAID_EVERY:
            self._said_at = now
            notice(
                f"{self._host} is too busy ({failure}): asked again in {duration(seconds)}. It has been waited for"
                f" {duration(self._lasted())} of at most {duration(self._manners.patience)}; other sources go on."
            )

    def explain(self, failure: Failure) -> str:
        """Why the question was given up, after its last failure."""
        if failure.outcome is not Outcome.RATE_LIMITED:
            return failure.detail
        return f"it has been too busy for {duration(self._lasted())} ({failure.detail})"

    def _lasted(self) -> float:
        """Seconds since the host first said that it is busy."""
        now = self._manners.clock()
        if self._busy_since is None:
            self._busy_since = now
        return now - self._busy_since


def wait_before_next(state: RetryCallState) -> float:
    """Seconds of exponential backoff with jitter; none where the host as a whole is paused anyway."""
    return 0.0 if _is_busy(state) else _backoff(state)


def _is_busy(state: RetryCallState) -> bool:
    failure = state.outcome.exception() if state.outcome else None
    return isinstance(failure, Failure) and failure.outcome is Outcome.RATE_LIMITED
