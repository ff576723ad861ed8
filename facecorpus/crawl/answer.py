"""What a response says: its status, its opt-outs, its body within limits; and what an exception in its place means."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from urllib3 import BaseHTTPResponse, HTTPHeaderDict
from urllib3.exceptions import LocationValueError, MaxRetryError, NewConnectionError, TimeoutError, URLSchemeUnknown

from facecorpus.catalog.records import Outcome
from facecorpus.crawl.failure import Failure, outcome_of_status
from facecorpus.crawl.polite import opt_out, seconds_to_wait

_CHUNK = 1 << 17  # bytes
_REDIRECTS = (301, 302, 303, 307, 308)
_NOT_MODIFIED = 304


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

    @property
    def not_modified(self) -> bool:
        """Whether a conditional request found the same as before."""
        return self.status == _NOT_MODIFIED


def read_answer(response: BaseHTTPResponse, limit: int, *, obey: bool, cut: bool, conditional: bool = False) -> Answer:
    """Read a response of a usable status, whose body has not been touched.

    Raises Failure for any other status, where obey is set and the owner opted out, and for a body of more than
    limit bytes after decompression, which cut takes up to there instead.
    """
    if not (conditional and response.status == _NOT_MODIFIED):
        _check_status(response)
    if obey:
        _check_opt_out(response)
    return Answer(response.status, response.headers, _body(response, limit, cut))


def asked_to_wait(headers: Mapping[str, str]) -> float | None:
    """The seconds that Retry-After asks for, counted from now."""
    return seconds_to_wait(headers.get("Retry-After"), datetime.now(UTC))


def failure_of(error: Exception) -> Failure:
    """What an exception of urllib3 or the socket means."""
    cause = error.reason if isinstance(error, MaxRetryError) and error.reason is not None else error
    # urllib3 puts its connection object before some messages; it tells a person nothing.
    said = re.sub(r"^\w+\(host=[^)]*\): ", "", str(cause))
    detail = f"{type(cause).__name__}: {said}"[:300]
    if isinstance(cause, TimeoutError) and not isinstance(cause, NewConnectionError):
        return Failure(Outcome.TIMEOUT, detail)
    if isinstance(cause, LocationValueError | URLSchemeUnknown | UnicodeError):
        return Failure(Outcome.BLOCKED_ADDRESS, f"not a web address: {detail}")
    return Failure(Outcome.CONNECTION, detail)


def _check_status(response: BaseHTTPResponse) -> None:
    status = response.status
    if status in _REDIRECTS and response.headers.get("Location"):
        return
    outcome = outcome_of_status(status)
    if outcome is not None:
        response.read(_CHUNK)  # a short body read to its end keeps the connection alive
        raise Failure(outcome, f"HTTP status {status}", status)


def _check_opt_out(response: BaseHTTPResponse) -> None:
    headers = response.headers
    assert isinstance(headers, HTTPHeaderDict)
    directive = opt_out(headers.getlist("X-Robots-Tag"))
    if directive:
        raise Failure(Outcome.OPTED_OUT, f"X-Robots-Tag: {directive}", response.status)
    if headers.get("TDM-Reservation", "").strip() == "1":
        raise Failure(Outcome.OPTED_OUT, "TDM-Reservation: 1", response.status)


def _body(response: BaseHTTPResponse, limit: int, cut: bool) -> bytes:
    if response.status in _REDIRECTS:
        return response.read(_CHUNK)
    declared = response.headers.get("Content-Length", "")
    if not cut and declared.isdecimal() and int(declared) > limit:
        raise Failure(Outcome.TOO_BIG, f"{declared} bytes; at most {limit} are taken", response.status)
    chunks: list[bytes] = []
    size = 0
    for chunk in response.stream(_CHUNK):
        chunks.append(chunk)
        size += len(chunk)
        if size > limit and cut:
            break
        if size > limit:
            raise Failure(Outcome.TOO_BIG, f"more than {limit} bytes", response.status, size)
    return b"".join(chunks)[:limit]
