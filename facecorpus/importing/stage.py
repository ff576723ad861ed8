"""The command `import`: a corpus of a dataset that exists, with its people, pictures and labels."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import count
from pathlib import Path
from typing import TypeVar

from facecorpus.corpus import init_from_folder
from facecorpus.crawl.sources.folder import people_in
from facecorpus.crawl.sources.folder_list import ListedFile, is_below, written
from facecorpus.errors import SourceError
from facecorpus.importing.layouts import READERS, Listed, as_documented
from facecorpus.manifest import Identity
from facecorpus.settings import Settings
from facecorpus.system.border import clean
from facecorpus.system.console import track
from facecorpus.system.names import identity_id_of
from facecorpus.words import Layout

_AGREED = 0.9  # share of a person's pictures that must say the same

Value = TypeVar("Value")


@dataclass(frozen=True, slots=True)
class ImportedSummary:
    """What a corpus was made of."""

    path: Path
    layout: str
    people: int
    pictures: int
    labels: dict[str, int]  # people of whom it is stated
    minors: int  # pictures left out, for the person may be one in them
    missing: int  # pictures that the labels name and the folder lacks

    def __str__(self) -> str:
        stated = ", ".join(f"{name} of {people}" for name, people in self.labels.items() if people)
        lines = [
            f"Made {self.path} of {self.layout}: {self.people} people, {self.pictures} pictures.",
            f"Stated, each with its origin: {stated}." if stated else "No label is stated.",
            "What is not stated is empty in manifest.csv; no label was inferred.",
        ]
        if self.minors:
            lines.insert(1, f"Left out: {self.minors} pictures in which somebody may be a minor.")
        if self.missing:
            lines.insert(1, f"Not there: {self.missing} pictures that the label files name.")
        return "\n".join(lines)


def import_dataset(layout: Layout, folder: Path, root: Path, settings: Settings = Settings()) -> ImportedSummary:  # noqa: B008
    """Make a corpus in the folder root of a dataset that lies in a folder, whose pictures stay where they are.

    Raises SourceError where the folder does not hold that layout, CorpusError as init_corpus does.
    """
    if not folder.is_dir():
        raise SourceError(f"{folder} is no folder; name the one in which the set was unpacked.")
    if layout is Layout.FOLDER:
        people = people_in(folder)
        init_from_folder(root, people, folder, settings)
        return ImportedSummary(root, layout, len(people), sum(1 for _ in folder.glob("*/[!.]*")), {}, 0, 0)
    with track(f"import {layout}", None) as tracker, as_documented(layout, folder):
        by_person: dict[str, list[Listed]] = defaultdict(list)
        left_out: Counter[str] = Counter()
        for one in READERS[layout](folder):
            tracker.advance()
            why = _against(one, folder, settings)
            left_out[why] += 1
            if not why:
                by_person[one.person].append(one)
    if not by_person:
        raise SourceError(
            f"{folder} holds no picture of {layout} that can be taken ({left_out['missing']} are named and not there,"
            f" {left_out['minor']} may show minors); unpack the set there as its makers have it."
        )
    people = _people(by_person.values(), settings)
    files = [
        ListedFile(who.identity_id, one.picture, one.taken_on, one.box)
        for who, listed in zip(people, by_person.values(), strict=True)
        for one in listed
    ]
    most = max(map(len, by_person.values()))
    crawl = replace(settings.crawl, per_identity=max(settings.crawl.per_identity, most))
    init_from_folder(root, people, folder, replace(settings, crawl=crawl), written(files))
    stated = {name: sum(bool(getattr(who, name)) for who in people) for name in ("gender", "race", "birth_date")}
    return ImportedSummary(root, layout, len(people), len(files), stated, left_out["minor"], left_out["missing"])


def _against(one: Listed, folder: Path, settings: Settings) -> str:
    """Why a picture is left out; '' where nothing speaks against it."""
    if one.youngest is not None and one.youngest < settings.labels.young_from:
        return "minor"
    return "" if is_below(one.picture) and (folder / one.picture).is_file() else "missing"


def _people(listed: Iterable[Sequence[Listed]], settings: Settings) -> tuple[Identity, ...]:
    """A person for each of these; ids and names that two of them share get a number."""
    people: list[Identity] = []
    ids: set[str] = set()
    names: set[str] = set()
    for pictures in listed:
        first = pictures[0]
        person, name = clean(first.person, 200), clean(first.name, 200)
        gender, race = (_agreed([getattr(one, label) for one in pictures]) for label in ("gender", "race"))
        born = _agreed([one.birth_date for one in pictures]) or ""
        people.append(
            Identity(
                identity_id=_numbered(identity_id_of(person), ids),
                name=_numbered(name or person, names),
                gender=gender,
                gender_source=first.gender_source if gender else "",
                race=race,
                race_source=first.race_source if race else "",
                birth_date=born,
                photos_from=int(born[:4]) + settings.labels.young_from + 1 if born else None,
                dated_only=bool(born),
            )
        )
    return tuple(people)


def _numbered(text: str, taken: set[str]) -> str:
    own = next(one for n in count(1) if (one := text if n == 1 else f"{text}_{n}") not in taken)
    taken.add(own)
    return own


def _agreed(values: Sequence[Value]) -> Value | None:
    """What nearly all pictures of a person say; None where they do not."""
    value, times = Counter(values).most_common(1)[0]
    return value if times >= _AGREED * len(values) else None
