"""What a build will hold, decided before anything is written: which faces, in which order, on which side."""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from types import MappingProxyType

from facecorpus.build.choose import NO_AGES, Labelled, choose
from facecorpus.build.labels import age_group_at
from facecorpus.build.splits import TEST, TRAIN, check_splits, identity_folds, joined_groups, photo_split
from facecorpus.errors import BuildError
from facecorpus.faces.shares import Share, shares
from facecorpus.manifest import SUBGROUPS, Manifest
from facecorpus.records import AcceptedFace
from facecorpus.settings import BuildSettings, Settings

Pair = tuple[str, str]
"""Two face_ids, the smaller first."""

NOT_STATED = "not stated"
NO_PHOTOGRAPHS: Mapping[str, tuple[int, int]] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Row:
    """One face of a build with everything but its picture."""

    labelled: Labelled
    group: str  # near-duplicates, and near-copies that only a build found: no split may cut it
    fold: int
    split: str

    @property
    def face(self) -> AcceptedFace:
        """The face as the catalog has it."""
        return self.labelled.face

    @property
    def number(self) -> int:
        """The identity's number."""
        return self.labelled.number

    @property
    def subgroup(self) -> str:
        """The subgroup's name, or "not stated"."""
        return self.labelled.subgroup or NOT_STATED


@dataclass(frozen=True)
class Plan:
    """The rows, first those that train, each side by identity and face_id; and what was left out, counted by reason."""

    rows: tuple[Row, ...]
    left_out: dict[str, int]
    settings: Settings
    unseen: tuple[Share, ...] = ()  # photographs without a face, of all people in the corpus
    near_copies: tuple[Pair, ...] = ()  # faces among the rows that show the same picture in two clusters

    def side(self, split: str) -> tuple[Row, ...]:
        """The rows of one split."""
        return tuple(row for row in self.rows if row.split == split)

    @property
    def dimension(self) -> int:
        """How many numbers the descriptors have that the rows are built with; 0 where they carry none."""
        return max((len(row.face.embedding) for row in self.rows if row.face.embedding is not None), default=0)

    @property
    def descriptors(self) -> tuple[str, ...]:
        """The networks by whose descriptors the faces were chosen and judged."""
        return tuple(sorted({row.face.descriptor for row in self.rows}))

    @cached_property
    def identities(self) -> int:
        """How many people have a row."""
        return len({row.number for row in self.rows})

    @cached_property
    def subgroups(self) -> dict[str, int]:
        """How many rows each subgroup has; people without one last, as "not stated"."""
        counts = Counter(row.subgroup for row in self.rows)
        return {name: counts[name] for name in (*SUBGROUPS, NOT_STATED) if counts[name]}

    @cached_property
    def shared_groups(self) -> int:
        """How many near-duplicate groups hold faces of more than one person."""
        return len(_shared((row.group, row.face.identity_id) for row in self.rows))

    @cached_property
    def cut_by_folds(self) -> int:
        """How many near-duplicate groups have people in different folds, since no fold may lack a subgroup."""
        folds: dict[str, set[int]] = {}
        for row in self.rows:
            folds.setdefault(row.group, set()).add(row.fold)
        return sum(len(found) > 1 for found in folds.values())

    @cached_property
    def of_two_people(self) -> int:
        """How many near-copies stand for two people."""
        person = {row.face.face_id: row.number for row in self.rows}
        return sum(person[one] != person[other] for one, other in self.near_copies)

    @cached_property
    def ages_known(self) -> int:
        """Rows for which the age on the day of the photograph and the person's age group are known."""
        return sum(row.labelled.age is not None and row.labelled.identity.age_group is not None for row in self.rows)

    @cached_property
    def ages_that_differ(self) -> int:
        """Rows for which these two say different age groups."""
        return sum(
            row.labelled.age is not None
            and row.labelled.identity.age_group not in (None, age_group_at(row.labelled.age, self.settings.labels))
            for row in self.rows
        )

    @cached_property
    def ages_corrected(self) -> int:
        """Rows whose age group is the one that a reviewer saw."""
        return sum(row.labelled.seen_age is not None for row in self.rows)


def plan_build(
    accepted: Iterable[AcceptedFace],
    withheld: Mapping[str, int],
    manifest: Manifest,
    settings: Settings,
    *,
    changed: bool = True,
    seen_ages: Mapping[tuple[str, str], str] = NO_AGES,
    without_face: Mapping[str, tuple[int, int]] = NO_PHOTOGRAPHS,
    near_copies: Collection[Pair] = (),
) -> Plan:
    """Choose, label, split and order the faces.

    withheld counts, by reason, the accepted faces that the catalog itself holds back; `changed` says that the build
    will hold crops; `seen_ages` are the reviewers' age groups by photo_sha256 and identity_id; `without_face` counts
    each person's photographs, and those without a face; `near_copies` are pairs of face_ids that show the same picture,
    though their clusters do not say so: no face is left out for that, but no split parts them. Raises BuildError where
    nothing is left, or where the split would cut a group.
    """
    chosen, refused = choose(accepted, manifest, settings, changed=changed, seen_ages=seen_ages)
    left_out = {reason: count for reason, count in {**withheld, **refused}.items() if count}
    if not chosen:
        raise BuildError(_nothing(left_out))
    build = settings.build
    cluster_of = {one.face.face_id: one.face.cluster_id for one in chosen}
    pairs = _in_two_clusters(near_copies, cluster_of)
    group_of = joined_groups(cluster_of.values(), [(cluster_of[one], cluster_of[other]) for one, other in pairs])
    groups = [group_of[one.face.cluster_id] for one in chosen]
    splits = photo_split(groups, [one.face.identity_id for one in chosen], build.test_share, build.seed)
    check_splits([one.face.photo_sha256 for one in chosen], groups, splits)
    fold_of = _folds(chosen, groups, build)
    rows = [
        Row(one, group, fold_of[one.face.identity_id], split)
        for one, group, split in zip(chosen, groups, splits, strict=True)
    ]
    rows.sort(key=lambda row: ((TRAIN, TEST).index(row.split), row.number, row.face.face_id))
    return Plan(tuple(rows), left_out, settings, shares(manifest.identities, without_face), pairs)


def _in_two_clusters(pairs: Iterable[Pair], cluster_of: Mapping[str, str]) -> tuple[Pair, ...]:
    """The pairs of faces that are both among those of cluster_of, and of two clusters, in order."""
    there = [(one, other) for one, other in pairs if one in cluster_of and other in cluster_of]
    return tuple(sorted((one, other) for one, other in there if cluster_of[one] != cluster_of[other]))


def _folds(chosen: Sequence[Labelled], groups: Sequence[str], build: BuildSettings) -> dict[str, int]:
    people = [one.face.identity_id for one in chosen]
    subgroup_of = {one.face.identity_id: one.identity.subgroup for one in chosen}
    return identity_folds(subgroup_of, build.folds, build.seed, _shared(zip(groups, people, strict=True)))


def _shared(faces: Iterable[tuple[str, str]]) -> list[set[str]]:
    """The people of each near-duplicate group that shows more than one; of faces as group and identity_id."""
    people: dict[str, set[str]] = {}
    for group, identity_id in faces:
        people.setdefault(group, set()).add(identity_id)
    return [names for names in people.values() if len(names) > 1]


def _nothing(left_out: Mapping[str, int]) -> str:
    if not left_out:
        return "No face has been accepted yet, so there is nothing to build; review first: facecorpus review"
    reasons = ", ".join(f"{count} {reason}" for reason, count in left_out.items())
    return (
        f"Every accepted face is left out ({reasons}), so there is nothing to build;"
        " accept more faces (facecorpus review), correct the manifest's periods, or ask for less in [build]."
    )
