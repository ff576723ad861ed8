"""The overview: how far the review has come, by subgroup and person."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import quote

from facecorpus.catalog import Catalog
from facecorpus.catalog.review import Progress
from facecorpus.manifest import SUBGROUPS, Identity
from facecorpus.settings import ReviewSettings
from review_ui.language import t

NOT_STATED = "labels not stated"


@dataclass(frozen=True, slots=True)
class Person:
    """One person's line."""

    identity_id: str
    name: str
    portrait: str | None  # face_id
    faces: int  # near-duplicates left out
    left: int
    faceless: int  # photographs without a face that nobody has looked at

    @property
    def done(self) -> int:
        """Faces with a verdict."""
        return self.faces - self.left


@dataclass(frozen=True, slots=True)
class Group:
    """The people of one subgroup."""

    title: str
    people: tuple[Person, ...]

    @property
    def faces(self) -> int:
        """Faces of all its people, near-duplicates left out."""
        return sum(person.faces for person in self.people)

    @property
    def left(self) -> int:
        """Faces without a verdict."""
        return sum(person.left for person in self.people)

    @property
    def done(self) -> int:
        """Faces with a verdict."""
        return self.faces - self.left

    @property
    def faceless(self) -> int:
        """Photographs without a face that nobody has looked at."""
        return sum(person.faceless for person in self.people)


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
        return next((person for person in self.whole.people if person.left), None)


def read_overview(catalog: Catalog, identities: Sequence[Identity], reviewer: str, sharing: ReviewSettings) -> Overview:
    """Count what this reviewer has before them of every listed person."""
    disputes = sum(not one.settled for one in catalog.review.disputes())
    progress = catalog.review.progress(reviewer, sharing)
    groups = arrange(identities, progress, catalog.review.portraits(), catalog.drawn.left())
    return Overview(groups, disputes, len(catalog.review.marked()))


def arrange(
    identities: Sequence[Identity],
    progress: Sequence[Progress],
    portraits: Mapping[str, str],
    faceless: Mapping[str, int],
) -> tuple[Group, ...]:
    """The people with their counts, gathered by subgroup."""
    counts = {one.identity_id: one for one in progress}
    people: dict[str, list[Person]] = {}
    for identity in identities:
        own = counts[identity.identity_id]
        name = identity.identity_id
        person = Person(name, identity.name, portraits.get(name), own.faces, own.left, faceless.get(name, 0))
        people.setdefault(identity.subgroup or NOT_STATED, []).append(person)
    order = [name for name in (*SUBGROUPS, NOT_STATED) if name in people]
    return tuple(Group(subgroup_title(name), tuple(people[name])) for name in order)


def next_page(progress: Sequence[Progress], place: int) -> str:
    """Where the page of the person at `place` leads on: the next person with faces left, or the overview."""
    others = [*progress[place + 1 :], *progress[:place]]
    following = next((person.identity_id for person in others if person.left), None)
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
