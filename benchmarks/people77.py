"""From a folder of real photographs to a trained report, with the ordinary commands.

    python benchmarks/people77.py PHOTOS CORPUS [--preset quick] [--seeds 3]

PHOTOS holds one sub-folder per person and labels.csv with the columns identity, name, gender, race, birth_year and, if
there are such, age_group, gender_source, race_source. Labels that are blank or without a column stay "not stated";
where there is no source of them, an editor made the list. The photographs are read, never copied anywhere but into
CORPUS. Other options go to train-all, and the run is named like the preset. Stopped, it goes on when it is begun again.
Prints minutes, memory and disk of each stage, and the report's sentence.
"""

import csv
from pathlib import Path

from folder_corpus import arguments, begin_corpus, person, run

from facecorpus.manifest import Identity

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
        found.append(person(row, identity_id, born, EDITOR))
    return found


if __name__ == "__main__":
    run(arguments(__doc__ or "", "photos"), begin)
