"""Splits of photographs and folds of people: pure functions of ids and a seed.

Who goes where is decided by a hash of the id, not by a random stream, so that adding photographs or people
moves few of the others.
"""

import hashlib
from collections.abc import Mapping, Sequence

from facecorpus.errors import BuildError

TRAIN, TEST = "train", "test"


def photo_split(groups: Sequence[str], labels: Sequence[str], test_share: float, seed: int) -> list[str]:
    """Say "train" or "test" for each row, by its near-duplicate group and its identity.

    No group lies on both sides, also where several identities share it. Each identity gives about test_share of
    its groups to the test; one with a single group trains only, and one with two or more has at least one on each
    side (if it shares *all* its groups with others, that may not be possible, and they may all train).
    """
    members: dict[str, set[str]] = {}
    for group, label in zip(groups, labels, strict=True):
        members.setdefault(group, set()).add(label)
    counts: dict[str, int] = {}
    for identities in members.values():
        for label in identities:
            counts[label] = counts.get(label, 0) + 1
    wanted = {label: _test_groups(count, test_share) for label, count in counts.items()}
    side: dict[str, str] = {}
    for group in sorted(members, key=lambda group: _place(seed, "photo", group)):
        # A group tests only where everybody in it still needs test groups: nobody can lose the last training one.
        if all(wanted[label] > 0 for label in members[group]):
            side[group] = TEST
            for label in members[group]:
                wanted[label] -= 1
        else:
            side[group] = TRAIN
    return [side[group] for group in groups]


def _test_groups(groups: int, test_share: float) -> int:
    return 0 if groups < 2 else min(max(round(groups * test_share), 1), groups - 1)


def identity_folds(subgroup_of: Mapping[str, str | None], folds: int, seed: int) -> dict[str, int]:
    """Give each identity a fold, 0 to folds - 1, so that the folds of each subgroup differ by one person at most.

    So a subgroup is in every fold where it holds at least that many people. People without a subgroup are dealt
    out as one more.
    """
    people: dict[str | None, list[str]] = {}
    for identity, subgroup in subgroup_of.items():
        people.setdefault(subgroup, []).append(identity)
    fold_of: dict[str, int] = {}
    for subgroup, identities in people.items():
        # Each subgroup begins at a fold of its own, or the first folds would get all the odd people.
        first = int.from_bytes(_place(seed, "subgroup", subgroup or ""))
        for place, identity in enumerate(sorted(identities, key=lambda name: _place(seed, "identity", name))):
            fold_of[identity] = (first + place) % folds
    return fold_of


def check_splits(photos: Sequence[str], groups: Sequence[str], splits: Sequence[str]) -> None:
    """Prove that no photograph and no near-duplicate group lies on both sides; BuildError that names one otherwise."""
    for what, ids in (("photograph", photos), ("near-duplicate group", groups)):
        side: dict[str, str] = {}
        for name, split in zip(ids, splits, strict=True):
            if side.setdefault(name, split) != split:
                raise BuildError(
                    f"The {what} {name} would lie on both sides of the split; nothing was written."
                    " Run facecorpus dedup again, then build; if it comes again, please report it."
                )


def _place(seed: int, kind: str, name: str) -> bytes:
    """A place in a fixed shuffled order that depends on nothing but the name and the seed."""
    return hashlib.sha256(f"{seed}/{kind}/{name}".encode()).digest()
