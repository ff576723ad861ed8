"""What two builds hold differently: faces added, removed, relabelled, and moved between the splits."""

from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from facecorpus.shards import class_names, reading, shard_files
from facecorpus.words import Change

_NAMED = 10
"""People in the table: those of whom most changed."""
_LABELS = ("identity", "gender", "age_group", "race")


@dataclass(frozen=True, slots=True)
class Difference:
    """The faces by what became of them, and how many of each person and subgroup, in the order of `Change`.

    A face that was relabelled counts for the person and subgroup that it has now.
    """

    old: str
    new: str
    added: tuple[str, ...]  # face_ids, as in all four
    removed: tuple[str, ...]
    relabelled: tuple[str, ...]
    moved: tuple[str, ...]  # to the other side of the split
    people: dict[str, dict[str, int]]
    subgroups: dict[str, dict[str, int]]

    @property
    def _counts(self) -> str:
        return ", ".join(f"{len(getattr(self, change))} {change}" for change in Change)

    def __str__(self) -> str:
        lines = [f"From {self.old} to {self.new}: {self._counts}.", *_table("subgroup", self.subgroups)]
        most = sorted(self.people, key=lambda name: -sum(self.people[name].values()))[:_NAMED]
        lines += _table("person", {name: self.people[name] for name in most})
        if len(self.people) > len(most):
            lines.append(f"and {len(self.people) - len(most):,} more people with fewer changes; --json has all.")
        return "\n".join(lines)

    def as_markdown(self) -> str:
        """The counts by subgroup, for a card; it names nobody."""
        lines = [f"Faces that differ from version {self.old}: {self._counts}."]
        if self.subgroups:
            lines += ["", f"| subgroup | {' | '.join(Change)} |", f"|---|{'---:|' * len(Change)}"]
            counts = {name: " | ".join(str(found[one]) for one in Change) for name, found in self.subgroups.items()}
            lines += [f"| {name} | {found} |" for name, found in counts.items()]
        return "\n".join(lines)


def _table(title: str, parts: dict[str, dict[str, int]]) -> list[str]:
    """An empty line and a table of what changed; nothing where nothing did."""
    rows = [(title, *Change), *((name, *(str(found[one] or "") for one in Change)) for name, found in parts.items())]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = ["  ".join([row[0].ljust(widths[0]), *map(str.rjust, row[1:], widths[1:])]).rstrip() for row in rows]
    return ["", *lines] if parts else []


@dataclass(frozen=True, slots=True)
class _Face:
    person: str
    subgroup: str
    labels: tuple[str, ...]
    split: str


def compare(old: Path, new: Path, old_name: str, new_name: str) -> Difference:
    """The difference between the builds in two folders; ShardsError where one cannot be read."""
    before, after = _faces(old), _faces(new)
    both = before.keys() & after.keys()
    found = {
        Change.ADDED: after.keys() - before.keys(),
        Change.REMOVED: before.keys() - after.keys(),
        Change.RELABELLED: {one for one in both if before[one].labels != after[one].labels},
        Change.MOVED: {one for one in both if before[one].split != after[one].split},
    }
    people: dict[str, Counter[str]] = {}
    subgroups: dict[str, Counter[str]] = {}
    for change, face_ids in found.items():
        for face_id in face_ids:
            face = after.get(face_id) or before[face_id]
            people.setdefault(face.person, Counter())[change] += 1
            subgroups.setdefault(face.subgroup, Counter())[change] += 1
    return Difference(
        old=old_name,
        new=new_name,
        added=tuple(sorted(found[Change.ADDED])),
        removed=tuple(sorted(found[Change.REMOVED])),
        relabelled=tuple(sorted(found[Change.RELABELLED])),
        moved=tuple(sorted(found[Change.MOVED])),
        people={name: {change: people[name][change] for change in Change} for name in sorted(people)},
        subgroups={name: {change: subgroups[name][change] for change in Change} for name in sorted(subgroups)},
    )


def _faces(folder: Path) -> dict[str, _Face]:
    import pyarrow.parquet as pq

    found: dict[str, _Face] = {}
    for file in shard_files(folder):
        names = class_names(file)
        with reading(file), pq.ParquetFile(file) as parquet:
            for row in parquet.read(columns=["face_id", "split", "subgroup", *_LABELS]).to_pylist():
                named = {key: names[key][row[key]] if row[key] >= 0 else "not stated" for key in ("subgroup", *_LABELS)}
                labels = tuple(named[key] for key in _LABELS)
                found[row["face_id"]] = _Face(named["identity"], named["subgroup"], labels, row["split"])
    return found
