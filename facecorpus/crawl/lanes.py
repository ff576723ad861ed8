"""Threads in lanes: so many for each host, so that a slow or pausing host holds up no other."""

import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from queue import SimpleQueue
from typing import Generic, TypeVar

Job = TypeVar("Job")
Result = TypeVar("Result")

MOST_LANES = 64


class Lanes(Generic[Job, Result]):
    """Runs work(job) for the jobs of every host in their order, at_once of one host at a time.

    Iterating gives the results as they come, in the iterating thread, and ends when all lanes have. work returns
    None to leave its job, and all further jobs of its host, undone. What work raises is raised here.
    """

    def __init__(self, jobs: Mapping[str, Iterable[Job]], work: Callable[[Job], Result | None], at_once: int) -> None:
        self._work = work
        self._queues = {host: deque(of_host) for host, of_host in jobs.items()}
        self._places = deque(host for _ in range(at_once) for host in self._queues)
        self._results: SimpleQueue[Result | BaseException | None] = SimpleQueue()
        self._running = min(MOST_LANES, len(self._places))
        # Daemons: a program that is told to end does not wait for a server.
        self._threads = [threading.Thread(target=self._lane, daemon=True) for _ in range(self._running)]

    def __iter__(self) -> Iterator[Result]:
        """Start the lanes where that has not been done; may be called again after an interruption."""
        for thread in self._threads:
            if thread.ident is None:
                thread.start()
        while self._running:
            result = self._results.get()
            if result is None:
                self._running -= 1
            elif isinstance(result, BaseException):
                raise result
            else:
                yield result

    def stop(self) -> None:
        """Begin no further job; those under way go on to their end."""
        self._places.clear()
        for queue in self._queues.values():
            queue.clear()

    def _lane(self) -> None:
        try:
            # A pop, unlike a look and a pop, is one step that no other thread can divide.
            while (host := _pop(self._places)) is not None:
                while (job := _pop(self._queues[host])) is not None:
                    result = self._work(job)
                    if result is None:
                        self._queues[host].clear()
                    else:
                        self._results.put(result)
        except BaseException as error:
            self._results.put(error)
        finally:
            self._results.put(None)


Item = TypeVar("Item")


def _pop(items: deque[Item]) -> Item | None:
    try:
        return items.popleft()
    except IndexError:
        return None
