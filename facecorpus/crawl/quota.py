"""When enough is enough, for a person and for a subgroup."""

import math
from collections import Counter
from collections.abc import Sequence

from facecorpus.manifest import Identity
from facecorpus.settings import FetchSettings


class Quota:
    """Counts each person's and each subgroup's photographs, those under way included, against what is enough."""

    def __init__(self, people: Sequence[Identity], settings: FetchSettings, stored: dict[str, int]) -> None:
        self._person_enough = settings.enough_per_identity or math.inf
        self._group_enough = settings.enough_per_subgroup or math.inf
        # People without a stated label are a group like the others.
        self._group_of = {person.identity_id: person.subgroup or "" for person in people}
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
        """Whether no more photographs of this person are wanted."""
        of_group = self._of_group[self._group_of[identity_id]]
        return self._of_person[identity_id] >= self._person_enough or of_group >= self._group_enough

    def turn(self, identity_id: str) -> tuple[int, int]:
        """Who comes first: the person of the emptiest subgroup, and in it the one with the fewest photographs."""
        return self._of_group[self._group_of[identity_id]], self._of_person[identity_id]
