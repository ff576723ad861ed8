"""Openverse: openly licensed pictures of many collections, searched by the person's name.

See https://api.openverse.org/v1/ and docs.openverse.org/api/reference/authentication_and_throttling.html. Without
credentials a page holds 20 results at most, and only the first pages of an answer can be asked for; how many, the
answer says.
"""

import os
import re
import time
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urlsplit

from facecorpus.crawl.fetch import Fetcher
from facecorpus.crawl.sources.source import NoPhotographs, Source
from facecorpus.errors import SourceError
from facecorpus.manifest import Identity
from facecorpus.records import Candidate
from facecorpus.settings import CrawlSettings
from facecorpus.system.border import text_of

Json = dict[str, Any]

NAME = "openverse"
CLIENT_ID, CLIENT_SECRET = "OPENVERSE_CLIENT_ID", "OPENVERSE_CLIENT_SECRET"
"""The environment variables that hold the credentials of a registered application."""

PAGE = 20  # results; the most that anybody may ask for
PAGE_WITH_CREDENTIALS = 50
LONGEST_QUERY = 200  # characters
MOST_BARREN = 5  # pages in a row that bring nothing new: there is no more, whatever page_count says

_UNITS = {"s": 1.0, "m": 60.0, "h": 3600.0, "d": 86_400.0}  # "20/min", "200/day"
_RENEW_BEFORE = 60.0  # seconds
_AVAILABLE = re.compile(r"x-ratelimit-available-(.+)")
_NONE_LEFT = re.compile(r"0+|-[0-9]+")


class Openverse(Source):
    """Asks a page at a time, as far as the server says that there are pages."""

    name = NAME

    def __init__(self, settings: CrawlSettings, fetcher: Fetcher, environment: Mapping[str, str] = os.environ) -> None:
        self._api = settings.openverse_api.rstrip("/")
        self._licences = ",".join(settings.licences)
        self._fetcher = fetcher
        self._credentials = environment.get(CLIENT_ID, ""), environment.get(CLIENT_SECRET, "")
        if any(self._credentials) and not all(self._credentials):
            raise SourceError(f"Source 'openverse' needs both {CLIENT_ID} and {CLIENT_SECRET}, or neither of them.")
        self._token, self._renew_at = "", 0.0
        self.hosts = (urlsplit(self._api).netloc,)

    def candidates(self, identity: Identity) -> Iterator[Candidate]:
        """The results for the name as a phrase, in the order of their relevance."""
        seen: set[str] = set()
        barren = 0  # pages in a row
        for page in self._pages(identity.name):
            barren += 1
            for result in page.get("results", ()):
                candidate = _candidate(identity, result, len(seen))
                name = str(candidate.file_id or candidate.url)
                if name not in seen:
                    yield candidate
                    seen.add(name)
                    barren = 0
            if barren == MOST_BARREN:
                break
        if not seen:
            raise NoPhotographs(f"{identity.name}: {self._api} has no pictures of these licences under that name.")

    def requests(self, identity: Identity, wanted: int) -> int:
        """One a page."""
        return max(1, -(-wanted // self._page_size))

    @property
    def _page_size(self) -> int:
        return PAGE_WITH_CREDENTIALS if all(self._credentials) else PAGE

    def _pages(self, name: str) -> Iterator[Json]:
        phrase = '"' + name.replace('"', " ")[: LONGEST_QUERY - 2] + '"'
        number, last = 1, 1
        while number <= last:
            params: dict[str, str | int] = {"q": phrase, "license": self._licences, "filter_dead": "true"}
            page = self._fetcher.get_json(
                f"{self._api}/images/",
                params | {"page": number, "page_size": self._page_size},
                headers=self._authorization(),
                heed=seconds_until_allowed,
            )
            if not isinstance(page, dict) or "page_count" not in page:
                raise SourceError(f"{self._api} answers, but not as Openverse does; check openverse_api in [crawl].")
            yield page
            last = int(page["page_count"])
            number += 1

    def _authorization(self) -> dict[str, str]:
        """The header that says who asks; empty without credentials. A token is kept as long as it holds."""
        if not all(self._credentials):
            return {}
        if time.monotonic() >= self._renew_at:
            client_id, secret = self._credentials
            form = {"grant_type": "client_credentials", "client_id": client_id, "client_secret": secret}
            given = self._fetcher.get_json(f"{self._api}/auth_tokens/token/", {}, form=form)
            if not isinstance(given, dict) or "access_token" not in given:
                raise SourceError(f"{self._api} gives no access token; check {CLIENT_ID} and {CLIENT_SECRET}.")
            self._token = str(given["access_token"])
            self._renew_at = time.monotonic() + float(given.get("expires_in", 0)) - _RENEW_BEFORE
        return {"Authorization": f"Bearer {self._token}"}


def seconds_until_allowed(headers: Mapping[str, str]) -> float:
    """How long to ask nothing, by X-RateLimit-Available-* and X-RateLimit-Limit-* of an answer; 0 where more is left.

    The headers come in pairs for each limit, like Limit-anon_burst: 20/min and Available-anon_burst: 19. When the
    window began is not said, so the whole window is waited for.
    """
    told = {name.lower(): value.strip() for name, value in headers.items()}
    waits = [0.0]
    for name, available in told.items():
        match = _AVAILABLE.fullmatch(name)
        if match and _NONE_LEFT.fullmatch(available):
            unit = told.get(f"x-ratelimit-limit-{match[1]}", "").partition("/")[2].strip()[:1]
            waits.append(_UNITS.get(unit, 60.0))
    return max(waits)


def _candidate(identity: Identity, result: Json, rank: int) -> Candidate:
    return Candidate(
        identity_id=identity.identity_id,
        source=NAME,
        url=result.get("url", ""),
        page_url=result.get("foreign_landing_url", ""),
        rank=rank,
        title=result.get("title", ""),
        licence=_licence_name(text_of(result.get("license")), text_of(result.get("license_version"))),
        licence_url=result.get("license_url", ""),
        author=result.get("creator") or "",  # null where nobody is named
        found_by=f'search for "{identity.name}" in {text_of(result.get("source")) or "Openverse"}',
        file_id=result.get("id", ""),
    )


def _licence_name(slug: str, version: str) -> str:
    """Like "CC BY-SA 4.0"."""
    if slug in ("cc0", "pdm"):
        return {"cc0": "CC0", "pdm": "Public Domain Mark"}[slug] + f" {version}" * bool(version)
    return f"CC {slug.upper()} {version}".strip() if slug else ""
