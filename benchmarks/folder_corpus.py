"""A corpus whose only source is a folder of photographs, and the ordinary commands run on it."""

import argparse
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path

from stages import Stages

from facecorpus.corpus import init_corpus
from facecorpus.demo.world import age_group_years
from facecorpus.manifest import Identity, write_manifest
from facecorpus.settings import Settings
from facecorpus.words import AgeGroup, Gender, Race
from training import load_results
from training.report.facts import headline
from training.report.lines import averaged


def arguments(documentation: str, what: str) -> argparse.ArgumentParser:
    """A folder named `what`, and a corpus; what this does not know is for train-all."""
    parser = argparse.ArgumentParser(description=documentation, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(what, type=Path)
    parser.add_argument("corpus", type=Path)
    parser.add_argument("--preset", default="quick")
    return parser


def run(
    parser: argparse.ArgumentParser,
    begin: Callable[[Path, Path], None],
    judge: Callable[[Path, Path], None] = lambda source, corpus: None,
    make: Callable[[argparse.Namespace, Stages], None] = lambda options, stages: None,
) -> None:
    """Go all the way from the folder to a report, or on from where an earlier call was stopped; print what it took.

    `begin` makes the corpus of the folder, `judge` may look at what the automatic policy decided; both are given the
    folder and the corpus. `make` may make the folder before.
    """
    options, more = parser.parse_known_args()
    source, corpus = next(iter(vars(options).values())), options.corpus
    corpus.parent.mkdir(parents=True, exist_ok=True)
    stages = Stages(corpus.with_name(f"{corpus.name}-stages.csv"))
    make(options, stages)
    if not (corpus / "corpus.toml").exists():
        begin(source, corpus)
    name = Path(options.preset).stem
    train = ["train-all", "--preset", options.preset, "--name", name, *more]
    for command in (["crawl"], ["review", "--auto"], ["build"], train):
        stages.run(command[0], [sys.executable, "-m", "facecorpus", *command, "-C", str(corpus)], corpus)
        if command[0] == "review":
            judge(source, corpus)
    stages.show()
    print(f"\n{' '.join(headline(averaged(load_results(corpus / 'runs' / name))))}")


def person(row: Mapping[str, str], identity_id: str, born: int, source: str) -> Identity:
    """A person of a list, with the labels that it states; `source` says who stated them, where the row does not."""
    race, age_group = row["race"].lower().replace("-", "_"), row.get("age_group", "")
    first, last = _years(age_group, born) if age_group else (born + 19, None)
    return Identity(
        identity_id=identity_id,
        name=row["name"],
        wikipedia_title="",
        wikidata_id="",
        commons_category="",
        aliases=(),
        gender=Gender(row["gender"]) if row["gender"] else None,
        birth_date=str(born),
        race=Race(race) if race else None,
        age_group=AgeGroup(age_group) if age_group else None,
        photos_from=first,
        photos_until=last,
        gender_source=row.get("gender_source", source),
        race_source=row.get("race_source", source),
    )


def _years(age_group: str, born: int) -> tuple[int, int | None]:
    """The years in which photographs show somebody of that age group; None for until now."""
    first, last = age_group_years(age_group, born)
    return first, last if last <= date.today().year else None


def begin_corpus(folder: Path, people: Sequence[Identity], photos: Path, embeddings: bool = False) -> None:
    """Make the manifest beside the corpus, and the corpus."""
    manifest = folder.with_name(f"{folder.name}-people.csv")
    write_manifest(manifest, people)
    defaults = Settings()
    crawl = replace(defaults.crawl, sources=("folder",), folder=str(photos.absolute()))
    init_corpus(folder, manifest, replace(defaults, crawl=crawl, build=replace(defaults.build, embeddings=embeddings)))
