"""`crawl --check`: asks each source for one person and one picture, and says what came and what was understood.

It is what to run first, and what to paste into a report. It asks as politely as a crawl does, and the corpus stays as
it is; only an engine's answer that cannot be read is kept beside it, as ever.
"""

import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from itertools import islice
from pathlib import Path

from facecorpus.corpus import Corpus
from facecorpus.crawl.answer import Answer
from facecorpus.crawl.dry_run import dry_run
from facecorpus.crawl.fetch import Fetcher
from facecorpus.crawl.polite import HostResting
from facecorpus.crawl.reach import may_ask
from facecorpus.crawl.recording import INDEX, Recorder
from facecorpus.crawl.sources import NoPhotographs, Source, open_source, proposals, understood
from facecorpus.crawl.sources.local import read_here
from facecorpus.crawl.wikidata import named
from facecorpus.errors import SourceError
from facecorpus.licences import terms_of
from facecorpus.manifest import Identity
from facecorpus.pictures import picture_size
from facecorpus.records import Candidate
from facecorpus.system.console import duration
from facecorpus.words import Outcome

SAMPLE = 10
"""Pictures that a source is asked to propose."""

_PATIENCE = 1.0  # minutes that a busy service is waited for: a check shall end soon
_PRECISIONS = {4: "year", 7: "month", 10: "day"}


@dataclass(frozen=True, slots=True)
class Checked:
    """What one source said of one person. Counts are of the pictures that came."""

    source: str
    person: str = ""
    asked: int = 0  # requests, robots.txt and the like included
    came: int = 0
    licences: int = 0  # that are understood
    authors: int = 0
    dates: dict[str, int] = field(default_factory=dict)  # by precision: day, month, year, span
    picture: str = ""  # of the one that was fetched: width, height and bytes; '' where none was
    seconds: float = 0.0
    refused: str = ""  # why something is missing; '' where nothing is

    @property
    def row(self) -> tuple[str, ...]:
        """The cells of a table."""
        of = f" of {self.came}"
        dates = ", ".join(f"{count} {name}" for name, count in self.dates.items())
        known = (f"{self.licences}{of}", f"{self.authors}{of}", dates or "none") if self.came else ("", "", "")
        return self.source, self.person, str(self.asked), str(self.came), *known, self.picture


@dataclass(frozen=True, slots=True)
class CheckSummary:
    """Every configured source, and how long the whole crawl will take."""

    sources: tuple[Checked, ...]
    requests: int  # of the whole crawl, about, without the pictures
    pictures: int  # of the whole crawl, at most
    seconds: float  # of the whole crawl, about
    recorded: str  # the folder that holds what was answered; '' where nothing was to be kept

    @property
    def refused(self) -> bool:
        """Whether something is missing at any source."""
        return any(one.refused for one in self.sources)

    def __str__(self) -> str:
        """A table and the sentences under it."""
        head = ("source", "person", "asked", "came", "licence", "author", "date", "picture")
        rows = [head, *(one.row for one in self.sources)]
        widths = [max(len(row[column]) for row in rows) for column in range(len(head))]
        lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
        lines += [f"{one.source}: {one.refused}" for one in self.sources if one.refused]
        lines.append(
            f"The whole crawl: about {duration(self.seconds)}, with {self.requests} questions to the sources and"
            f" {self.pictures} pictures at most."
        )
        if self.recorded:
            lines.append(f"What was answered is kept in {self.recorded}; {INDEX} there says what is what.")
        return "\n".join(lines)


def check_sources(corpus: Corpus, record: Path | None = None) -> CheckSummary:
    """Ask each source that the settings name for a few pictures of one person, and fetch one.

    With `record` all that is answered is kept in that folder, keys and tokens removed. Raises SourceError where the
    folder cannot be used, or no source is named; what a source refuses is part of the answer.
    """
    settings = corpus.settings
    if not settings.crawl.sources:
        raise SourceError("sources in [crawl] of corpus.toml names no source to check; name one, like commons.")
    patience = min(_PATIENCE, settings.fetch.patience_minutes)
    settings = replace(settings, fetch=replace(settings.fetch, patience_minutes=patience))
    count = _Count(Recorder(record, [settings.crawl.contact]) if record else None)
    with Fetcher(settings, watch=count) as fetcher:
        check = _Check(corpus, fetcher, count)
        checked = [check.of(name) for name in settings.crawl.sources]
    plan = dry_run(corpus, but=[one.source for one in checked if not one.came])
    pictures = plan.to_come + sum(plan.waiting.values())
    asking = sum(one.seconds for one in plan.sources)
    return CheckSummary(
        sources=tuple(checked),
        requests=sum(one.requests for one in plan.sources),
        pictures=pictures,
        seconds=max(plan.seconds, asking + pictures * check.slowest / settings.fetch.per_host),
        recorded=str(record or ""),
    )


class _Count:
    """Counts the answers, and passes them on."""

    def __init__(self, recorder: Recorder | None) -> None:
        self.answers = 0
        self._recorder = recorder

    def __call__(self, url: str, answer: Answer) -> None:
        self.answers += 1
        if self._recorder is not None:
            self._recorder(url, answer)


class _Check:
    """Asks one source after the other."""

    def __init__(self, corpus: Corpus, fetcher: Fetcher, count: _Count) -> None:
        self.slowest = 0.0  # seconds that one request for a picture took
        self._corpus = corpus
        self._fetcher = fetcher
        self._count = count

    def of(self, name: str) -> Checked:
        """What became of one source."""
        before, begun = self._count.answers, time.monotonic()
        found = self._ask(name)
        return replace(found, asked=self._count.answers - before, seconds=time.monotonic() - begun)

    def _ask(self, name: str) -> Checked:
        person = refused = ""
        try:
            source = open_source(name, self._corpus, self._fetcher)
            may_ask(self._corpus.settings, [source.hosts])
            for identity in _whom(source, self._corpus.manifest.identities):
                person = identity.name
                with understood(name):
                    source.check(identity)
                try:
                    return self._described(source, identity, list(islice(proposals(source, identity), SAMPLE)))
                except NoPhotographs as nothing:
                    refused = str(nothing)
        except SourceError as error:
            refused = str(error)
        return Checked(name, person, refused=refused)

    def _described(self, source: Source, identity: Identity, candidates: Sequence[Candidate]) -> Checked:
        picture, refused = self._fetch(candidates[0])
        dates = Counter(_precision(one.taken_on) for one in candidates if one.taken_on)
        return Checked(
            source.name,
            identity.name,
            came=len(candidates),
            licences=sum(terms_of(one.licence, one.licence_url) is not None for one in candidates),
            authors=sum(one.author != "" for one in candidates),
            dates=dict(dates.most_common()),
            picture=picture,
            refused=refused,
        )

    def _fetch(self, candidate: Candidate) -> tuple[str, str]:
        """What a picture is, and why it is not here where it is not."""
        before, begun = self._count.answers, time.monotonic()
        try:
            here = read_here(candidate, self._corpus.settings.fetch)
            fetched = here or self._fetcher.fetch_in_tries(candidate.url)[-1]
        except HostResting as resting:
            return "", f"{candidate.url} was not asked for: {resting.reason}."
        if answers := self._count.answers - before:
            self.slowest = max(self.slowest, (time.monotonic() - begun) / answers)
        download = fetched.download
        if fetched.data is None or download.outcome is not Outcome.STORED:
            return "", f"{candidate.url} brought no picture: {download.outcome.replace('_', ' ')}, {download.detail}."
        width, height = picture_size(fetched.data)
        return f"{width} × {height}, {download.bytes / 1000:.1f} kB", ""


def _whom(source: Source, people: Sequence[Identity]) -> Sequence[Identity]:
    """Who is asked about: one person of the web's sources, the best named one; all, one by one, of a list or folder."""
    best = sorted(people, key=lambda who: not (named(who) and who.commons_category))
    return best[:1] if source.hosts else best


def _precision(taken_on: str | None) -> str:
    return "span" if "/" in (taken_on or "") else _PRECISIONS.get(len(taken_on or ""), "span")
