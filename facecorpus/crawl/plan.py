"""Whose photograph is fetched next, so that all subgroups fill evenly.

The catalog's queue is read a page at a time: a million waiting candidates take no more memory than a thousand.
"""

from collections import defaultdict, deque
from collections.abc import Sequence
from dataclasses import dataclass, field

from facecorpus.catalog.candidates import Candidates, Waiting
from facecorpus.crawl.quota import Quota

PAGE = 32  # candidates of one person at one host
_BEGINNING = (-1, -1)


@dataclass(slots=True)
class _Queue:
    """What of one person waits at one host."""

    read: deque[Waiting] = field(default_factory=deque)
    after: tuple[int, int] = _BEGINNING


class Plan:
    """Gives the waiting candidates host by host; with outcomes, those alone whose last try ended in one of them."""

    def __init__(self, candidates: Candidates, quota: Quota, outcomes: Sequence[str] = ()) -> None:
        self._candidates = candidates
        self._quota = quota
        self._outcomes = outcomes
        self._hosts: dict[str, dict[str, _Queue]] = defaultdict(dict)
        for host, identity_id in candidates.queues():
            self._hosts[host][identity_id] = _Queue()

    def hosts(self) -> list[str]:
        """Where something waits."""
        return list(self._hosts)

    def next(self, host: str) -> Waiting | None:
        """The candidate to be fetched next from a host, counted as under way; None where none is wanted now."""
        queues = self._hosts.get(host, {})
        while (identity_id := self._quota.first(queues)) is not None:
            waiting = self._pop(host, identity_id, queues[identity_id])
            if waiting is None:
                del queues[identity_id]
            elif self._candidates.is_waiting(waiting.candidate_id):
                self._quota.add(identity_id)
                return waiting
        return None

    def not_stored(self, waiting: Waiting) -> None:
        """Take back that a candidate was counted: it brought no photograph."""
        self._quota.add(waiting.candidate.identity_id, -1)

    def has_more(self, host: str) -> bool:
        """Whether a host holds candidates that wait only because their person has enough, those under way counted."""
        return bool(self._hosts.get(host))

    def close(self, host: str) -> None:
        """Give nothing more of a host."""
        self._hosts.pop(host, None)

    def _pop(self, host: str, identity_id: str, queue: _Queue) -> Waiting | None:
        if not queue.read:
            queue.read.extend(self._candidates.page(host, identity_id, queue.after, PAGE, self._outcomes))
            if not queue.read:
                return None
            queue.after = queue.read[-1].place
        return queue.read.popleft()
