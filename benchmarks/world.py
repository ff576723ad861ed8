"""From a folder of a rendered world to a trained report, with the ordinary commands.

    python benchmarks/world.py WORLD CORPUS [--preset quick]

WORLD holds identities.csv (identity_id, name, gender, age_group, race, birth_year) and photos/ with one sub-folder for
each identity_id: what the search for that name gave, dirt included. truth.csv is not looked at.
"""

import argparse
import csv
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

from facecorpus.corpus import init_corpus
from facecorpus.demo.world import age_group_years
from facecorpus.manifest import AgeGroup, Gender, Identity, Race, write_manifest
from facecorpus.settings import Settings


def main() -> None:
    """Make the manifest and the corpus, then run crawl, review --auto, build and train-all."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("world", type=Path)
    parser.add_argument("corpus", type=Path)
    parser.add_argument("--preset", default="quick")
    options = parser.parse_args()
    if not (options.corpus / "corpus.toml").exists():
        begin(options.world, options.corpus)
    for command in (["crawl"], ["review", "--auto"], ["build"], ["train-all", "--preset", options.preset]):
        print(f"\n$ facecorpus {' '.join(command)} -C {options.corpus}", flush=True)
        subprocess.run([sys.executable, "-m", "facecorpus", *command, "-C", str(options.corpus)], check=True)


def begin(world: Path, folder: Path) -> None:
    """Make a corpus whose only source is the world's folder; nobody real is shown, so descriptors may be kept."""
    manifest = folder.with_name(f"{folder.name}-people.csv")
    folder.parent.mkdir(parents=True, exist_ok=True)
    with (world / "identities.csv").open(encoding="utf-8", newline="") as file:
        write_manifest(manifest, [_identity(row) for row in csv.DictReader(file)])
    defaults = Settings()
    crawl = replace(defaults.crawl, sources=("folder",), folder=str((world / "photos").absolute()))
    init_corpus(folder, manifest, replace(defaults, crawl=crawl, build=replace(defaults.build, embeddings=True)))


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
    main()
