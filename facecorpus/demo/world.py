"""The invented people of the demo, their photographs, and the truth about them, from one file in the package.

Licence of world.zip: CC0 1.0. Its pictures are renders of MakeHuman's base mesh, targets and textures, which the
MakeHuman community released as CC0 1.0 in September 2020; the notice is in the archive's README.md. No real person
is shown. `benchmarks/make_demo_world.py` made it.
"""

import csv
import hashlib
import io
import zipfile
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from importlib import resources
from pathlib import Path, PurePosixPath
from types import MappingProxyType
from typing import Self

from facecorpus.demo import urls
from facecorpus.manifest import Identity, write_manifest
from facecorpus.settings import LabelSettings
from facecorpus.words import AgeGroup, Gender, Race

ARCHIVE = "world.zip"
LARGEST_ARCHIVE = 12 * 2**20  # bytes

_STATED = "invented person: stated by the renderer"
_OLDEST = 120  # years; no age group of the demo needs more
_OPT_OUTS = ("robots.txt", "X-Robots-Tag", "robots.txt")


@dataclass(frozen=True, slots=True)
class DemoIdentity:
    """One invented person, as identities.csv states them."""

    identity_id: str
    name: str
    gender: Gender
    age_group: AgeGroup
    race: Race
    birth_year: int
    hair: str
    hair_colour: str
    beard: str | None
    glasses: bool


@dataclass(frozen=True, slots=True)
class Bystander:
    """Somebody else in a picture, with their face box in pixels of the upright image."""

    identity_id: str
    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True, slots=True)
class Truth:
    """What one file shows. None where a file has no such thing: no face, no date, no decodable picture.

    The face box is in pixels of the upright image; the angles are in degrees.
    """

    file: str
    query_identity: str  # under whose name it turns up
    true_identity: str | None  # whom it shows
    gender: Gender | None
    age_group: AgeGroup | None
    race: Race | None
    kind: str  # photo, exact_duplicate, near_duplicate, wrong_person, no_face, group, tiny or broken
    duplicate_of: str | None
    transform: str | None
    face_x: float | None
    face_y: float | None
    face_w: float | None
    face_h: float | None
    yaw: float | None
    pitch: float | None
    roll: float | None
    taken_on: str | None  # YYYY-MM-DD
    width: int | None
    height: int | None
    format: str  # jpeg, jpeg_grey, jpeg_cmyk, jpeg_exif, png, bmp, gif, webp, or lying: JPEG bytes named .png
    expression: str | None
    background: str | None
    others: tuple[Bystander, ...]

    @classmethod
    def of_row(cls, row: Mapping[str, str]) -> Self:
        """A line of truth.csv."""
        return cls(
            file=row["file"],
            query_identity=row["query_identity"],
            true_identity=row["true_identity"] or None,
            gender=Gender(row["gender"]) if row["gender"] else None,
            age_group=AgeGroup(row["age_group"]) if row["age_group"] else None,
            race=Race(row["race"]) if row["race"] else None,
            kind=row["kind"],
            duplicate_of=row["duplicate_of"] or None,
            transform=row["transform"] or None,
            face_x=_float(row["face_x"]),
            face_y=_float(row["face_y"]),
            face_w=_float(row["face_w"]),
            face_h=_float(row["face_h"]),
            yaw=_float(row["yaw"]),
            pitch=_float(row["pitch"]),
            roll=_float(row["roll"]),
            taken_on=row["taken_on"] or None,
            width=int(row["width"]) if row["width"] else None,
            height=int(row["height"]) if row["height"] else None,
            format=row["format"],
            expression=row["expression"] or None,
            background=row["background"] or None,
            others=tuple(_bystander(text) for text in row["others"].split(";") if text),
        )


class DemoWorld:
    """The packaged world: people, truth, bytes, and the names under which the demo's wiki shows the files."""

    def __init__(self) -> None:
        data = resources.files("facecorpus.demo").joinpath(ARCHIVE).read_bytes()
        self._archive = zipfile.ZipFile(io.BytesIO(data))
        self.identities = tuple(map(_identity, self._rows("identities.csv")))
        self.truth = tuple(map(Truth.of_row, self._rows("truth.csv")))
        self._by_file = {row.file: row for row in self.truth}
        names = {identity.identity_id: identity.name for identity in self.identities}
        self._titles = {
            row.file: f"File:{names[row.query_identity]} {PurePosixPath(row.file).name}" for row in self.truth
        }
        self._files = {urls.name_of_title(title): file for file, title in self._titles.items()}

    def read(self, file: str) -> bytes:
        """The bytes of a file of the truth, as they are: some are broken."""
        return self._archive.read(file)

    def truth_of(self, file: str) -> Truth:
        """What a file shows; KeyError where it is not of this world."""
        return self._by_file[file]

    @property
    def licence(self) -> str:
        """The archive's README.md: where the pictures come from, and their licence."""
        return self._archive.read("README.md").decode()

    def title_of(self, file: str) -> str:
        """Title of a file's page on the wiki, like "File:Jia Shirui 0001.jpg"."""
        return self._titles[file]

    def file_of_url(self, url: str) -> str | None:
        """The file that a URL of an original, a thumbnail or a file page speaks of, on whatever host."""
        name = urls.name_in_path(urls.path_of_url(url))
        return None if name is None else self._files.get(name)

    @cached_property
    def opted_out(self) -> Mapping[str, str]:
        """Three photographs whose owners opted out, and how: by "robots.txt" or by "X-Robots-Tag" (noai).

        They show three people who have many others, and have no duplicates.
        """
        years = {identity.identity_id: self._years(identity) for identity in self.identities}
        originals = {row.duplicate_of for row in self.truth}
        held: dict[str, list[Truth]] = defaultdict(list)
        for row in self.truth:
            first, last = years[row.query_identity]
            if row.kind == "photo" and row.taken_on and first <= int(row.taken_on[:4]) <= last:
                held[row.query_identity].append(row)
        rich = [rows for rows in held.values() if len(rows) >= 12]
        chosen = rich[:: len(rich) // len(_OPT_OUTS)][: len(_OPT_OUTS)]
        files = [
            next(row.file for row in rows if row.format == "jpeg" and row.file not in originals) for rows in chosen
        ]
        return MappingProxyType(dict(zip(files, _OPT_OUTS, strict=True)))

    def write_manifest(self, path: Path) -> None:
        """Write the manifest of the invented people; commons_category is the name, and no real wiki is named."""
        write_manifest(path, [self._manifest_line(identity) for identity in self.identities])

    def _manifest_line(self, person: DemoIdentity) -> Identity:
        photos_from, photos_until = self._years(person)
        return Identity(
            identity_id=person.identity_id,
            name=person.name,
            wikipedia_title="",
            wikidata_id="",
            commons_category=person.name,
            aliases=(),
            gender=person.gender,
            birth_date=str(person.birth_year),
            race=person.race,
            age_group=person.age_group,
            photos_from=photos_from,
            photos_until=photos_until,
            gender_source=_STATED,
            race_source=_STATED,
        )

    def _years(self, person: DemoIdentity) -> tuple[int, int]:
        """First and last year with photographs found under a name, as far as the age group holds in them."""
        dates = [row.taken_on for row in self.truth if row.query_identity == person.identity_id and row.taken_on]
        first, last = age_group_years(person.age_group, person.birth_year)
        return max(first, int(min(dates)[:4])), min(last, int(max(dates)[:4]))

    def _rows(self, name: str) -> Iterator[dict[str, str]]:
        return csv.DictReader(io.StringIO(self._archive.read(name).decode(), newline=""))


def age_group_years(age_group: str, birth_year: int) -> tuple[int, int]:
    """First and last calendar year in which an age group holds, by the years of the default settings.

    Young begins one year late: somebody born in December is still 17 for most of the year of their 18th birthday.
    """
    labels = LabelSettings()
    first, last = {
        AgeGroup.YOUNG: (labels.young_from + 1, labels.adult_from - 1),
        AgeGroup.ADULT: (labels.adult_from, labels.old_from - 1),
        AgeGroup.OLD: (labels.old_from, _OLDEST),
    }[AgeGroup(age_group)]
    return birth_year + first, birth_year + last


def digest_of(file: str) -> int:
    """A number that depends on a file's name alone, for choices that look like chance and never change."""
    return int.from_bytes(hashlib.sha256(file.encode()).digest()[:8], "big")


def _identity(row: dict[str, str]) -> DemoIdentity:
    return DemoIdentity(
        identity_id=row["identity_id"],
        name=row["name"],
        gender=Gender(row["gender"]),
        age_group=AgeGroup(row["age_group"]),
        race=Race(row["race"]),
        birth_year=int(row["birth_year"]),
        hair=row["hair"],
        hair_colour=row["hair_colour"],
        beard=None if row["beard"] == "none" else row["beard"],
        glasses=row["glasses"] == "yes",
    )


def _bystander(text: str) -> Bystander:
    """One of others, like "id019:201,114,54,67"."""
    identity_id, box = text.split(":")
    x, y, width, height = map(float, box.split(","))
    return Bystander(identity_id, x, y, width, height)


def _float(text: str) -> float | None:
    return float(text) if text else None
