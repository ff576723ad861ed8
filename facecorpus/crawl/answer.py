"""What a response says: its status, its opt-outs, its body within limits; and what an exception in its place means."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

import requests
from requests.exceptions import InvalidSchema, InvalidURL, Timeout
from urllib3.exceptions import LocationValueError, MaxRetryError, ReadTimeoutError

from facecorpus.catalog.records import Outcome
from facecorpus.crawl.failure import Failure, outcome_of_status
from facecorpus.crawl.polite import opt_out, seconds_to_wait

_CHUNK = 1 << 16  # bytes
_REDIRECTS = (301, 302, 303, 307, 308)


@dataclass(frozen=True, slots=True)
class Answer:
    """A response read to its end, or to the limit of bytes."""

    status: int
    headers: Mapping[str, str]  # names in any case
    content: bytes

    @property
    def location(self) -> str | None:
        """Where a redirect leads; None where this is none."""
        return self.headers.get("Location") if self.status in _REDIRECTS else None


def read_answer(response: requests.Response, limit: int, *, obey: bool, cut: bool) -> Answer:
    """Read a streamed response of a usable status.

    Raises Failure for any other status, where obey is set and the owner opted out, and for a body of more than
    limit bytes, which cut takes up to there instead.
    """
    _check_status(response)
    if obey:
        _check_opt_out(response)
    return Answer(response.status_code, response.headers, _body(response, limit, cut))


def asked_to_wait(headers: Mapping[str, str]) -> float | None:
    """The seconds that Retry-After asks for, counted from now."""
    return seconds_to_wait(headers.get("Retry-After"), datetime.now(UTC))


def failure_of(error: Exception) -> Failure:
    """What an exception of requests, urllib3 or the socket means."""
    cause = error.args[0] if error.args and isinstance(error.args[0], Exception) else error
    if isinstance(cause, MaxRetryError) and cause.reason is not None:
        cause = cause.reason
    # urllib3 puts its connection object before some messages; it tells a person nothing.
    said = re.sub(r"^\w+\(host=[^)]*\): ", "", str(cause))
    detail = f"{type(cause).__name__}: {said}"[:300]
    if isinstance(error, Timeout) or isinstance(cause, ReadTimeoutError):
        return Failure(Outcome.TIMEOUT, detail)
    if isinstance(error, InvalidURL | InvalidSchema | LocationValueError | UnicodeError):
        return Failure(Outcome.BLOCKED_ADDRESS, f"not a web address: {detail}")
    return Failure(Outcome.CONNECTION, detail)


def _check_status(response: requests.Response) -> None:
    status = response.status_code
    if status in _REDIRECTS and response.headers.get("Location"):
        return
    outcome = outcome_of_status(status)
    if outcome is not None:
        next(response.iter_content(_CHUNK), b"")  # a short body read to its end keeps the connection alive
        raise Failure(outcome, f"HTTP status {status}", status)


def _check_opt_out(response: requests.Response) -> None:
    directive = opt_out(response.raw.headers.getlist("X-Robots-Tag"))
    if directive:
        raise Failure(Outcome.OPTED_OUT, f"X-Robots-Tag: {directive}", response.status_code)
    if response.headers.get("TDM-Reservation", "").strip() == "1":
        raise Failure(Outcome.OPTED_OUT, "TDM-Reservation: 1", response.status_code)


def _body(response: requests.Response, limit: int, cut: bool) -> bytes:
    if response.status_code in _REDIRECTS:
        return next(response.iter_content(_CHUNK), b"")
    declared = response.headers.get("Content-Length", "")
    if not cut and declared.isdecimal() and int(declared) > limit:
        raise Failure(Outcome.TOO_BIG, f"{declared} bytes; at most {limit} are taken", response.status_code)
    body = bytearray()
    for chunk in response.iter_content(_CHUNK):
        body += chunk
        if len(body) > limit and cut:
            break
        if len(body) > limit:
            raise Failure(Outcome.TOO_BIG, f"more than {limit} bytes", response.status_code, len(body))
    return bytes(body[:limit])
