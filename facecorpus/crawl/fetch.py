"""The only door to the web: one try at a time, guarded, polite and bounded in bytes and seconds."""

import hashlib
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import partial
from http.client import HTTPException
from types import TracebackType
from typing import Any, Self, TypeVar
from urllib.parse import urlencode, urljoin

from requests import Request, RequestException, Response
from tenacity import RetryCallState, Retrying, retry_if_exception, stop_after_attempt
from urllib3.exceptions import HTTPError, ProtocolError

from facecorpus import __version__
from facecorpus.catalog.connection import now
from facecorpus.crawl import robots, tdm
from facecorpus.crawl.answer import Answer, asked_to_wait, cause_of, failure_of, read_answer
from facecorpus.crawl.deadline import Deadline, Deadlines
from facecorpus.crawl.failure import Failure
from facecorpus.crawl.guard import Guard, host_of
from facecorpus.crawl.inspection import Fetched, inspected
from facecorpus.crawl.patience import Patience, wait_before_next
from facecorpus.crawl.polite import PAUSE_UNASKED, HostResting, Manners
from facecorpus.crawl.reach import require_contact
from facecorpus.crawl.transport import GuardedSession
from facecorpus.errors import SettingsError, SourceError
from facecorpus.records import Download
from facecorpus.settings import Settings
from facecorpus.system.border import read_json
from facecorpus.words import Outcome

MAX_REDIRECTS = 5
MAX_JSON = 32_000_000  # bytes of one API answer

_HOST_FAILURES = (Outcome.CONNECTION, Outcome.TIMEOUT, Outcome.SERVER_ERROR)

Read = TypeVar("Read")
Watch = Callable[[str, Answer], None]
"""Is told an address that was asked, and what came."""


@dataclass(frozen=True, slots=True)
class _Secret:
    """What goes to the first address alone, and to none that it redirects to: headers, and the form of a POST."""

    headers: Mapping[str, str]
    form: Mapping[str, str] | None = None


_NO_SECRET = _Secret({})


@dataclass(frozen=True, slots=True)
class _Wish:
    """What is asked of an address, and of those that it redirects to."""

    limit: int  # bytes
    obey: bool = False  # the owner's opt-outs
    cut: bool = False  # take a longer body up to the limit
    conditions: Mapping[str, str] = field(default_factory=dict)  # headers of a conditional request


class Fetcher:
    """Downloads pictures and asks APIs; every thread may use it, each has its own kept-alive connections.

    watch is told of every answer that comes, refusals too.
    """

    def __init__(self, settings: Settings, manners: Manners | None = None, watch: Watch | None = None) -> None:
        self._watch = watch or (lambda url, answer: None)
        self._settings = settings.fetch
        self._require_contact = partial(require_contact, settings)
        self._contact = settings.crawl.contact.strip()
        if not (self._contact.isascii() and self._contact.isprintable()):
            raise SettingsError("contact in [crawl] must be one line of ASCII characters: a mail address or a page.")
        self.manners = manners or Manners(settings.fetch)
        self._guard = Guard(settings.fetch.private_hosts)
        self._robots = robots.Robots(
            self._read_robots, lambda url, seconds: self.manners.slow_down(host_of(url), seconds)
        )
        self._reservations = tdm.Reservations(self._read_reservations)
        self._deadlines = Deadlines(settings.fetch.max_seconds)
        self._wish = _Wish(settings.fetch.max_bytes, obey=settings.fetch.obey_opt_outs)
        self._session = GuardedSession(self._guard, settings.fetch.authorities)
        self._headers = {
            "User-Agent": f"facecorpus/{__version__}" + f" ({self._contact})" * bool(self._contact),
            "Accept-Encoding": "gzip, deflate",
        }

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._deadlines.close()
        self._session.close()

    def stop(self) -> None:
        """End what is under way and every wait, in all threads; their calls raise HostResting."""
        self.manners.stop()
        self._deadlines.expire_all()

    def fetch(self, url: str) -> Fetched:
        """One try to get a picture. The try's seconds include the wait for the host's turn.

        Raises HostResting where the host is not to be asked again in this run, and SourceError where it is
        a public one and the settings name no contact.
        """
        return self._try(url, self._picture)

    def recheck(self, stored: Download, sha256: str) -> Download:
        """Ask once more for a photograph that is stored: the try's outcome is UNCHANGED, CHANGED or a failure.

        The request is conditional where the answer that brought the photograph allows it. Raises as fetch does.
        """
        validators = {"If-None-Match": stored.etag, "If-Modified-Since": stored.last_modified}

        def compare(url: str, tried_at: str, begun: float) -> Fetched:
            conditions = {name: value for name, value in validators.items() if value and value.isprintable()}
            answer = self._get(url, replace(self._wish, conditions=conditions))
            if answer.not_modified:
                seconds = time.monotonic() - begun
                return Fetched(
                    replace(
                        stored,
                        tried_at=tried_at,
                        seconds=seconds,
                        status=answer.status,
                        outcome=Outcome.UNCHANGED,
                        detail="",
                        bytes=0,
                    )
                )
            fetched = self._inspected(url, answer, tried_at, begun)
            if fetched.data is None:
                return fetched
            same = hashlib.sha256(fetched.data).hexdigest() == sha256
            outcome = Outcome.UNCHANGED if same else Outcome.CHANGED
            return Fetched(replace(fetched.download, outcome=outcome))

        return self._try(stored.url, compare).download

    def _try(self, url: str, get: Callable[[str, str, float], Fetched]) -> Fetched:
        tried_at, begun = now(), time.monotonic()
        try:
            return get(url, tried_at, begun)
        except Failure as error:
            failure = error
        except HostResting as resting:
            if resting.host == host_of(url):
                raise
            failure = Failure(Outcome.CONNECTION, f"redirects to {resting.host}, not asked again: {resting.reason}")
        seconds = time.monotonic() - begun
        return Fetched(Download(url, tried_at, seconds, failure.status, failure.outcome, failure.detail, failure.size))

    def _picture(self, url: str, tried_at: str, begun: float) -> Fetched:
        return self._inspected(url, self._get(url, self._wish), tried_at, begun)

    def _inspected(self, url: str, answer: Answer, tried_at: str, begun: float) -> Fetched:
        seconds = time.monotonic() - begun
        fetched = inspected(url, answer.content, tried_at, seconds, answer.status, self._settings)
        etag, last_modified = answer.headers.get("ETag", ""), answer.headers.get("Last-Modified", "")
        return replace(fetched, download=replace(fetched.download, etag=etag, last_modified=last_modified))

    def fetch_in_tries(self, url: str) -> list[Fetched]:
        """Try until there is a picture, or a further try cannot help; the last element says how it ended.

        Raises as fetch does, but not once a try has been made.
        """
        made: list[Fetched] = []

        def once() -> None:
            made.append(self.fetch(url))
            last = made[-1].download
            if last.outcome.can_pass:
                raise Failure(last.outcome, last.detail)

        try:
            with suppress(Failure):
                self._retrying(stop_after_attempt(self._settings.tries))(once)
        except HostResting:
            if not made:
                raise
        return made

    def get_json(
        self,
        url: str,
        params: Mapping[str, str | int],
        is_busy: Callable[[Any], str] = lambda answer: "",
        *,
        headers: Mapping[str, str] | None = None,
        form: Mapping[str, str] | None = None,
        heed: Callable[[Mapping[str, str]], float] = lambda headers: 0.0,
    ) -> Any:
        """What an API answers, asked as `ask` does.

        is_busy says why an answer means "later" though its status is 200, or ''; heed says from the answer's headers
        how many seconds the host is to be left alone from now on.
        """

        def read(answer: Answer) -> Any:
            try:
                document = read_json(answer.content.rstrip(b", \r\n"))  # Flickr's outage ends with a comma
            except ValueError:
                raise Failure(Outcome.REFUSED, "it answered something that is not JSON") from None
            if why := is_busy(document):
                self.manners.pause(host_of(url), asked_to_wait(answer.headers) or PAUSE_UNASKED)
                raise Failure(Outcome.RATE_LIMITED, why)
            self.manners.pause(host_of(url), heed(answer.headers))
            return document

        return self.ask(url, params, read, headers=headers, form=form)

    def ask(
        self,
        url: str,
        params: Mapping[str, str | int],
        read: Callable[[Answer], Read],
        *,
        headers: Mapping[str, str] | None = None,
        form: Mapping[str, str] | None = None,
        obey_robots: bool = False,
    ) -> Read:
        """What `read` makes of a source's answer, asked again where a Failure that it raises, or the host, allows.

        A host that says it is busy is waited for as long as the settings' patience lasts. With a form it is a POST.
        Headers and form go to this address alone, not to where it redirects. Raises SourceError where no answer comes.
        robots.txt is asked only with obey_robots: it speaks to crawlers of pages, and wikis disallow their API in it.
        """
        address = f"{url}?{urlencode(params)}" if params else url

        def once() -> Read:
            if obey_robots and not self._robots.allow(address):
                raise Failure(Outcome.OPTED_OUT, "its robots.txt disallows this address to crawlers")
            return read(self._get(address, _Wish(MAX_JSON), _Secret(headers or {}, form)))

        patience = Patience(self.manners, host_of(url))
        try:
            return self._retrying(patience.ends).copy(before_sleep=patience.say)(once)
        except Failure as failure:
            reason = patience.explain(failure)
            hint = "check the address, or " * (failure.outcome is not Outcome.RATE_LIMITED) + "run again later"
        except HostResting as resting:
            reason, hint = resting.reason, "run again later"
        raise SourceError(f"{url} cannot be asked: {reason}; {hint}.")

    def _retrying(self, stop: Callable[[RetryCallState], bool]) -> Retrying:
        return Retrying(
            stop=stop,
            wait=wait_before_next,
            sleep=self.manners.sleep,
            retry=retry_if_exception(lambda error: isinstance(error, Failure) and error.outcome.can_pass),
            reraise=True,
        )

    def _read_robots(self, url: str) -> bytes:
        try:
            return robots.checked(self._read_rules(url, robots.MAX_BYTES))
        except Failure as failure:
            if failure.outcome.can_pass:
                self.manners.rest(host_of(url), f"its robots.txt cannot be read ({failure.detail})")
            raise Failure(failure.outcome, f"robots.txt: {failure.detail}", failure.status) from None

    def _read_reservations(self, url: str) -> bytes:
        return self._read_rules(url, tdm.MAX_BYTES)

    def _read_rules(self, url: str, limit: int) -> bytes:
        def once() -> bytes:
            return self._get(url, _Wish(limit, cut=True)).content

        return self._retrying(stop_after_attempt(self._settings.tries))(once)

    def _get(self, url: str, wish: _Wish, secret: _Secret = _NO_SECRET) -> Answer:
        """The answer, redirects followed; each hop is guarded, obeyed and polite like the first."""
        spent = 0.0
        for _ in range(MAX_REDIRECTS + 1):
            self._guard.check_url(url)
            self._require_contact([host_of(url)])
            if wish.obey:
                self._check_opt_outs(url)
            answer, spent = self._hop(url, wish, secret, spent)
            secret = _NO_SECRET
            if answer.location is None:
                return answer
            try:
                url = urljoin(url, answer.location)
            except ValueError as error:
                raise Failure(Outcome.BAD_REDIRECT, f"redirects to no web address: {error}") from None
        raise Failure(Outcome.BAD_REDIRECT, f"more than {MAX_REDIRECTS} redirects")

    def _check_opt_outs(self, url: str) -> None:
        """What the host says of all its addresses in one place; raises Failure where that forbids this one."""
        if not self._robots.allow(url):
            raise Failure(Outcome.OPTED_OUT, "robots.txt disallows it")
        if said := self._robots.reserving(url):
            raise Failure(Outcome.OPTED_OUT, f"robots.txt reserves it from training ({said})")
        rule = self._reservations.reserving(url)
        if rule is not None:
            raise Failure(Outcome.OPTED_OUT, f"tdmrep.json reserves {rule.location}")

    def _hop(self, url: str, wish: _Wish, secret: _Secret, spent: float) -> tuple[Answer, float]:
        """One request: its answer read, and the seconds that the file has taken with it, waits for a turn apart."""
        host = host_of(url)
        with self.manners.turn(host), self._deadlines.of_request(spent) as deadline:
            try:
                answer = self._answer(url, wish, secret, deadline)
            except (OSError, HTTPError, HTTPException, ValueError) as error:
                failure: Failure | None = failure_of(error)
            except Failure as error:
                failure = error
            else:
                failure = None
            if self.manners.stopped:
                raise HostResting(host, "the run was stopped")
            if deadline.expired:  # the answer may look whole: where no length is stated, it just ends
                failure = Failure(Outcome.TIMEOUT, f"not whole after {self._settings.max_seconds:g} seconds")
            self._note(host, failure)
            if failure is not None:
                raise failure from None
            return answer, deadline.spent

    def _answer(self, url: str, wish: _Wish, secret: _Secret, deadline: Deadline) -> Answer:
        response = self._request(url, {**self._headers, **wish.conditions, **secret.headers}, secret.form, deadline)
        try:
            self._heed(host_of(url), response)
            answer = read_answer(response, wish.limit, obey=wish.obey, cut=wish.cut, conditional=bool(wish.conditions))
            self._watch(url, answer)
            return answer
        except Failure as failure:
            self._watch(url, Answer(response.status_code, response.headers, failure.said))
            self.manners.pause(host_of(url), failure.wait)
            raise
        finally:
            response.close()  # the connection, too, where the answer was not read to its end

    def _request(
        self, url: str, headers: Mapping[str, str], form: Mapping[str, str] | None, deadline: Deadline
    ) -> Response:
        request = Request("GET" if form is None else "POST", url, headers, data=form).prepare()
        while True:
            try:
                return self._session.send(
                    request, stream=True, allow_redirects=False, timeout=self._settings.timeout_seconds
                )
            except RequestException as error:
                # A server may end a kept-alive connection just as it is used again: no try has been made then.
                if not (isinstance(cause_of(error), ProtocolError) and deadline.kept_alive) or deadline.expired:
                    raise

    def _heed(self, host: str, response: Response) -> None:
        """Pause the whole host where it asks for that."""
        if response.status_code in (429, 503):
            seconds = asked_to_wait(response.headers)
            if seconds is None and response.status_code == 429:
                seconds = PAUSE_UNASKED
            self.manners.pause(host, seconds or 0.0)

    def _note(self, host: str, failure: Failure | None) -> None:
        """Keep count of the requests in a row that show a host not working."""
        if failure is not None and failure.outcome in _HOST_FAILURES:
            self.manners.failed(host, failure.detail)
        elif failure is None or failure.status is not None:
            self.manners.answered(host)
