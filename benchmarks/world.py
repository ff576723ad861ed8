"""From a folder of a rendered world to a trained report, with the ordinary commands.

    python benchmarks/world.py WORLD CORPUS [--preset quick] [--seeds 1]

WORLD holds identities.csv (identity_id, name, gender, age_group, race, birth_year) and photos/ with one sub-folder for
each identity_id: what the search for that name gave, dirt included. Nothing looks at truth.csv but the table that says,
after the automatic policy, how many of the kept faces are right, by kind of file.
"""

import csv
from pathlib import Path
from urllib.parse import unquote, urlsplit

from folder_corpus import begin_corpus, run

from facecorpus.corpus import Corpus
from facecorpus.demo.score import score_review, show
from facecorpus.demo.world import Truth, age_group_years
from facecorpus.manifest import AgeGroup, Gender, Identity, Race


class FolderWorld:
    """The truth about the files of a world, which the source `folder` proposes by their paths."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder.absolute()
        with (folder / "truth.csv").open(encoding="utf-8", newline="") as file:
            self.truth = tuple(map(Truth.of_row, csv.DictReader(file)))
        self._by_file = {row.file: row for row in self.truth}

    def truth_of(self, file: str) -> Truth:
        """What a file shows."""
        return self._by_file[file]

    def file_of_url(self, url: str) -> str | None:
        """The file that a file: address names."""
        path = Path(unquote(urlsplit(url).path))
        return path.relative_to(self.folder).as_posix() if path.is_relative_to(self.folder) else None


def begin(world: Path, folder: Path) -> None:
    """Make a corpus of the world's people; nobody real is shown, so descriptors may be kept."""
    with (world / "identities.csv").open(encoding="utf-8", newline="") as file:
        people = [_identity(row) for row in csv.DictReader(file)]
    begin_corpus(folder, people, world / "photos", embeddings=True)


def judge(world: Path, corpus: Path) -> None:
    """Print what the automatic policy kept and lost, by kind of file."""
    show(score_review(Corpus(corpus), FolderWorld(world)))


def _identity(row: dict[str, str]) -> Identity:
    first, last = age_group_years(row["age_group"], int(row["birth_year"]))
    return Identity(
        identity_id=row["identity_id"],
        name=row["name"],
        wikipedia_title="",
        wikidata_id="",
        commons_category="",
        aliases=(),
        gender=Gender(row["gender"]),
        birth_date=row["birth_year"],
        race=Race(row["race"]),
        age_group=AgeGroup(row["age_group"]),
        photos_from=first,
        photos_until=last,
        gender_source="invented",
        race_source="invented",
    )


if __name__ == "__main__":
    run(__doc__ or "", "world", begin, judge)
