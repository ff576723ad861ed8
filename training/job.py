"""What every piece of work has, whoever does it: a name, a length, a file that tells it is done, and progress."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol


@dataclass(frozen=True)
class Progress:
    """How far a job is; loss and accuracy are None until measured."""

    step: int
    steps: int
    loss: float | None = None
    accuracy: float | None = None


Report = Callable[[Progress], None]


class Job(Protocol):
    """A piece of work as plain data; `machine/work.py` says who does it."""

    @property
    def name(self) -> str: ...
    @property
    def steps(self) -> int: ...
    @property
    def done(self) -> Path:
        """The file whose presence tells that this job is finished."""
