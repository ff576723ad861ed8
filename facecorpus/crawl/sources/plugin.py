"""A source that another package brings: whatever it does, it is one source among others."""

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import replace

from facecorpus.crawl.fetch import Fetcher
from facecorpus.crawl.sources.source import Source
from facecorpus.errors import SourceError
from facecorpus.manifest import Identity
from facecorpus.records import Candidate
from facecorpus.settings import CrawlSettings
from facecorpus.system.plugins import SOURCES, blamed, made_by_plugin


class Plugin(Source):
    """Passes questions on to the source that a plugin makes of settings, fetcher and people.

    One that cannot be made, or that fails, answers each question with a SourceError which names it.
    """

    def __init__(self, name: str, crawl: CrawlSettings, fetcher: Fetcher, people: Sequence[Identity]) -> None:
        self.name = name
        self.hosts: tuple[str, ...] = ()
        self._broken: SourceError | None = None
        try:
            self._own: Source = made_by_plugin(SOURCES, name, SourceError, crawl, fetcher, people)
            with self._blamed():
                self.checks = bool(self._own.checks)
                self.hosts = tuple(map(str, self._own.hosts))
                self.warnings = tuple(map(str, self._own.warnings))
        except SourceError as error:
            self._broken = error

    def check(self, identity: Identity) -> bool | None:
        """As the plugin says."""
        with self._blamed():
            return self._own.check(identity)

    def candidates(self, identity: Identity) -> Iterator[Candidate]:
        """What the plugin proposes, numbered in its order."""
        with self._blamed():
            for rank, candidate in enumerate(self._own.candidates(identity)):
                if not isinstance(candidate, Candidate):
                    raise TypeError(f"it proposes a {type(candidate).__name__}, which is no Candidate")
                yield replace(candidate, rank=rank)

    def requests(self, identity: Identity, wanted: int) -> int:
        """As the plugin says."""
        with self._blamed():
            return int(self._own.requests(identity, wanted))

    def _blamed(self) -> AbstractContextManager[None]:
        if self._broken is not None:
            raise self._broken
        return blamed(SOURCES, self.name, SourceError)
