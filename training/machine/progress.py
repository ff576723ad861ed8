"""What the screen shows while a run works: a live table on a terminal, a line now and then in a pipe."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from types import TracebackType

from rich.console import Console
from rich.live import Live
from rich.table import Table

from training.job import Progress
from training.machine.budget import duration

_LINE_EVERY = 10.0  # seconds between two lines in a pipe


@dataclass
class _Row:
    steps: int
    state: str = "waits"
    first: int = 0
    started: float = 0.0
    last: Progress | None = None
    rate: float = 0.0

    @property
    def step(self) -> int:
        return self.last.step if self.last else 0

    @property
    def eta(self) -> float | None:
        return (self.steps - self.step) / self.rate if self.rate and self.state == "works" else None


class Board:
    """Progress of several jobs side by side; rates are steps a second since this program took the job up."""

    def __init__(self, console: Console, title: str, jobs: Sequence[tuple[str, int]], unit: str = "steps") -> None:
        self.console = console
        self.title = title
        self.unit = unit
        self.rows = {name: _Row(steps) for name, steps in jobs}
        self.started = time.monotonic()
        self.spoke = self.started
        self.live = Live(console=console, auto_refresh=False, transient=False) if console.is_terminal else None

    def __enter__(self) -> Board:
        if self.live:
            self.live.start()
        else:
            self._line(f"{self.title}: {len(self.rows)} to do")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.live:
            self.live.update(self._table(), refresh=True)
            self.live.stop()
        elif kind is None:
            self._line(f"{self.title}: done in {duration(time.monotonic() - self.started)}")

    def start(self, name: str) -> None:
        """A worker took the job up."""
        row = self.rows[name]
        row.state, row.started = "works", time.monotonic()

    def update(self, name: str, progress: Progress) -> None:
        """The job has come further."""
        row = self.rows[name]
        now = time.monotonic()
        if row.last is None:
            # The first report after a resume tells where the job stands; the rate counts from there.
            row.first, row.started = progress.step, now
        row.last = progress
        if now > row.started:
            row.rate = (progress.step - row.first) / (now - row.started)
        self._show(now)

    def finish(self, name: str, found_done: bool = False, stopped: bool = False) -> None:
        """The job is finished, now or by an earlier run; or it stopped at a checkpoint because its time was up."""
        row = self.rows[name]
        row.state = "was done" if found_done else ("stopped" if stopped else "done")
        if found_done:
            row.last = Progress(row.steps, row.steps)
        if self.live:
            self.live.update(self._table(), refresh=True)
        elif not found_done:
            self._line(self._sentence(name, row))

    def _show(self, now: float) -> None:
        if self.live:
            self.live.update(self._table(), refresh=True)
        elif now - self.spoke >= _LINE_EVERY:
            self.spoke = now
            working = [self._sentence(name, row) for name, row in self.rows.items() if row.state == "works"]
            self._line(" · ".join([*working, self._summary()]))

    def _sentence(self, name: str, row: _Row) -> str:
        parts = [f"{name} {row.step}/{row.steps}"]
        if row.last and row.last.loss is not None:
            parts.append(f"loss {row.last.loss:.3f}")
        if row.last and row.last.accuracy is not None:
            parts.append(f"accuracy {row.last.accuracy:.1%}")
        parts.append(f"{row.rate:.1f}/s" if row.state == "works" else row.state)
        return " ".join(parts)

    def _summary(self) -> str:
        done = sum(row.state in ("done", "was done") for row in self.rows.values())
        text = f"{done} of {len(self.rows)} done"
        rates = [row.rate for row in self.rows.values() if row.state == "works" and row.rate]
        if rates:
            left = sum(row.steps - row.step for row in self.rows.values() if row.state in ("works", "waits"))
            text += f", about {duration(left / sum(rates))} left"
        return text

    def _table(self) -> Table:
        table = Table(title=self.title, caption=self._summary(), title_justify="left", caption_justify="left")
        for heading in ("", self.unit, "loss", "test accuracy", f"{self.unit}/s", "left"):
            table.add_column(heading, justify="left" if not heading else "right")
        for name, row in self.rows.items():
            loss = f"{row.last.loss:.3f}" if row.last and row.last.loss is not None else ""
            accuracy = f"{row.last.accuracy:.1%}" if row.last and row.last.accuracy is not None else ""
            left = duration(row.eta) if row.eta is not None else ("" if row.state == "works" else row.state)
            table.add_row(name, f"{row.step}/{row.steps}", loss, accuracy, f"{row.rate:.1f}" if row.rate else "", left)
        return table

    def _line(self, text: str) -> None:
        self.console.print(text, soft_wrap=True, highlight=False, markup=False)
