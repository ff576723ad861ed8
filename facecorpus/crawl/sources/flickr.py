"""Flickr: photographs whose owners licensed them, searched by the person's name.

See https://www.flickr.com/services/api/flickr.photos.search.html and flickr.photos.licenses.getInfo.html. Which id
means which licence is asked, not assumed: new ones came in 2025. Of one search Flickr gives 4,000 results at most.
"""

import os
import re
from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import Any
from urllib.parse import urlsplit

from facecorpus.crawl.fetch import Fetcher
from facecorpus.crawl.sources.source import NoPhotographs, Source
from facecorpus.errors import SourceError
from facecorpus.manifest import Identity
from facecorpus.records import Candidate
from facecorpus.settings import CrawlSettings

Json = dict[str, Any]

NAME = "flickr"
KEY = "FLICKR_API_KEY"
"""The environment variable that holds the API key."""

PAGE = 250  # photographs
MOST = 4000  # of one search
SIZES = ("url_l", "url_o", "url_c", "url_z")  # 1024 pixels, the original, 800, 640: the first that there is is taken

_BUSY = ("0", "10", "105", "106", "201")  # codes: sorry; search, service, operation and API not available now
_BAD_KEY = "100"  # code
_LICENCE_URL = re.compile(r"creativecommons\.org/(?:licenses/([a-z-]+)|publicdomain/(zero|mark))/")
_PUBLIC_DOMAIN = {"zero": "cc0", "mark": "pdm"}
_GRANULARITIES = {0: 10, 4: 7, 6: 4}  # of the date taken: characters of an ISO date that it vouches for


class Flickr(Source):
    """Asks one page of a search at a time; the key travels in a form, in no address."""

    name = NAME

    def __init__(self, settings: CrawlSettings, fetcher: Fetcher, environment: Mapping[str, str] = os.environ) -> None:
        self._api = settings.flickr_api
        self._wanted = settings.licences
        self._fetcher = fetcher
        self._key = environment.get(KEY, "").strip()
        if not self._key:
            raise SourceError(f"Source 'flickr' needs an API key: put yours in the environment variable {KEY}.")
        self.hosts = (urlsplit(self._api).netloc,)

    def candidates(self, identity: Identity) -> Iterator[Candidate]:
        """The results for the name as a phrase, in the order of their relevance."""
        rank = 0
        for photo in self._photos(identity.name):
            candidate = self._candidate(identity, photo, rank)
            if candidate is not None:
                yield candidate
                rank += 1
        if not rank:
            raise NoPhotographs(f"{identity.name}: {self._api} has no pictures of these licences under that name.")

    def requests(self, identity: Identity, wanted: int) -> int:
        """One a page."""
        return max(1, -(-wanted // PAGE))

    @cached_property
    def _licences(self) -> dict[str, tuple[str, str]]:
        """Name and address of the wanted licences, by Flickr's id."""
        answer = self._call("flickr.photos.licenses.getInfo", {})
        known = {str(one["id"]): (str(one["name"]), str(one["url"])) for one in answer["licenses"]["license"]}
        wanted = {key: licence for key, licence in known.items() if _slug(licence[1]) in self._wanted}
        if not wanted:
            raise SourceError(
                f"{self._api} knows none of the licences {', '.join(self._wanted)}; choose others in corpus.toml."
            )
        return wanted

    def _photos(self, name: str) -> Iterator[Json]:
        number, last = 1, 1
        while number <= min(last, MOST // PAGE):
            found = self._call(
                "flickr.photos.search",
                {
                    "text": '"' + name.replace('"', " ") + '"',
                    "license": ",".join(self._licences),
                    "extras": ",".join(("license", "owner_name", "date_taken", *SIZES)),
                    "media": "photos",
                    "content_types": "0",  # photographs; no screenshots, no drawings
                    "safe_search": "1",
                    "sort": "relevance",
                    "per_page": str(PAGE),
                    "page": str(number),
                },
            )["photos"]
            yield from found["photo"]
            last = int(found["pages"])
            number += 1

    def _call(self, method: str, arguments: Mapping[str, str]) -> Json:
        form = {"method": method, "api_key": self._key, "format": "json", "nojsoncallback": "1", **arguments}
        answer = self._fetcher.get_json(self._api, {}, form=form, is_busy=_is_busy)
        if not isinstance(answer, dict) or answer.get("stat") != "ok":
            told = answer if isinstance(answer, dict) else {}
            why = f"{told.get('message', 'it does not say why')} ({told.get('code', 'no code')})"
            hint = f"check {KEY}" if str(told.get("code")) == _BAD_KEY else "run again later"
            raise SourceError(f"{self._api} refuses {method}: {why}; {hint}.")
        return answer

    def _candidate(self, identity: Identity, photo: Json, rank: int) -> Candidate | None:
        """None where the owner lets nobody have a size that is wanted, or the licence is another after all."""
        url = next((photo[size] for size in SIZES if photo.get(size)), "")
        licence = self._licences.get(str(photo.get("license", "")))
        if not url or licence is None:
            return None
        return Candidate(
            identity_id=identity.identity_id,
            source=NAME,
            url=url,
            page_url=f"https://www.flickr.com/photos/{photo['owner']}/{photo['id']}",
            rank=rank,
            title=photo.get("title", ""),
            licence=licence[0],
            licence_url=licence[1],
            author=photo.get("ownername", ""),
            taken_on=_taken_on(photo),
            found_by=f'search for "{identity.name}"',
            file_id=photo["id"],
        )


def _taken_on(photo: Json) -> str | None:
    """The date taken, cut to what is certain; None where it is only the day of the upload."""
    if str(photo.get("datetakenunknown", "0")) != "0":
        return None
    length = _GRANULARITIES.get(int(photo.get("datetakengranularity", 0)), 0)  # 8: circa
    date = str(photo.get("datetaken", ""))[:length]
    return None if not date or date.startswith("0000") else date


def _slug(licence_url: str) -> str:
    """The licence as the settings name it, like by-sa; '' for one that is not Creative Commons'."""
    match = _LICENCE_URL.search(licence_url)
    return "" if match is None else match[1] or _PUBLIC_DOMAIN[match[2]]


def _is_busy(answer: Any) -> str:
    busy = isinstance(answer, dict) and answer.get("stat") == "fail" and str(answer.get("code")) in _BUSY
    return str(answer.get("message", "it does not say why")) if busy else ""
