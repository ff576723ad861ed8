"""Splits of photographs and folds of people: pure functions of ids and a seed.

Who goes where is decided by a hash of the id, not by a random stream, so that adding photographs or people
moves few of the others.
"""

import hashlib
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence

from facecorpus.errors import BuildError

TRAIN, TEST = "train", "test"


def photo_split(groups: Sequence[str], labels: Sequence[str], test_share: float, seed: int) -> list[str]:
    """Say "train" or "test" for each row, by its near-duplicate group and its identity.

    No group lies on both sides, also where several identities share it. Each identity gives about test_share of
    its groups to the test; one with a single group trains only, and one with two or more has at least one on each
    side, where test_share is not 0 (if it shares *all* its groups with others, that may not be possible, and they may
    all train).
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


def joined_groups(clusters: Iterable[str], links: Iterable[tuple[str, str]]) -> dict[str, str]:
    """The group of each cluster: the least name among all clusters that the links connect, also through others."""
    members = {name: {name} for name in clusters}
    for one, other in links:
        together = members[one] | members[other]
        members.update(dict.fromkeys(together, together))
    return {name: min(together) for name, together in members.items()}


def _test_groups(groups: int, test_share: float) -> int:
    return 0 if groups < 2 or not test_share else min(max(round(groups * test_share), 1), groups - 1)


def identity_folds(
    subgroup_of: Mapping[str, str | None], folds: int, seed: int, shared: Iterable[Collection[str]] = ()
) -> dict[str, int]:
    """Give each identity a fold, 0 to folds - 1, so that each subgroup is in every fold where it has people enough.

    `shared` names the people of each near-duplicate group that several share. They are given one fold together,
    unless a subgroup would then be missing in some fold: the largest such bundle is undone, and its people are dealt
    singly. Where nobody is bundled, the folds of each subgroup differ by one person at most. People without a
    subgroup are dealt out as one more.
    """
    bundles = _bundles(subgroup_of, shared)
    while True:
        fold_of = _dealt(subgroup_of, bundles, folds, seed)
        lacking = _lacking(subgroup_of, fold_of, folds)
        guilty = [bundle for bundle in bundles if lacking & {subgroup_of[name] for name in bundle}]
        if not guilty:
            return fold_of
        bundles.remove(max(guilty, key=lambda bundle: (len(bundle), bundle)))


def _bundles(people: Iterable[str], shared: Iterable[Collection[str]]) -> list[tuple[str, ...]]:
    """The people whom groups connect, also through others: two and more together, each bundle sorted."""
    bundle_of: dict[str, set[str]] = {name: {name} for name in people}
    for group in shared:
        joined = set().union(*(bundle_of[name] for name in group))
        bundle_of.update(dict.fromkeys(joined, joined))
    return sorted({tuple(sorted(bundle)) for bundle in bundle_of.values() if len(bundle) > 1})


def _dealt(
    subgroup_of: Mapping[str, str | None], bundles: Sequence[tuple[str, ...]], folds: int, seed: int
) -> dict[str, int]:
    """Deal bundles, the largest first, then single people, each to the fold that has fewest of their subgroups."""
    bundled = {name for bundle in bundles for name in bundle}
    singles = sorted(subgroup_of.keys() - bundled, key=lambda name: _place(seed, "identity", name))
    held: Counter[tuple[str | None, int]] = Counter()  # people by subgroup and fold
    total: Counter[int] = Counter()
    fold_of: dict[str, int] = {}
    for people in [*sorted(bundles, key=lambda bundle: (-len(bundle), bundle)), *((name,) for name in singles)]:
        # Among equal folds each subgroup prefers one of its own, or the first folds would get all the odd people.
        first = int.from_bytes(_place(seed, "subgroup", subgroup_of[people[0]] or ""))
        order = sorted(range(folds), key=lambda fold: (fold - first) % folds)
        fold = min(order, key=lambda fold: (sum(held[subgroup_of[name], fold] for name in people), total[fold]))
        for name in people:
            fold_of[name] = fold
            held[subgroup_of[name], fold] += 1
            total[fold] += 1
    return fold_of


def _lacking(subgroup_of: Mapping[str, str | None], fold_of: Mapping[str, int], folds: int) -> set[str | None]:
    """The subgroups that have people enough for every fold, and are not in every one."""
    reached: dict[str | None, set[int]] = {}
    for name, subgroup in subgroup_of.items():
        reached.setdefault(subgroup, set()).add(fold_of[name])
    sizes = Counter(subgroup_of.values())
    return {name for name, found in reached.items() if sizes[name] >= folds and len(found) < folds}


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
