"""When enough is enough, for a person and for a subgroup."""

import math
from collections import Counter
from collections.abc import Iterable, Sequence

from facecorpus.manifest import Identity
from facecorpus.settings import FetchSettings


class Quota:
    """Counts each person's and each subgroup's photographs, those under way included, against what is enough."""

    def __init__(self, people: Sequence[Identity], settings: FetchSettings, stored: dict[str, int]) -> None:
        self._person_enough = settings.enough_per_identity or math.inf
        self._group_enough = settings.enough_per_subgroup or math.inf
        # People without a stated label are a group like the others.
        self._group_of = {person.identity_id: person.subgroup or "" for person in people}
        self._ended = {person.identity_id for person in people if person.consent.ended}
        self._of_person = Counter(stored)
        self._of_group: Counter[str] = Counter()
        for identity_id, count in stored.items():
            if identity_id in self._group_of:
                self._of_group[self._group_of[identity_id]] += count

    def add(self, identity_id: str, count: int = 1) -> None:
        """Count photographs of a person; a negative count takes some back."""
        self._of_person[identity_id] += count
        self._of_group[self._group_of[identity_id]] += count

    def is_full(self, identity_id: str) -> bool:
        """Whether no more photographs of this person are wanted; none is of whom consent has ended."""
        if identity_id in self._ended:
            return True
        of_group = self._of_group[self._group_of[identity_id]]
        return self._of_person[identity_id] >= self._person_enough or of_group >= self._group_enough

    def first(self, people: Iterable[str]) -> str | None:
        """Whose turn it is: of those not full the one with the fewest photographs in the emptiest subgroup."""
        of_person, of_group, group_of = self._of_person, self._of_group, self._group_of
        best, best_turn = None, (self._group_enough, self._person_enough)
        for identity_id in people:
            if identity_id in self._ended:
                continue
            turn = of_group[group_of[identity_id]], of_person[identity_id]
            if turn < best_turn and turn[0] < self._group_enough and turn[1] < self._person_enough:
                best, best_turn = identity_id, turn
        return best
