"""Threads in lanes: so many for each host, so that a slow or pausing host holds up no other."""

import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from queue import SimpleQueue
from typing import Generic, TypeVar

Job = TypeVar("Job")
Result = TypeVar("Result")

MOST_LANES = 64


@dataclass(slots=True)
class _Host(Generic[Job]):
    queue: deque[Job] = field(default_factory=deque)
    lanes: int = 0  # that work here, or are about to


class Lanes(Generic[Job, Result]):
    """Runs work(job) for the jobs of every host in their order, at_once(host) of one host at a time.

    One thread submits jobs and takes the results as they come. What work raises is raised there; results that came
    before it are given by the next call.
    """

    def __init__(self, work: Callable[[Job], Result], at_once: Callable[[str], int]) -> None:
        self._work = work
        self._at_once = at_once
        self._hosts: dict[str, _Host[Job]] = {}
        self._lock = threading.Lock()
        self._places: SimpleQueue[str | None] = SimpleQueue()  # hosts that a thread shall turn to
        self._results: SimpleQueue[Result | BaseException] = SimpleQueue()
        self._come: list[Result] = []  # taken off the queue, and not given yet
        self._under_way = 0  # submitted, and not taken as a result
        self._threads = 0

    def submit(self, host: str, job: Job) -> None:
        """Have a job done in a lane of that host."""
        with self._lock:
            state = self._hosts.setdefault(host, _Host())
            state.queue.append(job)
            self._under_way += 1
            if state.lanes >= self._at_once(host):
                return
            state.lanes += 1
        self._places.put(host)
        if self._threads < min(MOST_LANES, self._under_way):
            self._threads += 1
            # A daemon: a program that is told to end does not wait for a server.
            threading.Thread(target=self._lane, daemon=True).start()

    def waiting(self, host: str) -> int:
        """How many jobs of a host have not been begun."""
        state = self._hosts.get(host)
        return len(state.queue) if state else 0

    def results(self) -> list[Result]:
        """Wait for a result, and take all that have come; empty when nothing is under way."""
        while self._under_way and (not self._come or not self._results.empty()):
            result = self._results.get()
            if isinstance(result, KeyboardInterrupt):
                raise result  # of no job
            self._under_way -= 1
            if isinstance(result, BaseException):
                raise result
            self._come.append(result)
        come, self._come = self._come, []
        return come

    def drop(self, host: str) -> list[Job]:
        """Take back a host's jobs that have not been begun."""
        with self._lock:
            state = self._hosts.pop(host, None)
            dropped = list(state.queue) if state else []
            if state:
                state.queue.clear()
            self._under_way -= len(dropped)
        return dropped

    def stop(self) -> None:
        """Begin no further job; those under way go on to their end, and results gives what becomes of them."""
        for host in tuple(self._hosts):
            self.drop(host)

    def interrupt(self) -> None:
        """Have results raise KeyboardInterrupt; a signal's handler may call it."""
        self._results.put(KeyboardInterrupt())

    def close(self) -> None:
        """Send the threads home."""
        for _ in range(self._threads):
            self._places.put(None)

    def _lane(self) -> None:
        while (host := self._places.get()) is not None:
            state = self._hosts.get(host)
            while state is not None:
                with self._lock:
                    if not state.queue:
                        state.lanes -= 1
                        break
                    job = state.queue.popleft()
                try:
                    self._results.put(self._work(job))
                except BaseException as error:
                    self._results.put(error)
