"""Several GPUs or machines: one process each, started by torchrun, all training the same network.

Process 0 leads: it runs the experiment as a single process would, and hands each network to the others before it
trains it with them. The processes share the run folder, over a network file system where they are on several machines.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from types import TracebackType

from training.job import Job
from training.learn.world import World, use_deterministic
from training.machine.progress import Board
from training.machine.work import do
from training.plan.jobs import NetworkJob


def follow(world: World, deterministic: bool) -> None:
    """Take part in every network that process 0 trains, until it has no more."""
    use_deterministic(deterministic)
    job: NetworkJob | None
    while (job := world.agree(None)) is not None:
        do(job)
    world.leave()


class Team:
    """The processes of torchrun where a single one has `Workers`: one job at a time, networks by all together."""

    count = 1

    def __init__(self, world: World, deterministic: bool) -> None:
        self.world = world
        use_deterministic(deterministic)

    def __enter__(self) -> Team:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is None:  # else this process ends with an error, and torchrun ends the others
            self.world.agree(None)
            self.world.leave()

    def run(self, jobs: Sequence[Job], board: Board) -> None:
        """Do all jobs that are not done yet."""
        for job in jobs:
            if job.done.is_file():
                board.finish(job.name, found_done=True)
                continue
            board.start(job.name)
            if isinstance(job, NetworkJob):
                self.world.agree(job)
            do(job, partial(board.update, job.name))
            board.finish(job.name, stopped=not job.done.is_file())
