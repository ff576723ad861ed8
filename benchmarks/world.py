"""From a folder of a rendered world to a trained report, with the ordinary commands.

    python benchmarks/world.py WORLD CORPUS [--preset quick]

WORLD holds identities.csv (identity_id, name, gender, age_group, race, birth_year) and photos/ with one sub-folder for
each identity_id: what the search for that name gave, dirt included. truth.csv is not looked at.
"""

import csv
from pathlib import Path

from folder_corpus import begin_corpus, run

from facecorpus.demo.world import age_group_years
from facecorpus.manifest import AgeGroup, Gender, Identity, Race


def begin(world: Path, folder: Path) -> None:
    """Make a corpus of the world's people; nobody real is shown, so descriptors may be kept."""
    with (world / "identities.csv").open(encoding="utf-8", newline="") as file:
        people = [_identity(row) for row in csv.DictReader(file)]
    begin_corpus(folder, people, world / "photos", embeddings=True)


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
    run(__doc__ or "", "world", begin)
