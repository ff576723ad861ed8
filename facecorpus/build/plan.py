"""What a build will hold, decided before anything is written: which faces, in which order, on which side."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from facecorpus.build.shards import Row
from facecorpus.build.splits import TEST, TRAIN, check_splits, identity_folds, photo_split
from facecorpus.catalog.records import AcceptedFace
from facecorpus.errors import BuildError
from facecorpus.manifest import SUBGROUPS, Manifest
from facecorpus.settings import BuildSettings

OUTSIDE_PERIOD = "taken when the person's labels do not hold"
NOT_STATED = "not stated"


@dataclass(frozen=True, slots=True)
class Plan:
    """The rows, first those that train, each side by identity and face_id; and what was left out, counted by reason."""

    rows: tuple[Row, ...]
    left_out: dict[str, int]

    def side(self, split: str) -> tuple[Row, ...]:
        """The rows of one split."""
        return tuple(row for row in self.rows if row.split == split)

    @property
    def identities(self) -> int:
        """How many people have a row."""
        return len({row.number for row in self.rows})

    @property
    def subgroups(self) -> dict[str, int]:
        """How many rows each subgroup has; people without one last, as "not stated"."""
        counts = Counter(row.identity.subgroup or NOT_STATED for row in self.rows)
        return {name: counts[name] for name in (*SUBGROUPS, NOT_STATED) if counts[name]}

    @property
    def shared_groups(self) -> int:
        """How many near-duplicate groups hold faces of more than one person."""
        people: dict[str, set[int]] = {}
        for row in self.rows:
            people.setdefault(row.face.cluster_id, set()).add(row.number)
        return sum(len(numbers) > 1 for numbers in people.values())


def plan_build(
    accepted: Iterable[AcceptedFace], withheld: Mapping[str, int], manifest: Manifest, settings: BuildSettings
) -> Plan:
    """Choose, label, split and order the faces.

    withheld counts, by reason, the accepted faces that the catalog itself holds back. Raises BuildError where
    nothing is left, or where the split would cut a group.
    """
    numbers = {identity.identity_id: number for number, identity in enumerate(manifest.identities)}
    people = manifest.identities
    faces = list(accepted)
    chosen = [face for face in faces if people[numbers[face.identity_id]].holds_on(face.taken_on)]
    left_out = {**withheld, OUTSIDE_PERIOD: len(faces) - len(chosen)}
    left_out = {reason: count for reason, count in left_out.items() if count}
    if not chosen:
        raise BuildError(_nothing(left_out))
    groups = [face.cluster_id for face in chosen]
    splits = photo_split(groups, [face.identity_id for face in chosen], settings.test_share, settings.seed)
    check_splits([face.photo_sha256 for face in chosen], groups, splits)
    subgroup_of = {face.identity_id: people[numbers[face.identity_id]].subgroup for face in chosen}
    fold_of = identity_folds(subgroup_of, settings.folds, settings.seed)
    rows = [
        Row(face, people[numbers[face.identity_id]], numbers[face.identity_id], fold_of[face.identity_id], split)
        for face, split in zip(chosen, splits, strict=True)
    ]
    rows.sort(key=lambda row: ((TRAIN, TEST).index(row.split), row.number, row.face.face_id))
    return Plan(tuple(rows), left_out)


def _nothing(left_out: Mapping[str, int]) -> str:
    if not left_out:
        return "No face has been accepted yet, so there is nothing to build; review first: facecorpus review"
    reasons = ", ".join(f"{count} {reason}" for reason, count in left_out.items())
    return (
        f"Every accepted face is left out ({reasons}), so there is nothing to build;"
        " correct the manifest's periods, or accept more faces: facecorpus review"
    )
