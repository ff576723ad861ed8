"""What to do next: one function of the state of a corpus, for the last line of every command."""

import shlex
import shutil
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain, count
from pathlib import Path

from facecorpus.build.choose import can_be_built
from facecorpus.catalog import Catalog
from facecorpus.corpus import Corpus
from facecorpus.crawl.dry_run import dry_run
from facecorpus.crawl.quota import Quota
from facecorpus.errors import FacecorpusError
from facecorpus.records import Tally
from facecorpus.shards import RECORD, recorded
from facecorpus.system.console import TO_PASTE, this_command

_LEAST_PEOPLE = 2  # that training can tell apart


@dataclass(frozen=True, slots=True)
class NextStep:
    """A command that can be pasted into a shell, and a sentence on what it rests on, or ''."""

    command: str
    why: str = ""

    def __str__(self) -> str:
        return f"{self.why}\n" * bool(self.why) + f"{TO_PASTE}{self.command}"


def next_step(corpus: Corpus, done: str = "") -> NextStep:
    """What brings the corpus on now; `done` is the command that has just come to its end, which is not named again.

    That a command came to its end is all that counts beside the state: a crawl may leave what no host gives, a review
    what nobody can tell.
    """
    with corpus.reading() as catalog:
        return next_step_by(corpus, catalog, done)


def next_step_by(corpus: Corpus, catalog: Catalog, done: str = "") -> NextStep:
    """The same by a catalog that is open."""
    return next(_State(corpus, catalog, done).steps())


def command_line(corpus: Path, *words: str) -> str:
    """A command of facecorpus for that corpus, quoted for a shell; inside of its folder the corpus is not named."""
    where = () if corpus.resolve() == Path.cwd() else ("-C", str(corpus))
    return shlex.join([this_command(), *words, *where])


class _State:
    def __init__(self, corpus: Corpus, catalog: Catalog, done: str) -> None:
        self._corpus = corpus
        self._catalog = catalog
        self._done = done
        self._tallies = catalog.identities.tallies(catalog.candidates.ended())
        self._total = Tally.sum("all", self._tallies)
        self._photos = catalog.photos.counts()

    def steps(self) -> Iterator[NextStep]:
        """All that can be done, what comes first first."""
        total, crawled = self._total, self._done in ("crawl", "fetch")
        yield from self._without_consent()
        if not crawled and not total.candidates:
            yield self._run("crawl", why=_before_crawl(self._corpus))
        if not crawled and self._untried():
            yield self._run("crawl")
        if self._photos["waiting"] or self._catalog.drawn.waiting():
            yield self._run("faces")
        if self._done == "calibrate" or self._catalog.faces.some_not_ranked():
            yield self._run("dedup")
        built = self._is_built()
        if built:
            yield from self._trained()
        waits = f"{_count(total.pending, 'face waits', 'faces wait')}." if total.pending else ""
        if total.pending and self._done != "review":
            yield self._run("review", why=waits)
        accepted = self._catalog.faces.accepted()
        if not built and can_be_built(accepted, self._corpus.manifest, self._corpus.settings):
            yield self._run("build", why=waits)
        if total.pending:
            yield self._run("review", why=waits)
        yield self._dead_end()

    def _without_consent(self) -> Iterator[NextStep]:
        """Taking back those of whom something is kept although their consent has ended."""
        kept = {tally.name for tally in self._tallies if tally.photographs or tally.waiting}
        for who in self._corpus.manifest.identities:
            if who.consent.ended and who.identity_id in kept:
                why = f"{who.name}: {who.consent.basis} {who.consent.ended}."
                yield self._run("forget", "--identity", who.identity_id, why=why)

    def _run(self, *words: str, why: str = "") -> NextStep:
        return NextStep(command_line(self._corpus.root, *words), why)

    def _untried(self) -> bool:
        """Whether a crawl would fetch what no run has tried; what failed and may pass holds nobody up."""
        quota = Quota(
            self._corpus.manifest.identities,
            self._corpus.settings.fetch,
            {tally.name: tally.photographs for tally in self._tallies},
        )
        return not all(map(quota.is_full, self._catalog.candidates.count_waiting(("",))))

    def _is_built(self) -> bool:
        """Whether the shards were built from all that has come in."""
        built = self._corpus.shards / RECORD
        return built.exists() and self._catalog.identities.last_input() <= self._corpus.shards.stat().st_mtime

    def _trained(self) -> Iterator[NextStep]:
        """The way on from shards."""
        from training import RunFolder

        record = self._corpus.shards / RECORD
        pages = [page for run in self._corpus.run_folders() if (page := RunFolder(run).page).is_file()]
        newest = max(pages, key=lambda page: page.stat().st_mtime, default=None)
        undecided = self._total.pending
        left = f"{_count(undecided, 'face is', 'faces are')} left undecided." if undecided else ""
        if newest is not None and newest.stat().st_mtime > record.stat().st_mtime:
            yield NextStep(opening(newest), left)
        elif recorded(self._corpus.shards).get("counts", {}).get("identities", 0) >= _LEAST_PEOPLE:
            yield self._run("train-all", *self._training(), why=left)

    def _training(self) -> list[str]:
        """The options of train-all: those of a run that was stopped, or a new name where the usual one is taken."""
        from training import RunFolder, goes_on_with

        usual = "paper"
        for run in self._corpus.run_folders():
            if (options := goes_on_with(run, self._corpus.shards)) is not None:
                name = {} if run.name == usual else {"name": run.name}
                words = {**options, **name}
                return [
                    word
                    for key, value in words.items()
                    for word in (f"--{key}", *([] if value is True else [str(value)]))
                ]
        names = chain([usual], (f"{usual}-{number}" for number in count(2)))
        free = next(name for name in names if not RunFolder(self._corpus.runs / name).settings.exists())
        return [] if free == usual else ["--name", free]

    def _dead_end(self) -> NextStep:
        """Nothing is left but to change something: what, and the command that then goes on."""
        total, settings, people = self._total, self._corpus.root / "corpus.toml", self._corpus.root / "manifest.csv"
        if self._is_built():
            return self._run("crawl", why=f"The shards hold one person, training needs two: add people to {people}.")
        if total.accepted:
            why = f"No accepted face may enter a build: look at the years in {people} and at licences in {settings}."
            return self._run("review", why=why)
        if total.faces:
            return self._run("review", why="Every face is rejected.")
        if self._photos["photographs"]:
            seen = _count(self._photos["photographs"], "photograph shows", "photographs show")
            why = f"{seen} nobody's face: add people to {people}, or sources to {settings}."
        elif total.candidates:
            why = f"No photograph could be fetched: {command_line(self._corpus.root, 'status')} says why."
        else:
            why = f"No source proposed a photograph: look at the names in {people}, and at sources in {settings}."
        return self._run("crawl", why=why)


def opening(page: Path) -> str:
    """The command that opens a page on this system."""
    if sys.platform == "win32":
        return f'start "" "{page}"'
    opener = "open" if sys.platform == "darwin" else "xdg-open"
    if shutil.which(opener):
        return shlex.join([opener, str(page)])
    return shlex.join(["python3", "-m", "webbrowser", page.absolute().as_uri()])


def _before_crawl(corpus: Corpus) -> str:
    """What must be set before anything can be asked."""
    try:
        return dry_run(corpus).missing
    except FacecorpusError as error:
        return str(error)


def _count(number: int, one: str, many: str) -> str:
    return f"{number:,} {one if number == 1 else many}"
