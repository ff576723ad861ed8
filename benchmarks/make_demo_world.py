"""Pack a part of a rendered world of invented people into the one file that the demo ships.

    python benchmarks/make_demo_world.py WORLD_FOLDER facecorpus/demo/world.zip

WORLD_FOLDER holds truth.csv, identities.csv, README.md (with the licence) and photos/. The choice is a rule, not
chance, so that the same folder always gives the same bytes:

1. dirt (everything but kind "photo"): of each kind and transform the lightest DIRT_SHARE, so that they keep their
   proportions; a duplicate counts with its original, which is always taken too;
2. the FEW lightest photographs of each format, so that every decoder has something to do;
3. of each person the lightest photographs until there are PHOTOS_PER_PERSON, first those of the years in which
   the person's age group holds, and last the very heavy ones.

The archive is stored, not compressed: photographs do not shrink, and the bytes do not depend on a zlib version.
"""

import csv
import io
import math
import sys
import zipfile
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from facecorpus.demo.world import LARGEST_ARCHIVE, age_group_years

PHOTOS_PER_PERSON = 12
DIRT_SHARE = 0.55
FEW = 3
HEAVY = 60_000  # bytes

LICENCE = """# A little web of invented people

{files} files of {people} invented people, chosen from a rendered world by benchmarks/make_demo_world.py of facecorpus.
truth.csv says of each file who and what it shows; identities.csv says who the people are.
No real person is shown; likeness to anyone is chance.

## Licence

The pictures and tables are CC0 1.0 (https://creativecommons.org/publicdomain/zero/1.0/). They are renders of
MakeHuman's base mesh, targets and textures, which the MakeHuman community released as CC0 1.0 in September 2020
(base mesh hm08, macro and detail targets as shipped with MPFB2; face units by Mika Suominen, CC0; hair, eyebrow and
eyelash assets and textures of makehuman-assets, CC0). Glasses, beards, clothes, eyes, wrinkles and backgrounds are
made by the renderer itself. Keep this notice with copies.
"""


@dataclass(frozen=True, slots=True)
class Entry:
    """One row of truth.csv with what the choice depends on."""

    row: dict[str, str]
    size: int  # bytes
    in_period: bool  # the person's age group holds in the year of the photograph

    @property
    def file(self) -> str:
        """Path inside the world."""
        return self.row["file"]

    @property
    def is_photo(self) -> bool:
        """A plain photograph of the person, no dirt."""
        return self.row["kind"] == "photo"


def read_csv(path: Path) -> list[dict[str, str]]:
    """The rows of a CSV file."""
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def read_entries(world: Path) -> list[Entry]:
    """The rows of truth.csv, in its order."""
    people = {person["identity_id"]: person for person in read_csv(world / "identities.csv")}
    entries = []
    for row in read_csv(world / "truth.csv"):
        person = people[row["query_identity"]]
        first, last = age_group_years(person["age_group"], int(person["birth_year"]))
        in_period = bool(row["taken_on"]) and first <= int(row["taken_on"][:4]) <= last
        entries.append(Entry(row, (world / row["file"]).stat().st_size, in_period))
    return entries


def choose(entries: Sequence[Entry]) -> list[Entry]:
    """The entries to ship, in their order."""
    chosen = choose_dirt(entries)
    chosen |= {file for group in by_column(photos(entries), "format") for file in lightest(group, FEW)}
    for group in by_column(photos(entries), "query_identity"):
        taken = sum(entry.file in chosen for entry in group)
        rest = [entry for entry in group if entry.file not in chosen]
        chosen |= set(lightest(rest, PHOTOS_PER_PERSON - taken))
    return [entry for entry in entries if entry.file in chosen]


def choose_dirt(entries: Sequence[Entry]) -> set[str]:
    """Of each kind and transform of dirt the lightest DIRT_SHARE, and the originals of the duplicates among it."""
    by_file = {entry.file: entry for entry in entries}

    def weight(entry: Entry) -> int:
        original = by_file.get(entry.row["duplicate_of"])
        return entry.size + (original.size if original else 0)

    chosen: set[str] = set()
    for group in grouped((entry for entry in entries if not entry.is_photo), dirt_class):
        kept = sorted(group, key=weight)[: math.ceil(DIRT_SHARE * len(group))]
        chosen |= {entry.file for entry in kept}
        chosen |= {entry.row["duplicate_of"] for entry in kept} - {""}
    return chosen


def dirt_class(entry: Entry) -> str:
    """Kind and transform without its figure: "near_duplicate crop" for crop:0.06."""
    return f"{entry.row['kind']} {entry.row['transform'].partition(':')[0]}"


def lightest(entries: Iterable[Entry], count: int) -> list[str]:
    """The files of at most count entries: those of the right years first, very heavy ones last."""
    ordered = sorted(entries, key=lambda entry: (entry.size > HEAVY, not entry.in_period, entry.size))
    return [entry.file for entry in ordered[: max(count, 0)]]


def photos(entries: Iterable[Entry]) -> list[Entry]:
    """The entries of kind "photo"."""
    return [entry for entry in entries if entry.is_photo]


def by_column(entries: Iterable[Entry], column: str) -> list[list[Entry]]:
    """The entries in groups of equal value in a column."""
    return grouped(entries, lambda entry: entry.row[column])


def grouped(entries: Iterable[Entry], key: Callable[[Entry], str]) -> list[list[Entry]]:
    """The entries in groups of equal key, in the order of first sight."""
    groups: dict[str, list[Entry]] = defaultdict(list)
    for entry in entries:
        groups[key(entry)].append(entry)
    return list(groups.values())


def to_csv(rows: Sequence[dict[str, str]]) -> bytes:
    """Rows of equal columns as UTF-8 CSV."""
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue().encode()


def pack(world: Path, entries: Sequence[Entry]) -> bytes:
    """The archive: README.md, identities.csv, truth.csv of the entries, and their files."""
    people = read_csv(world / "identities.csv")
    readme = LICENCE.format(files=len(entries), people=len(people))
    members = [
        ("README.md", readme.encode()),
        ("identities.csv", to_csv(people)),
        ("truth.csv", to_csv([entry.row for entry in entries])),
    ]
    members += [(entry.file, (world / entry.file).read_bytes()) for entry in entries]
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_STORED) as archive:
        for name, data in members:
            member = zipfile.ZipInfo(name)  # its date is 1980-01-01, so that the bytes are the same every time
            member.create_system = 3  # as on Unix, wherever this runs
            member.external_attr = 0o644 << 16
            archive.writestr(member, data)
    return packed.getvalue()


def summary(entries: Sequence[Entry], size: int) -> str:
    """Counts by kind and format, photographs a person, and the size."""
    lines = [f"{len(entries)} files, {size:,} bytes ({size / 2**20:.2f} MiB)"]
    for column in ("kind", "format"):
        groups = by_column(entries, column)
        lines += [f"  {column} {group[0].row[column]}: {len(group)}" for group in groups]
    people = by_column(photos(entries), "query_identity")
    for name, counts in (
        ("photographs", [len(group) for group in people]),
        ("photographs of the right years", [sum(entry.in_period for entry in group) for group in people]),
    ):
        lines.append(f"  {name} a person: {min(counts)} to {max(counts)}, {sum(counts)} in all")
    return "\n".join(lines)


def main(world: Path, target: Path) -> None:
    """Choose, pack, write and tell; stops where the archive would be too large to ship."""
    entries = choose(read_entries(world))
    packed = pack(world, entries)
    if len(packed) > LARGEST_ARCHIVE:
        sys.exit(f"The archive would have {len(packed):,} bytes; at most {LARGEST_ARCHIVE:,} are shipped.")
    target.write_bytes(packed)
    print(summary(entries, len(packed)))


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit("Usage: python benchmarks/make_demo_world.py WORLD_FOLDER TARGET_ZIP")
    main(Path(sys.argv[1]), Path(sys.argv[2]))
