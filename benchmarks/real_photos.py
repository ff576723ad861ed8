"""From a folder of real photographs to a trained report, with the ordinary commands.

    python benchmarks/real_photos.py PHOTOS CORPUS [--preset quick] [--seeds 1]

PHOTOS holds one sub-folder per person and labels.csv with the columns identity, name, gender, gender_source, race,
race_source, birth_year. Labels that are blank there stay "not stated"; where it has no column for their sources, an
editor made the list. The photographs are read, never copied
anywhere but into CORPUS. No age group is stated, as nobody knows when the photographs were taken.
"""

import csv
from pathlib import Path

from folder_corpus import begin_corpus, run

from facecorpus.manifest import Gender, Identity, Race

EDITOR = "the list's editor"

# Where the list has no year of birth: the public biographies' one.
BIRTH_YEARS = {
    "dwayne_johnson": 1972,
    "gong_yoo": 1979,
    "kevin_hart": 1979,
    "mary_kom": 1982,
    "virat_kohli": 1988,
}


def begin(photos: Path, folder: Path) -> None:
    """Make a corpus whose only source is the folder of photographs."""
    begin_corpus(folder, people(photos / "labels.csv"), photos)


def people(labels: Path) -> list[Identity]:
    """The people of a labels.csv; whoever has no known year of birth may have been a minor and is left out."""
    with labels.open(encoding="utf-8", newline="") as file:
        rows = {row["identity"]: row for row in csv.DictReader(file)}
    found = []
    for identity_id, row in rows.items():
        born = int(row["birth_year"] or 0) or BIRTH_YEARS.get(identity_id)
        if born is None:
            print(f"{row['name']} is left out: without a year of birth nobody can say that no minor is shown.")
            continue
        found.append(_identity(row, born))
    return found


def _identity(row: dict[str, str], born: int) -> Identity:
    race = row["race"].lower().replace("-", "_")
    return Identity(
        identity_id=row["identity"],
        name=row["name"],
        wikipedia_title="",
        wikidata_id="",
        commons_category="",
        aliases=(),
        gender=Gender(row["gender"]) if row["gender"] else None,
        birth_date=str(born),
        race=Race(race) if race else None,
        age_group=None,
        photos_from=born + 19,
        photos_until=None,
        gender_source=row.get("gender_source", EDITOR),
        race_source=row.get("race_source", EDITOR),
    )


if __name__ == "__main__":
    run(__doc__ or "", "photos", begin, last=[["status"]])
