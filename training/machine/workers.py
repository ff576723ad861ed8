"""Worker processes: each takes one job after another, on one thread."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import traceback
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from multiprocessing import connection, get_context
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from types import ModuleType, TracebackType

from training.errors import TrainingError
from training.job import Job, Progress
from training.learn.world import use_deterministic
from training.machine.memory import keep_freed_memory
from training.machine.progress import Board
from training.machine.work import do


@dataclass(frozen=True)
class _Failed:
    """Why a job failed: a sentence for the user, or the trace of a mistake in this program."""

    sentence: str
    trace: str = ""


@dataclass
class _Worker:
    process: BaseProcess
    pipe: Connection
    job: Job | None = None


class Workers:
    """A number of worker processes, for a `with` block; they end with it, and when the parent is killed."""

    def __init__(self, count: int, deterministic: bool = False) -> None:
        self.count = count
        self.deterministic = deterministic
        self.workers: list[_Worker] = []

    def __enter__(self) -> Workers:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for worker in self.workers:
            worker.process.terminate()
        for worker in self.workers:
            worker.process.join()
            worker.pipe.close()

    def run(self, jobs: Sequence[Job], board: Board) -> None:
        """Do all jobs that are not done yet; raises TrainingError with the sentence of the first that fails.

        A job whose time was up stops at a checkpoint and is not done then.
        """
        waiting = []
        for job in jobs:
            if job.done.is_file():
                board.finish(job.name, found_done=True)
            else:
                waiting.append(job)
        while len(self.workers) < min(self.count, len(waiting)):
            self.workers.append(_start(self.deterministic))
        waiting.reverse()
        while True:
            for worker in self.workers:
                if worker.job is None and waiting:
                    worker.job = waiting.pop()
                    worker.pipe.send(worker.job)
                    board.start(worker.job.name)
            busy = {worker.pipe: worker for worker in self.workers if worker.job}
            if not busy:
                return
            for pipe in connection.wait(list(busy)):
                _hear(busy[pipe], board)  # type: ignore[index]


def _start(deterministic: bool) -> _Worker:
    context = get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=_work, args=(theirs, deterministic), daemon=True)
    with _without_main():
        process.start()
    theirs.close()  # so that the end of the worker is heard as the end of the pipe
    return _Worker(process, ours)


@contextlib.contextmanager
def _without_main() -> Iterator[None]:
    """While a process is spawned: let it import what it works with, but not the script that asks for the work."""
    main = sys.modules["__main__"]
    sys.modules["__main__"] = ModuleType("__main__")
    try:
        yield
    finally:
        sys.modules["__main__"] = main


def _hear(worker: _Worker, board: Board) -> None:
    assert worker.job is not None
    try:
        message = worker.pipe.recv()
    except (EOFError, ConnectionResetError):
        worker.process.join()
        raise TrainingError(
            f"The worker of {worker.job.name} was ended from outside (exit code {worker.process.exitcode}), perhaps "
            "for want of memory: run again to go on from its last checkpoint, with fewer workers if it happens again."
        ) from None
    if isinstance(message, Progress):
        board.update(worker.job.name, message)
    elif isinstance(message, _Failed):
        if message.trace:
            raise RuntimeError(f"{worker.job.name} failed in its worker:\n{message.trace}")
        raise TrainingError(message.sentence)
    else:
        board.finish(worker.job.name, stopped=not worker.job.done.is_file())
        worker.job = None


def _work(pipe: Connection, deterministic: bool) -> None:
    """The life of a worker: receive a job, do it, send progress and how it ended; a dead parent is a broken pipe."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the parent, which ends its workers
    os.environ["OMP_NUM_THREADS"] = "1"  # before torch is imported, or it makes threads that only wait
    import torch

    keep_freed_memory()
    torch.set_num_threads(1)
    use_deterministic(deterministic)
    with contextlib.suppress(EOFError, BrokenPipeError, ConnectionResetError):
        while True:
            job: Job = pipe.recv()
            try:
                do(job, pipe.send)
                pipe.send(None)
            except (BrokenPipeError, ConnectionResetError):
                raise
            except TrainingError as error:
                pipe.send(_Failed(str(error)))
            except Exception:
                pipe.send(_Failed("", traceback.format_exc()))
