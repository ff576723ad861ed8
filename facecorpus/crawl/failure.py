"""How one request can fail, whoever made it: a picture, robots.txt or a source's API."""

from facecorpus.system.border import clean
from facecorpus.words import Outcome


class Failure(Exception):
    """A request that did not end with a usable answer.

    outcome says how, detail says it in words; status is None where no answer came, size is in bytes read. wait is in
    seconds: how long the host asks to be left alone in what it answered, its headers apart; said is the beginning of
    that.
    """

    wait = 0.0
    said = b""

    def __init__(self, outcome: Outcome, detail: str, status: int | None = None, size: int = 0) -> None:
        self.outcome = outcome
        self.detail = clean(detail)
        super().__init__(self.detail)
        self.status = status
        self.size = size


def outcome_of_status(status: int) -> Outcome | None:
    """How a download with this HTTP status ended; None for the statuses that bring a body."""
    if 200 <= status < 300:
        return None
    if status in (404, 410):
        return Outcome.GONE
    if status == 429:
        return Outcome.RATE_LIMITED
    if status == 408:
        return Outcome.TIMEOUT
    if status >= 500:
        return Outcome.SERVER_ERROR
    return Outcome.BAD_REDIRECT if 300 <= status < 400 else Outcome.REFUSED
