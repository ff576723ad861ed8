"""This machine's cores: worker processes that analyse photographs, and that may die without ending the run."""

import multiprocessing
import os
import signal
import threading
from collections import Counter, deque
from collections.abc import Generator, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from multiprocessing.connection import Connection, wait
from multiprocessing.context import SpawnProcess
from pathlib import Path

from facecorpus.engines.examine import describe_all, look
from facecorpus.errors import ModelError
from facecorpus.faces.records import Failure, PhotoAnalysis
from facecorpus.settings import FacesSettings
from facecorpus.system.cores import available_cores
from facecorpus.system.limits import OUT_OF_TIME, bind_this_process
from facecorpus.system.spawn import without_main

Task = tuple[str, Path]  # sha256, and the file with the bytes
Result = tuple[str, PhotoAnalysis | Failure]

_TOGETHER = 8  # photographs whose faces a worker describes at once
AHEAD = 2 * _TOGETHER  # photographs at one worker: those in hand, and the next ones, so that it never waits
_DEATHS = 2  # of workers over one photograph, after which it is given up
_STILLBORN = 3  # workers in a row that ended before they had loaded their models


def analyze_all(
    items: Iterable[Task], settings: FacesSettings, max_pixels: int, workers: int = 0
) -> Generator[Result, None, None]:
    """Analyse photographs (sha256, file) on worker processes; yield each one's result as it comes, in no fixed order.

    `workers` 0 means one per core. Items are taken only as workers become free. A picture that cannot be used gives
    a Failure, and so does one over which two workers have died; a dead worker is replaced. Raises ModelError where
    the workers cannot load their models. The workers end with this iterator, and with this process, however it ends.
    """
    crew = _Crew(items, settings, max_pixels, workers or available_cores())
    try:
        yield from crew.results()
    finally:
        crew.dismiss()


@dataclass(eq=False, slots=True)
class _Worker:
    process: SpawnProcess
    pipe: Connection
    tasks: deque[Task] = field(default_factory=deque)  # in the order of their results
    ready: bool = False
    looking_at: str | None = None  # sha256


@dataclass(frozen=True, slots=True)
class _Ready:
    """A worker's first message: its models are loaded, or the sentence why not."""

    problem: str | None = None


@dataclass(frozen=True, slots=True)
class _Looking:
    """Sent before each photograph, so that a worker's death is laid to the right one."""

    sha256: str


class _Crew:
    """The workers of one run, with the tasks that they have in hand."""

    def __init__(self, items: Iterable[Task], settings: FacesSettings, max_pixels: int, size: int) -> None:
        self._items = iter(items)
        self._arguments = (settings, max_pixels)
        self._size = size
        self._workers: list[_Worker] = []
        self._again: deque[Task] = deque()
        self._deaths: Counter[str] = Counter()
        self._stillborn = 0

    def results(self) -> Iterator[Result]:
        while self._hand_out():
            by_pipe = {worker.pipe: worker for worker in self._workers}
            for pipe in wait(list(by_pipe)):
                worker = by_pipe[pipe]  # type: ignore[index]  # wait() gives back what it was given
                try:
                    message = worker.pipe.recv()
                except (EOFError, OSError):
                    yield from self._bury(worker)
                    continue
                if isinstance(message, _Ready):
                    if message.problem:
                        raise ModelError(message.problem)
                    worker.ready, self._stillborn = True, 0
                elif isinstance(message, _Looking):
                    worker.looking_at = message.sha256
                else:
                    worker.tasks.popleft()
                    yield message

    def dismiss(self) -> None:
        """End all workers at once; they hold nothing that could be lost."""
        for worker in self._workers:
            worker.process.terminate()
        for worker in self._workers:
            worker.process.join()
            worker.pipe.close()

    def _hand_out(self) -> bool:
        """Give every worker tasks, the idle ones first; start workers while there is work. False: all is done."""
        for load in range(AHEAD):
            for worker in [worker for worker in self._workers if len(worker.tasks) == load]:
                self._give(worker)
            while load == 0 and len(self._workers) < self._size and all(worker.tasks for worker in self._workers):
                worker = _start(*self._arguments)
                self._workers.append(worker)
                if not self._give(worker):
                    break
        return any(worker.tasks for worker in self._workers)

    def _give(self, worker: _Worker) -> bool:
        task = self._again.popleft() if self._again else next(self._items, None)
        if task is None:
            return False
        worker.tasks.append(task)
        with suppress(OSError):  # it has died: reading from it will say so, and its tasks go to another
            worker.pipe.send(task)
        return True

    def _bury(self, worker: _Worker) -> Iterator[Result]:
        """Replace a dead worker; what it had in hand is tried once more, or given up."""
        self._workers.remove(worker)
        worker.process.join(10)
        worker.pipe.close()
        if not worker.ready:
            self._stillborn += 1
            if self._stillborn == _STILLBORN:
                raise ModelError(
                    f"{_STILLBORN} worker processes ended while they loaded the face models"
                    f" ({_cause(worker.process.exitcode)}); free memory, or set workers in [faces] lower."
                )
        elif worker.looking_at in (in_hand := [sha256 for sha256, _ in worker.tasks]):
            sha256 = worker.looking_at
            self._deaths[sha256] += 1
            if worker.process.exitcode == -OUT_OF_TIME:
                del worker.tasks[in_hand.index(sha256)]
                yield sha256, Failure(sha256, "The picture takes too long to decode; save it again.")
            elif self._deaths[sha256] == _DEATHS:
                del worker.tasks[in_hand.index(sha256)]
                yield (
                    sha256,
                    Failure(
                        sha256,
                        f"{_DEATHS} worker processes ended over this picture ({_cause(worker.process.exitcode)});"
                        " it may need more memory than there is.",
                        retry=True,
                    ),
                )
        self._again.extendleft(reversed(worker.tasks))


def _cause(exitcode: int | None) -> str:
    return f"signal {-exitcode}" if exitcode is not None and exitcode < 0 else f"exit code {exitcode}"


def _start(settings: FacesSettings, max_pixels: int) -> _Worker:
    # spawn, not fork: a forked copy of a process with threads (progress, OpenCV) may hang.
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=_work, args=(theirs, settings, max_pixels), name="faces", daemon=True)
    with without_main():
        process.start()
    theirs.close()  # so that reading ends when the worker does
    return _Worker(process, ours)


def _work(pipe: Connection, settings: FacesSettings, max_pixels: int) -> None:
    """A worker's life: load the models once, then answer each task with its result, until the pipe ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the parent, which ends its workers
    threading.Thread(target=_end_with_parent, daemon=True).start()
    # libjpeg and libtiff write their complaints straight to stderr, through the progress bar of the parent.
    os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
    try:
        import cv2
        import torch

        from facecorpus.faces.models import load_models

        cv2.setNumThreads(1)
        torch.set_num_threads(1)
        models = load_models(settings)
        bind_this_process()
    except Exception as error:
        pipe.send(_Ready(str(error)))
        return
    pipe.send(_Ready())
    while tasks := _next_tasks(pipe):
        looked = []
        for sha256, path in tasks:
            pipe.send(_Looking(sha256))
            looked.append(look(sha256, path.read_bytes, models, settings, max_pixels))
        for result in describe_all(looked, models):
            pipe.send((result.sha256, result))


def _next_tasks(pipe: Connection) -> list[Task]:
    """The tasks that have come, at least one and at most _TOGETHER; none where the pipe has ended."""
    tasks: list[Task] = []
    with suppress(EOFError):
        while not tasks or (len(tasks) < _TOGETHER and pipe.poll()):
            tasks.append(pipe.recv())
    return tasks


def _end_with_parent() -> None:
    """End this process when its parent does, also where the parent was killed and a picture is in hand."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        wait([parent.sentinel])
        os._exit(1)
