"""The only door to the web: one try at a time, guarded, polite and bounded in bytes and seconds."""

import json
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from http.cookiejar import DefaultCookiePolicy
from types import TracebackType
from typing import Any, Self, TypeVar
from urllib.parse import urlencode, urljoin

import requests
from tenacity import RetryCallState, Retrying, retry_if_exception, stop_after_attempt, wait_exponential, wait_random
from urllib3.exceptions import HTTPError

from facecorpus import __version__
from facecorpus.catalog.gateway import now
from facecorpus.catalog.records import Download, Outcome
from facecorpus.console import duration, notice
from facecorpus.crawl import robots
from facecorpus.crawl.answer import Answer, asked_to_wait, failure_of, read_answer
from facecorpus.crawl.deadline import Deadline
from facecorpus.crawl.failure import Failure
from facecorpus.crawl.guard import Guard, GuardedAdapter, host_of
from facecorpus.crawl.polite import PAUSE_UNASKED, HostResting, Manners
from facecorpus.errors import SettingsError, SourceError
from facecorpus.pictures import media_type
from facecorpus.settings import Settings

MAX_REDIRECTS = 5
MAX_JSON = 32_000_000  # bytes of one API answer
SILENT_SECONDS = 2.0  # a shorter wait before asking an API again is not spoken of
API_TRIES = 8  # more than for a file: without the answer a whole crawl ends

Read = TypeVar("Read")

_backoff = wait_exponential(multiplier=0.5, max=60) + wait_random(0, 0.5)


@dataclass(frozen=True, slots=True)
class Fetched:
    """One try to get a picture: how it ended, and the bytes where they are a picture."""

    download: Download
    data: bytes | None = None
    media_type: str = ""


class Fetcher:
    """Downloads pictures and asks APIs; every thread may use it, each has its own kept-alive connections."""

    def __init__(self, settings: Settings, manners: Manners | None = None) -> None:
        self._settings = settings.fetch
        self._contact = settings.crawl.contact.strip()
        if not (self._contact.isascii() and self._contact.isprintable()):
            raise SettingsError("contact in [crawl] must be one line of ASCII characters: a mail address or a page.")
        self._manners = manners or Manners(settings.fetch)
        self._guard = Guard(settings.fetch.private_hosts)
        self._robots = robots.Robots(self._read_robots)
        self._local = threading.local()
        self._sessions: list[requests.Session] = []
        self._under_way: set[Deadline] = set()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        for session in self._sessions:
            session.close()

    def stop(self) -> None:
        """End what is under way and every wait, in all threads; their calls raise HostResting."""
        self._manners.stop()
        for deadline in tuple(self._under_way):
            deadline.expire()

    def fetch(self, url: str) -> Fetched:
        """One try to get a picture. The try's seconds include the wait for the host's turn.

        Raises HostResting where the host is not to be asked again in this run, and SourceError where it is
        a public one and the settings name no contact.
        """
        tried_at, begun = now(), time.monotonic()
        try:
            answer = self._get(url, self._settings.max_bytes, obey=self._settings.obey_opt_outs)
            return judged(url, answer.content, tried_at, time.monotonic() - begun, answer.status)
        except Failure as error:
            failure = error
        except HostResting as resting:
            if resting.host == host_of(url):
                raise
            failure = Failure(Outcome.CONNECTION, f"redirects to {resting.host}, not asked again: {resting.reason}")
        seconds = time.monotonic() - begun
        return Fetched(Download(url, tried_at, seconds, failure.status, failure.outcome, failure.detail, failure.size))

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
                self._retrying(self._settings.tries)(once)
        except HostResting:
            if not made:
                raise
        return made

    def get_json(
        self,
        url: str,
        params: Mapping[str, str | int],
        is_busy: Callable[[Any], bool] = lambda answer: False,
        *,
        headers: Mapping[str, str] | None = None,
        form: Mapping[str, str] | None = None,
        heed: Callable[[Mapping[str, str]], float] = lambda headers: 0.0,
    ) -> Any:
        """What an API answers, asked as `ask` does.

        is_busy tells an answer that means "later" though its status is 200; heed says from the answer's headers how
        many seconds the host is to be left alone from now on.
        """

        def read(answer: Answer) -> Any:
            try:
                document = json.loads(answer.content)
            except ValueError:
                raise Failure(Outcome.REFUSED, "it answered something that is not JSON") from None
            if is_busy(document):
                self._manners.pause(host_of(url), asked_to_wait(answer.headers) or PAUSE_UNASKED)
                raise Failure(Outcome.RATE_LIMITED, "it is too busy")
            self._manners.pause(host_of(url), heed(answer.headers))
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

        With a form it is a POST. Headers and form go to this address alone, not to where it redirects. Raises
        SourceError where no answer comes. robots.txt is asked only with obey_robots: it speaks to crawlers of pages,
        and wikis disallow their API in it.
        """
        address = f"{url}?{urlencode(params)}" if params else url

        def once() -> Read:
            if obey_robots and not self._robots.allow(address):
                raise Failure(Outcome.OPTED_OUT, "its robots.txt disallows this address to crawlers")
            return read(self._get(address, MAX_JSON, obey=False, headers=headers, form=form))

        try:
            return self._retrying(API_TRIES, before_sleep=_say_what_is_waited_for(host_of(url)))(once)
        except Failure as failure:
            reason, hint = failure.detail, "check the address, or run again later"
        except HostResting as resting:
            reason, hint = resting.reason, "run again later"
        raise SourceError(f"{url} cannot be asked: {reason}; {hint}.")

    def _retrying(self, tries: int, before_sleep: Callable[[RetryCallState], None] | None = None) -> Retrying:
        return Retrying(
            before_sleep=before_sleep,
            stop=stop_after_attempt(tries),
            wait=_wait_before_next,
            sleep=self._manners.sleep,
            retry=retry_if_exception(lambda error: isinstance(error, Failure) and error.outcome.can_pass),
            reraise=True,
        )

    def _read_robots(self, url: str) -> bytes:
        def once() -> bytes:
            return self._get(url, robots.MAX_BYTES, obey=False, cut=True).content

        try:
            return self._retrying(self._settings.tries)(once)
        except Failure as failure:
            if failure.outcome.can_pass:
                self._manners.rest(host_of(url), f"its robots.txt cannot be read ({failure.detail})")
            raise Failure(failure.outcome, f"robots.txt: {failure.detail}", failure.status) from None

    def _get(
        self,
        url: str,
        limit: int,
        *,
        obey: bool,
        cut: bool = False,
        headers: Mapping[str, str] | None = None,
        form: Mapping[str, str] | None = None,
    ) -> Answer:
        """The answer, redirects followed; each hop is guarded, obeyed and polite like the first."""
        for _ in range(MAX_REDIRECTS + 1):
            self._guard.check_url(url)
            self._check_contact(url)
            if obey and not self._robots.allow(url):
                raise Failure(Outcome.OPTED_OUT, "robots.txt disallows it")
            answer = self._hop(url, limit, obey, cut, headers, form)
            headers = form = None  # what may be secret is not carried elsewhere
            if answer.location is None:
                return answer
            try:
                url = urljoin(url, answer.location)
            except ValueError as error:
                raise Failure(Outcome.BAD_REDIRECT, f"redirects to no web address: {error}") from None
        raise Failure(Outcome.BAD_REDIRECT, f"more than {MAX_REDIRECTS} redirects")

    def _check_contact(self, url: str) -> None:
        if not self._contact and not self._guard.allows_private(url):
            raise SourceError(
                f"{host_of(url)} may be asked only by somebody it can reach: in corpus.toml, section [crawl], set"
                " contact to your mail address or page."
            )

    def _hop(
        self,
        url: str,
        limit: int,
        obey: bool,
        cut: bool,
        headers: Mapping[str, str] | None = None,
        form: Mapping[str, str] | None = None,
    ) -> Answer:
        """One request, and its answer read."""
        host = host_of(url)
        with self._manners.turn(host), self._deadline() as deadline:
            try:
                with self._session().request(
                    "GET" if form is None else "POST",
                    url,
                    data=form,
                    headers=headers,
                    stream=True,
                    allow_redirects=False,
                    timeout=self._settings.timeout_seconds,
                ) as response:
                    self._heed(host, response)
                    answer = read_answer(response, limit, obey=obey, cut=cut)
            except (OSError, HTTPError, UnicodeError) as error:  # requests' own errors are OSErrors
                if not deadline.expired:
                    raise failure_of(error) from None
            if self._manners.stopped:
                raise HostResting(host, "the run was stopped")
            if deadline.expired:  # the answer may look whole: where no length is stated, it just ends
                raise Failure(Outcome.TIMEOUT, f"not whole after {self._settings.max_seconds:g} seconds")
        return answer

    def _heed(self, host: str, response: requests.Response) -> None:
        """Pause the whole host where it asks for that."""
        if response.status_code in (429, 503):
            seconds = asked_to_wait(response.headers)
            if seconds is None and response.status_code == 429:
                seconds = PAUSE_UNASKED
            self._manners.pause(host, seconds or 0.0)

    @contextmanager
    def _deadline(self) -> Iterator[Deadline]:
        with Deadline(self._settings.max_seconds) as deadline:
            self._under_way.add(deadline)
            try:
                yield deadline
            finally:
                self._under_way.discard(deadline)

    def _session(self) -> requests.Session:
        """This thread's session: no proxies, passwords or certificates from the environment, no cookies."""
        session: requests.Session | None = getattr(self._local, "session", None)
        if session is None:
            session = self._local.session = requests.Session()
            session.trust_env = False
            session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=()))
            session.headers["User-Agent"] = f"facecorpus/{__version__}" + f" ({self._contact})" * bool(self._contact)
            for scheme in ("http://", "https://"):
                session.mount(scheme, GuardedAdapter(self._guard))
            self._sessions.append(session)
        return session


def judged(url: str, data: bytes, tried_at: str, seconds: float, status: int | None) -> Fetched:
    """The try that brought these bytes: STORED with its type where they are a picture, else NOT_A_PICTURE."""
    kind = media_type(data)
    if kind is None:
        detail = f"the bytes are no picture; they begin with {data[:12]!r}" if data else "the answer is empty"
        return Fetched(Download(url, tried_at, seconds, status, Outcome.NOT_A_PICTURE, detail, len(data)))
    return Fetched(Download(url, tried_at, seconds, status, Outcome.STORED, bytes=len(data)), data, kind)


def _say_what_is_waited_for(host: str) -> Callable[[RetryCallState], None]:
    """An API that does not answer holds up the whole crawl: a person is told why nothing goes on."""

    def say(state: RetryCallState) -> None:
        seconds = state.next_action.sleep if state.next_action else 0.0
        failure = state.outcome.exception() if state.outcome else None
        if seconds >= SILENT_SECONDS:
            notice(f"{host}: {failure}; asking again in {duration(seconds)} ({state.attempt_number} of {API_TRIES}).")

    return say


def _wait_before_next(state: RetryCallState) -> float:
    """Seconds of exponential backoff with jitter; none where the host as a whole is paused anyway."""
    failure = state.outcome.exception() if state.outcome else None
    if isinstance(failure, Failure) and failure.outcome is Outcome.RATE_LIMITED:
        return 0.0
    return _backoff(state)
