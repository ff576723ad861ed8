"""The overview: how far the review has come, by subgroup and person."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import quote

from facecorpus.catalog import Catalog
from facecorpus.manifest import SUBGROUPS, Identity
from review_ui.counts import Count
from review_ui.language import t

NOT_STATED = "labels not stated"


@dataclass(frozen=True, slots=True)
class Person:
    """One person's line."""

    identity_id: str
    name: str
    count: Count


@dataclass(frozen=True, slots=True)
class Group:
    """The people of one subgroup."""

    title: str
    people: tuple[Person, ...]

    @property
    def faces(self) -> int:
        """Faces of all its people, near-duplicates left out."""
        return sum(person.count.faces for person in self.people)

    @property
    def left(self) -> int:
        """Faces without a verdict."""
        return sum(person.count.left for person in self.people)

    @property
    def done(self) -> int:
        """Faces with a verdict."""
        return self.faces - self.left

    @property
    def faceless(self) -> int:
        """Photographs without a face that nobody has looked at."""
        return sum(person.count.faceless for person in self.people)


@dataclass(frozen=True, slots=True)
class Overview:
    """All groups that have people, in the fixed order of the subgroups."""

    groups: tuple[Group, ...]
    disputes: int  # faces on which people disagree, not settled yet
    marked: int  # photographs marked for removal

    @property
    def whole(self) -> Group:
        """Everybody as one group."""
        return Group("everybody", tuple(person for group in self.groups for person in group.people))

    @property
    def following(self) -> Person | None:
        """The first person with faces left to decide."""
        return next((person for person in self.whole.people if person.count.left), None)


def read_overview(catalog: Catalog, identities: Sequence[Identity], counts: Mapping[str, Count]) -> Overview:
    """What a reviewer has before them, by their counts."""
    disputes = sum(not one.settled for one in catalog.review.disputes())
    return Overview(arrange(identities, counts), disputes, len(catalog.review.marked()))


def arrange(identities: Sequence[Identity], counts: Mapping[str, Count]) -> tuple[Group, ...]:
    """The people with their counts, gathered by subgroup."""
    people: dict[str, list[Person]] = {}
    for identity in identities:
        person = Person(identity.identity_id, identity.name, counts[identity.identity_id])
        people.setdefault(identity.subgroup or NOT_STATED, []).append(person)
    order = [name for name in (*SUBGROUPS, NOT_STATED) if name in people]
    return tuple(Group(subgroup_title(name), tuple(people[name])) for name in order)


def next_page(counts: Mapping[str, Count], place: int) -> str:
    """Where the page of the person at `place` leads on: the next person with faces left, or the overview."""
    people = list(counts)
    others = [*people[place + 1 :], *people[:place]]
    following = next((person for person in others if counts[person].left), None)
    return "/" if following is None else f"/identity/{quote(following, safe='')}"


def subgroup_title(subgroup: str) -> str:
    """'female/young/latin_american' as a heading: 'Female · young · Latin American'."""
    return " · ".join(map(t, title_parts(subgroup)))


def title_parts(subgroup: str) -> list[str]:
    """The words of such a heading in English."""
    parts = subgroup.split("/")
    parts[0] = parts[0].capitalize()
    if len(parts) == 3:
        parts[2] = parts[2].replace("_", " ").title()
    return parts
