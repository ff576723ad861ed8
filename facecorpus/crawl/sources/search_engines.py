"""Search engines, at best effort: Bing, Google and Baidu answer people, and change what they answer without notice.

Off by default. Nothing is known of a picture's licence. docs/sources.md says what the engines' terms mean for a user.
"""

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

from facecorpus.crawl.answer import Answer
from facecorpus.crawl.fetch import Fetcher
from facecorpus.crawl.sources.source import Source
from facecorpus.errors import SourceError
from facecorpus.manifest import Identity
from facecorpus.records import Candidate
from facecorpus.settings import CrawlSettings
from facecorpus.store import write_atomically

ENGINES = {
    "bing": "https://www.bing.com",
    "google": "https://www.google.com",
    "baidu": "https://image.baidu.com",
}
"""Where each engine is asked."""

_PAGE = 20  # results of one page, at least


class Engine(Source):
    """Reads an engine's pages of results; what it answers and cannot be read is kept in the folder `kept_in`."""

    def __init__(self, name: str, settings: CrawlSettings, fetcher: Fetcher, kept_in: Path) -> None:
        self.name = name
        self._home = ENGINES[name]
        self._obey_robots = not settings.engines_despite_robots
        self._fetcher = fetcher
        self._kept_in = kept_in
        self.hosts = (urlsplit(self._home).netloc,)

    def candidates(self, identity: Identity) -> Iterator[Candidate]:
        """Results for the name, page by page, until one brings nothing new.

        Raises SourceError where the first page holds no picture that can be found in it.
        """
        from facecorpus.crawl.sources.result_pages import page_urls, refusal, results

        seen: set[str] = set()
        for url in page_urls(self.name, f'"{identity.name}"'):
            answer = self._ask(url)
            tasks = results(self.name, answer)
            new = [task for task in tasks if task["file_url"] not in seen]
            if not tasks and not seen:
                if why := refusal(self.name, answer):
                    raise SourceError(
                        f"{self.name} refuses clients that are no browser ({why}), and this one says what it is; take"
                        f" {self.name} out of sources."
                    )
                raise self._unreadable(url, answer)
            for task in new:
                if task["file_url"] in seen:
                    continue
                yield Candidate(
                    identity_id=identity.identity_id,
                    source=self.name,
                    url=task["file_url"],
                    page_url=task.get("page_url", ""),
                    rank=len(seen),
                    title=task.get("title", ""),
                    found_by=f'search for "{identity.name}"',
                )
                seen.add(task["file_url"])
            if not new:
                return

    def requests(self, identity: Identity, wanted: int) -> int:
        """One a page."""
        return max(1, -(-wanted // _PAGE))

    def _ask(self, url: str) -> Answer:
        parts = urlsplit(url)
        address = f"{self._home}{parts.path}?{parts.query}"
        try:
            return self._fetcher.ask(address, {}, lambda answer: answer, obey_robots=self._obey_robots)
        except SourceError as error:
            if "robots.txt disallows" not in str(error):
                raise
            raise SourceError(
                f"{self.hosts[0]} asks crawlers in its robots.txt not to read pages of results, and that is obeyed. If"
                f" you have its permission, set engines_despite_robots; else take {self.name} out of sources."
            ) from None

    def _unreadable(self, url: str, answer: Answer) -> SourceError:
        """The error for an answer without a picture; the answer is kept, for whoever mends the parser."""
        kept = self._kept_in / f"{self.name}-answer.html"
        write_atomically(kept, answer.content)
        kind = answer.headers.get("Content-Type", "of no stated type")
        return SourceError(
            f"{self.name} answered {len(answer.content)} bytes ({kind})"
            f" in which no picture was found: it refuses this crawler, or its pages have changed. The answer is kept in"
            f" {kept}; report it as an issue of facecorpus with that file, 'source {self.name}' and the address {url}."
        )
