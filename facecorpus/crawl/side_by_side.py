"""A thread for each source, so that one that has to wait holds up no other.

The sources' threads know no catalog: what they have to say they give as notes, and those are acted upon in the one
thread that the catalog belongs to.
"""

import threading
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from queue import SimpleQueue

Note = Callable[[], None]
"""Something that a source's thread wants done where the catalog is."""


@dataclass(frozen=True, slots=True)
class _End:
    """Of a job; with what it raised, where it did."""

    error: BaseException | None = None


class SideBySide:
    """Runs jobs of several sources at once, those of one source one after the other, in their order.

    A job is iterated over in its source's thread. One thread submits jobs and takes the notes, as they come.
    """

    def __init__(self) -> None:
        self._jobs: dict[str, SimpleQueue[Iterable[Note] | None]] = {}
        self._said: SimpleQueue[Note | _End] = SimpleQueue()
        self._under_way = 0

    def submit(self, source: str, job: Iterable[Note]) -> None:
        """Have a job done after the others of that source."""
        if source not in self._jobs:
            self._jobs[source] = SimpleQueue()
            # A daemon: a program that is told to end does not wait for a server.
            threading.Thread(target=self._work, args=(self._jobs[source],), daemon=True).start()
        self._under_way += 1
        self._jobs[source].put(job)

    def notes(self) -> Iterator[Note]:
        """What the jobs have to say, until none is under way; what one raises is raised here."""
        while self._under_way:
            said = self._said.get()
            if not isinstance(said, _End):
                yield said
                continue
            self._under_way -= 1
            if said.error is not None:
                raise said.error

    def close(self) -> None:
        """Send the threads home."""
        for jobs in self._jobs.values():
            jobs.put(None)

    def _work(self, jobs: "SimpleQueue[Iterable[Note] | None]") -> None:
        while (job := jobs.get()) is not None:
            try:
                for note in job:
                    self._said.put(note)
                self._said.put(_End())
            except BaseException as error:
                self._said.put(_End(error))
