"""The layouts of published face datasets, each as its makers document it: people, pictures, labels and their origin.

LFW (vis-www.cs.umass.edu/lfw), VGGFace2 (Cao et al. 2018, its meta files), CelebA (Liu et al. 2015, its README),
FairFace (Kärkkäinen and Joo 2021) and IMDB-WIKI (Rothe et al. 2016). No label is made here: what a set does not say of
somebody stays empty.
"""

import csv
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from facecorpus.errors import SourceError
from facecorpus.system.spawn import without_main
from facecorpus.words import Gender, Layout, Race

GENDERS = {"f": Gender.FEMALE, "female": Gender.FEMALE, "m": Gender.MALE, "male": Gender.MALE}
FAIRFACE_RACES = {
    "White": Race.WHITE,
    "Black": Race.AFRICAN,
    "Latino_Hispanic": Race.LATIN_AMERICAN,
    "East Asian": Race.ASIAN,
    "Southeast Asian": Race.ASIAN,
    "Indian": Race.ASIAN,
}
"""Its classes by ours; the seventh, Middle Eastern, has none."""

_MATLAB_DAYS = 366  # by which its numbers of days are ahead of Python's
_FIRST_BIRTH = date(1800, 1, 1)  # of whom there are photographs


@dataclass(frozen=True, slots=True)
class Listed:
    """A picture of a person, with what the set says of them."""

    person: str  # as the set calls them
    picture: str  # its path below the folder, with /
    name: str = ""
    gender: Gender | None = None
    race: Race | None = None
    birth_date: str = ""
    taken_on: str = ""
    box: str = ""  # x,y,width,height in pixels
    youngest: int | None = None  # the least age in years that the person can have in it; None: nobody knows
    gender_source: str = ""
    race_source: str = ""


Reader = Callable[[Path], Iterator[Listed]]


def lfw(folder: Path) -> Iterator[Listed]:
    """Labeled Faces in the Wild: Name_Surname/Name_Surname_0001.jpg, also below one folder such as lfw_funneled."""
    for picture in _found(folder, "*/*_[0-9][0-9][0-9][0-9].jpg"):
        person = picture.parent.name
        if picture.stem[:-5] == person:
            yield Listed(person, picture.relative_to(folder).as_posix(), person.replace("_", " "))


def vggface2(folder: Path) -> Iterator[Listed]:
    """n000001/0001_01.jpg, also below folders such as train; identity_meta.csv; loose_bb_*.csv where there is one."""
    meta = "identity_meta.csv"
    people = {row["Class_ID"]: row for row in _table(_one(folder, meta), "Class_ID", "Name", "Gender")}
    boxes = {
        row["NAME_ID"]: ",".join(row[side] for side in "XYWH")
        for file in _found(folder, "loose_bb_*.csv")
        for row in _table(file, "NAME_ID", "X", "Y", "W", "H")
    }
    for picture in _found(folder, "n[0-9][0-9][0-9][0-9][0-9][0-9]/*.jpg"):
        person = picture.parent.name
        said = people.get(person, {})
        yield Listed(
            person,
            picture.relative_to(folder).as_posix(),
            said.get("Name", "").replace("_", " "),
            GENDERS.get(said.get("Gender", "").lower()),
            box=boxes.get(f"{person}/{picture.stem}", ""),
            gender_source=f"VGGFace2, {meta}",
        )


def celeba(folder: Path) -> Iterator[Listed]:
    """img_align_celeba or img_celeba, identity_CelebA.txt, and the attribute Male of list_attr_celeba.txt."""
    at = next((path for path in _found(folder, "img_*celeba") if path.is_dir()), None)
    if at is None:
        raise SourceError(f"{folder} holds no CelebA: expected a folder img_align_celeba or img_celeba in it.")
    attributes = _columns(_one(folder, "list_attr_celeba.txt"), "Male")
    aligned = "align" in at.name  # the boxes are those of the pictures in the wild
    boxes = {} if aligned else _columns(_one(folder, "list_bbox_celeba.txt"), "x_1", "y_1", "width", "height")
    for line in _lines(_one(folder, "identity_CelebA.txt")):
        file, number = line.split()
        yield Listed(
            f"celeba_{number}",
            (at / file).relative_to(folder).as_posix(),
            f"CelebA {number}",
            {"1": Gender.MALE, "-1": Gender.FEMALE}.get("".join(attributes.get(file, ()))),
            box=",".join(boxes.get(file, ())),
            gender_source="CelebA, list_attr_celeba.txt, Male",
        )


def fairface(folder: Path) -> Iterator[Listed]:
    """fairface_label_train.csv and …_val.csv, whose files show somebody else each; ages are ranges of years."""
    tables = _found(folder, "fairface_label_*.csv")
    if not tables:
        raise SourceError(f"{folder} holds no FairFace: expected fairface_label_train.csv or …_val.csv in it.")
    roots = [folder, *(path for path in sorted(folder.iterdir()) if path.is_dir())]
    for table in tables:
        for row in _table(table, "file", "age", "gender", "race"):
            at = next((root for root in roots if (root / row["file"]).is_file()), folder)
            yield Listed(
                f"fairface {row['file'].rpartition('.')[0]}",
                (at.relative_to(folder) / row["file"]).as_posix(),
                f"FairFace {row['file']}",
                GENDERS.get(row["gender"].lower()),
                FAIRFACE_RACES.get(row["race"]),
                youngest=int(row["age"].removeprefix("more than ").partition("-")[0]),
                gender_source=f"FairFace, {table.name}",
                race_source=f"FairFace, {table.name}: {row['race']}",
            )


def imdb_wiki(folder: Path) -> Iterator[Listed]:
    """imdb.mat and wiki.mat with the pictures beside them; people by name, at IMDb by celeb_id, too."""
    files = [file for name in ("imdb", "wiki") for file in _found(folder, f"{name}.mat")]
    if not files:
        raise SourceError(f"{folder} holds no IMDB-WIKI: expected imdb.mat or wiki.mat beside the pictures.")
    for file in files:
        yield from _of_matlab(file, folder)


def _of_matlab(file: Path, folder: Path) -> Iterator[Listed]:
    import numpy as np

    columns = _columns_of_matlab(file)
    at, cropped = file.parent.relative_to(folder), file.parent.name.endswith("_crop")
    for row, path in enumerate(columns["full_path"]):
        name = columns["name"][row] if isinstance(columns["name"][row], str) else ""
        birth = _birth(float(columns["dob"][row]))
        taken = int(columns["photo_taken"][row])
        number = f" {columns['celeb_id'][row]}" if "celeb_id" in columns else ""
        left, top, right, bottom = np.ravel(columns["face_location"][row])[:4]
        yield Listed(
            f"{file.stem}{number} {name or path}",
            (at / str(path)).as_posix(),
            name,
            {0.0: Gender.FEMALE, 1.0: Gender.MALE}.get(float(columns["gender"][row])),
            birth_date=birth.isoformat() if birth else "",
            taken_on=str(taken),
            box="" if cropped else f"{left:.0f},{top:.0f},{right - left:.0f},{bottom - top:.0f}",
            youngest=min(taken, date.today().year) - birth.year - 1 if birth else None,
            gender_source=f"IMDB-WIKI, {file.name}",
        )


def _columns_of_matlab(file: Path) -> dict[str, Any]:
    """The columns of the struct in a file, each as an array. ValueError where it cannot be read.

    scipy may end the whole process over a damaged file, so another one reads it.
    """
    from concurrent.futures import ProcessPoolExecutor
    from multiprocessing import get_context

    with without_main(), ProcessPoolExecutor(1, get_context("spawn")) as process:
        try:
            return process.submit(_load_matlab, file).result()
        except Exception as error:  # scipy documents none
            raise ValueError(f"{file.name} cannot be read: {error}") from None


def _load_matlab(file: Path) -> dict[str, Any]:
    import numpy as np
    from scipy.io import loadmat

    about = loadmat(file, squeeze_me=True, struct_as_record=False)[file.stem].__dict__
    return {key: np.atleast_1d(value) for key, value in about.items() if not key.startswith("_")}


def _birth(days: float) -> date | None:
    """The day of MATLAB's number; None for one that is no birth date of anybody photographed."""
    if not _FIRST_BIRTH.toordinal() + _MATLAB_DAYS <= days <= date.today().toordinal() + _MATLAB_DAYS:
        return None
    return date.fromordinal(int(days) - _MATLAB_DAYS)


READERS: Mapping[Layout, Reader] = {
    Layout.LFW: lfw,
    Layout.VGGFACE2: vggface2,
    Layout.CELEBA: celeba,
    Layout.FAIRFACE: fairface,
    Layout.IMDB_WIKI: imdb_wiki,
}


@contextmanager
def as_documented(layout: str, folder: Path) -> Iterator[None]:
    """Raise SourceError where what is read here has another shape than the set's makers document."""
    try:
        yield
    except (OSError, ArithmeticError, LookupError, TypeError, ValueError, csv.Error) as error:
        raise SourceError(
            f"A label file in {folder} is not as {layout} documents it ({type(error).__name__}: {error}); get it again"
            " from the set's makers."
        ) from None


def _found(folder: Path, pattern: str) -> list[Path]:
    """What is there of that name, in the folder or in one below it."""
    return sorted([*folder.glob(pattern), *folder.glob(f"*/{pattern}")])


def _one(folder: Path, name: str) -> Path:
    found = _found(folder, name)
    if not found:
        raise SourceError(f"{name} is missing in {folder}; put the set's own label file there.")
    return found[0]


def _table(file: Path, *columns: str) -> Iterator[dict[str, str]]:
    """The rows of a CSV file that has these columns."""
    with file.open(encoding="utf-8-sig", newline="") as text:
        reader = csv.DictReader(text, skipinitialspace=True, strict=True)
        missing = {*columns} - {name.strip() for name in reader.fieldnames or ()}
        if missing:
            raise SourceError(f"{file} has no column {sorted(missing)[0]}; get it again from the set's makers.")
        for row in reader:
            if None in row or None in row.values():
                raise ValueError(f"{file.name}, line {reader.line_num} has another number of cells than its first")
            yield {name.strip(): cell.strip() for name, cell in row.items()}


def _columns(file: Path, *names: str) -> dict[str, list[str]]:
    """By file, the values of some columns: a line with their number, one with all names, then a line a file."""
    _, head, *rows = _lines(file)
    columns = [name for name in head.split() if name != "image_id"]
    places = [1 + columns.index(name) for name in names]
    return {(cells := row.split())[0]: [cells[place] for place in places] for row in rows}


def _lines(file: Path) -> list[str]:
    return [line for line in file.read_text(encoding="utf-8-sig").splitlines() if line.strip()]
