"""One try at one file, as the tests of fetching make it."""

from typing import Any

from loopback import FakeTime, Loopback, settings_for

from facecorpus.crawl.fetch import Fetched, Fetcher
from facecorpus.crawl.polite import Manners
from facecorpus.words import Outcome


def fetch(web: Loopback, url: str, **limits: Any) -> Fetched:
    """One try with settings that may reach the web."""
    with Fetcher(settings_for(web, fetch=limits)) as fetcher:
        return fetcher.fetch(url)


def outcome(web: Loopback, url: str, **limits: Any) -> Outcome:
    return fetch(web, url, **limits).download.outcome


def polite(web: Loopback, time: FakeTime, **limits: Any) -> Fetcher:
    """A fetcher for which no real time passes."""
    settings = settings_for(web, fetch={"requests_per_minute": 60} | limits)
    return Fetcher(settings, Manners(settings.fetch, time.clock, time.sleep))
