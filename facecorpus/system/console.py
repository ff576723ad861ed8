"""What a person sees while a stage runs: progress with rate and ETA on stderr, results on stdout."""

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, ProgressColumn, Task, TextColumn, TimeRemainingColumn
from rich.text import Text

from facecorpus.system.escape import for_terminal
from facecorpus.system.logfile import LOG

LINE_EVERY_SECONDS = 5.0


class Tracker:
    """Counts finished items of one stage; `note` says what is in hand."""

    def advance(self, items: int = 1, note: str = "") -> None:
        """Count items as done."""
        raise NotImplementedError


@contextmanager
def track(what: str, total: int | None) -> Iterator[Tracker]:
    """Show progress of `total` items (None: how many is not known beforehand).

    On a terminal one live bar; piped, a plain line every few seconds without control codes.
    """
    begun = time.monotonic()
    LOG.info("%s: begun, %s", what, total)
    with _shown(what, total) as tracker:
        yield tracker
    LOG.info("%s: ended after %s", what, duration(time.monotonic() - begun))


@contextmanager
def _shown(what: str, total: int | None) -> Iterator[Tracker]:
    console = Console(stderr=True)
    if not console.is_terminal:
        lines = _Lines(what, total)
        yield lines
        lines.end()
        return
    with Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        _Rate(),
        TimeRemainingColumn(),
        TextColumn("{task.fields[note]}", markup=False),  # a name may hold what looks like rich's markup
        console=console,
    ) as progress:
        yield _Bar(progress, progress.add_task(what, total=total, note=""))


class _Bar(Tracker):
    def __init__(self, progress: Progress, task: "int") -> None:
        self._progress = progress
        self._task = progress.task_ids[task]

    def advance(self, items: int = 1, note: str = "") -> None:
        self._progress.update(self._task, advance=items, note=for_terminal(note))


class _Lines(Tracker):
    """Plain lines: "faces: 120 of 900 · 12.3/s · 1 min 3 s left"."""

    def __init__(self, what: str, total: int | None) -> None:
        self._what = what
        self._total = total
        self._done = 0
        self._begun = self._said = time.monotonic()

    def advance(self, items: int = 1, note: str = "") -> None:
        self._done += items
        if time.monotonic() - self._said >= LINE_EVERY_SECONDS:
            self._say(note)

    def end(self) -> None:
        """The closing line, where the stage took long enough to have said something."""
        if self._said != self._begun:
            self._say("")

    def _say(self, note: str) -> None:
        self._said = time.monotonic()
        rate = self._done / max(self._said - self._begun, 1e-9)
        parts = [f"{self._done}" + (f" of {self._total}" if self._total is not None else ""), f"{rate:.1f}/s"]
        if self._total is not None and self._done < self._total and rate > 0:
            parts.append(f"{duration((self._total - self._done) / rate)} left")
        print(f"{self._what}: {' · '.join(parts + [for_terminal(note)] * bool(note))}", file=sys.stderr, flush=True)


class _Rate(ProgressColumn):
    def render(self, task: Task) -> Text:
        """Items a second."""
        return Text(f"{task.speed:.1f}/s" if task.speed else "", style="progress.data.speed")


def notice(sentence: str) -> None:
    """Tell a person something while a stage goes on, and the log; a live bar makes room for it."""
    LOG.info("%s", sentence)
    print(for_terminal(sentence), file=sys.stderr, flush=True)


def duration(seconds: float) -> str:
    """A length of time in words a person reads at a glance: "42 s", "3 min 5 s", "2 h 10 min"."""
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s"
    return f"{whole // 3600} h {whole % 3600 // 60} min"
