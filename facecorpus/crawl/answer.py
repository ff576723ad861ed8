"""What a response says: its status, its opt-outs, its body within limits; and what an exception in its place means."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from requests import Response
from requests.exceptions import InvalidSchema, InvalidURL, MissingSchema, RequestException
from urllib3.exceptions import LocationValueError, NewConnectionError, TimeoutError

from facecorpus.crawl.failure import Failure, outcome_of_status
from facecorpus.crawl.polite import opt_out, seconds_to_wait
from facecorpus.crawl.usage import reserved_by
from facecorpus.words import Outcome

_CHUNK = 1 << 17  # bytes
_REDIRECTS = (301, 302, 303, 307, 308)
_NOT_MODIFIED = 304
_WAIT_IN_WORDS = re.compile(rb"available in (\d{1,9}) second")  # Django REST framework, which serves Openverse


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


def read_answer(response: Response, limit: int, *, obey: bool, cut: bool, conditional: bool = False) -> Answer:
    """Read a response of a usable status, whose body has not been touched.

    Raises Failure for any other status, where obey is set and the owner opted out, and for a body of more than
    limit bytes after decompression, which cut takes up to there instead.
    """
    if not (conditional and response.status_code == _NOT_MODIFIED):
        _check_status(response)
    if obey:
        _check_opt_out(response)
    return Answer(response.status_code, response.headers, _body(response, limit, cut))


def asked_to_wait(headers: Mapping[str, str]) -> float | None:
    """The seconds that Retry-After asks for, counted from now."""
    return seconds_to_wait(headers.get("Retry-After"), datetime.now(UTC))


def failure_of(error: Exception) -> Failure:
    """What an exception of requests, urllib3 or the socket means."""
    cause = cause_of(error)
    # urllib3 puts its connection object before some messages; it tells a person nothing.
    said = re.sub(r"^\w+\(host=[^)]*\): ", "", str(cause))
    detail = f"{type(cause).__name__}: {said}"[:300]
    if isinstance(cause, TimeoutError) and not isinstance(cause, NewConnectionError):
        return Failure(Outcome.TIMEOUT, detail)
    if isinstance(cause, InvalidURL | InvalidSchema | MissingSchema | LocationValueError | UnicodeError):
        return Failure(Outcome.BLOCKED_ADDRESS, f"not a web address: {detail}")
    return Failure(Outcome.CONNECTION, detail)


def cause_of(error: Exception) -> Exception:
    """What urllib3 or the socket raised, where requests has put its own exception around it."""
    if isinstance(error, RequestException) and error.args and isinstance(error.args[0], Exception):
        return error.args[0]
    return error


def _check_status(response: Response) -> None:
    status = response.status_code
    if status in _REDIRECTS and response.headers.get("Location"):
        return
    outcome = outcome_of_status(status)
    if outcome is not None:
        failure = Failure(outcome, f"HTTP status {status}", status)
        failure.said = _read(response)  # a short body read to its end keeps the connection alive
        if outcome is Outcome.RATE_LIMITED and (wait := _WAIT_IN_WORDS.search(failure.said)):
            failure.wait = float(wait[1])
        raise failure


def _check_opt_out(response: Response) -> None:
    directive = opt_out(response.raw.headers.getlist("X-Robots-Tag"))  # one by one, not joined
    if directive:
        raise Failure(Outcome.OPTED_OUT, f"X-Robots-Tag: {directive}", response.status_code)
    if response.headers.get("TDM-Reservation", "").strip() == "1":
        raise Failure(Outcome.OPTED_OUT, "TDM-Reservation: 1", response.status_code)
    if usage := reserved_by(response.raw.headers.getlist("Content-Usage")):
        raise Failure(Outcome.OPTED_OUT, f"Content-Usage: {usage}"[:200], response.status_code)


def _body(response: Response, limit: int, cut: bool) -> bytes:
    if response.status_code in _REDIRECTS:
        return _read(response)
    declared = response.headers.get("Content-Length", "")
    if not cut and declared.isdecimal() and int(declared) > limit:
        raise Failure(Outcome.TOO_BIG, f"{declared} bytes; at most {limit} are taken", response.status_code)
    chunks: list[bytes] = []
    size = 0
    for chunk in response.raw.stream(_CHUNK, decode_content=True):
        chunks.append(chunk)
        size += len(chunk)
        if size > limit and cut:
            break
        if size > limit:
            raise Failure(Outcome.TOO_BIG, f"more than {limit} bytes", response.status_code, size)
    return b"".join(chunks)[:limit]


def _read(response: Response) -> bytes:
    """The beginning of a body that nobody needs."""
    return response.raw.read(_CHUNK, decode_content=True)
