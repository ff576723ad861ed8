"""What a person sees while a stage runs: progress with rate and ETA on stderr, results on stdout."""

import os
import shlex
import shutil
import sys
import textwrap
import time
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path
from typing import TYPE_CHECKING

from facecorpus.system.escape import for_terminal, lines_for_terminal
from facecorpus.system.logfile import LOG

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

LINE_EVERY_SECONDS = 5.0
_WHILE = 60.0  # seconds that a rate is taken over
_SETTLED = 3.0  # seconds after the first item, before which no rate is told
TO_PASTE = "Next: "
"""How a line begins that holds a command."""


class Tracker:
    """Counts finished items of one stage; `note` says what is in hand."""

    def advance(self, items: int = 1, note: str = "") -> None:
        """Count items as done."""
        raise NotImplementedError


_stage: ContextVar[tuple[int, int] | None] = ContextVar("stage", default=None)


@contextmanager
def stage_of_path(number: int, of: int) -> Iterator[None]:
    """Inside of the block, progress says which stage of how many it is of."""
    token = _stage.set((number, of))
    try:
        yield
    finally:
        _stage.reset(token)


@contextmanager
def track(what: str, total: int | None, at_first: str = "") -> Iterator[Tracker]:
    """Show progress of `total` items (None: how many is not known beforehand).

    On a terminal one live bar; piped, a plain line every few seconds without control codes. `at_first` says what is
    done before the first item can be. How long it takes is said only once a rate can be seen.
    """
    begun = time.monotonic()
    LOG.info("%s: begun, %s", what, total)
    with _shown(what, total, at_first) as tracker:
        yield tracker
    LOG.info("%s: ended after %s", what, duration(time.monotonic() - begun))


@contextmanager
def _shown(what: str, total: int | None, at_first: str) -> Iterator[Tracker]:
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

    console = Console(stderr=True)
    if (stage := _stage.get()) is not None:
        what = f"{what} ({stage[0]} of {stage[1]})"
    if not console.is_terminal:
        lines = _Lines(what, total)
        if at_first and total:
            print(f"{what}: {at_first}", file=sys.stderr, flush=True)
        yield lines
        lines.end()
        return
    with Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[pace]}"),
        TextColumn("{task.fields[note]}", markup=False),  # a name may hold what looks like rich's markup
        console=console,
    ) as progress:
        yield _Bar(progress, progress.add_task(what, total=total, note=at_first, pace=""), _Pace(total))


class _Pace:
    """How fast items are finished, by those of the last while.

    The time before the first item is counted nowhere: workers load their models then. Nor is a rate told from the
    first few, which come as those workers happen to begin.
    """

    def __init__(self, total: int | None) -> None:
        self.done = 0
        self._total = total
        self._seen: deque[tuple[float, int]] = deque()

    def advance(self, items: int, now: float) -> None:
        """Count items at a time in seconds."""
        self.done += items
        self._seen.append((now, self.done))
        while now - self._seen[0][0] > _WHILE:
            self._seen.popleft()

    def words(self) -> tuple[str, ...]:
        """The rate and the time left, as far as they can be said."""
        if not self._seen:
            return ()
        (began, first), (now, last) = self._seen[0], self._seen[-1]
        if now - began < _SETTLED or last == first:
            return ()
        rate = (last - first) / (now - began)
        left = self._total - self.done if self._total is not None else 0
        return f"{rate:.1f}/s", *([f"{duration(left / rate)} left"] if left > 0 else [])


class _Bar(Tracker):
    def __init__(self, progress: "Progress", task: "TaskID", pace: _Pace) -> None:
        self._progress = progress
        self._task = task
        self._pace = pace

    def advance(self, items: int = 1, note: str = "") -> None:
        self._pace.advance(items, time.monotonic())
        pace = " ".join(self._pace.words())
        self._progress.update(self._task, advance=items, note=for_terminal(note), pace=pace)


class _Lines(Tracker):
    """Plain lines: "faces: 120 of 900 · 12.3/s · 1 min 3 s left"."""

    def __init__(self, what: str, total: int | None) -> None:
        self._what = what
        self._total = total
        self._pace = _Pace(total)
        self._begun = self._said = time.monotonic()

    def advance(self, items: int = 1, note: str = "") -> None:
        now = time.monotonic()
        self._pace.advance(items, now)
        if now - self._said >= LINE_EVERY_SECONDS:
            self._say(note)

    def end(self) -> None:
        """The closing line, where the stage took long enough to have said something."""
        if self._said != self._begun:
            self._say("")

    def _say(self, note: str) -> None:
        self._said = time.monotonic()
        done = f"{self._pace.done}" + (f" of {self._total}" if self._total is not None else "")
        parts = [done, *self._pace.words(), *[for_terminal(note)] * bool(note)]
        print(f"{self._what}: {' · '.join(parts)}", file=sys.stderr, flush=True)


def notice(sentence: str) -> None:
    """Tell a person something while a stage goes on, and the log; a live bar makes room for it."""
    LOG.info("%s", sentence)
    print(for_terminal(sentence), file=sys.stderr, flush=True)


def say(text: str) -> None:
    """Print what a person reads on stdout, wrapped at words on a terminal; a line to be pasted stays one line."""
    from rich.console import Console

    console = Console()
    for line in lines_for_terminal(text).split("\n"):
        whole = not console.is_terminal or line.startswith(TO_PASTE)
        print(line if whole else _wrapped(line, console.width), flush=True)


def _wrapped(line: str, width: int) -> str:
    """The line on several of that many characters, all but the first indented: none passes for a line to be pasted."""
    indent = " " * (len(line) - len(line.lstrip()) + 2)
    return textwrap.fill(line, width, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False)


def stopped(arguments: Sequence[str]) -> None:
    """Say after Ctrl-C that the same command goes on, with all that was typed."""
    notice("Stopped; what was done is kept, and the same command goes on.")
    notice(f"{TO_PASTE}{shlex.join([this_command(), *arguments])}")


def this_command() -> str:
    """What a person types to get this program: its name, or its path where the name leads nowhere."""
    called = Path(sys.argv[0])
    if shutil.which("facecorpus") or called.stem != "facecorpus" or not called.is_file():
        return "facecorpus"
    return os.path.relpath(called) if called.is_relative_to(Path.cwd()) else str(called)


def duration(seconds: float) -> str:
    """A length of time in words a person reads at a glance: "42 s", "3 min 5 s", "2 h 10 min"."""
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s"
    return f"{whole // 3600} h {whole % 3600 // 60} min"
