"""pictures.csv: which files of a folder show whom, where no sub-folder says so. `facecorpus import` writes it."""

import csv
from collections.abc import Iterable
from dataclasses import astuple, dataclass, fields
from io import StringIO
from pathlib import Path, PurePosixPath

from facecorpus.errors import SourceError


@dataclass(frozen=True, slots=True)
class ListedFile:
    """A picture of a person."""

    identity_id: str
    picture: str  # its path below the folder, with /
    taken_on: str = ""  # ISO 8601, may be cut to the year
    box: str = ""  # x,y,width,height in pixels of where the face is said to be


def written(files: Iterable[ListedFile]) -> bytes:
    """The list as a file."""
    text = StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(field.name for field in fields(ListedFile))
    writer.writerows(astuple(file) for file in files)
    return text.getvalue().encode()


def read(path: Path) -> dict[str, list[ListedFile]]:
    """The files of each person, in the list's order. Raises SourceError for what is no such list."""
    listed: dict[str, list[ListedFile]] = {}
    expected = f"expected a CSV file with the columns {', '.join(field.name for field in fields(ListedFile))}"
    try:
        with path.open(encoding="utf-8", newline="") as text:
            for number, row in enumerate(csv.DictReader(text, strict=True), 2):
                if row.keys() != {field.name for field in fields(ListedFile)} or None in row.values():
                    raise SourceError(f"{path}, line {number}: {expected}; import the set again.")
                if not is_below(row["picture"]):
                    raise SourceError(
                        f"{path}, line {number}: {row['picture'][:80]!r} is no path below the folder; take it out."
                    )
                listed.setdefault(row["identity_id"], []).append(ListedFile(**row))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise SourceError(f"{path} cannot be read ({error}); {expected}.") from None
    return listed


def is_below(picture: str) -> bool:
    """Whether a path that somebody wrote stays below the folder that it is for."""
    path = PurePosixPath(picture)
    return bool(path.parts) and not path.is_absolute() and ".." not in path.parts and picture.isprintable()
