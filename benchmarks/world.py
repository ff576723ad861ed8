"""From a folder of a rendered world to a trained report, with the ordinary commands.

    python benchmarks/world.py WORLD CORPUS [--preset quick] [--seeds 1]

WORLD holds identities.csv (identity_id, name, gender, age_group, race, birth_year) and photos/ with one sub-folder for
each identity_id: what the search for that name gave, dirt included. Nothing looks at truth.csv but the table that says,
after the automatic policy, how many of the kept faces are right, by kind of file. Other options go to train-all, and
the run is named like the preset. Stopped, it goes on when it is begun again.

The publication as it is stated, with 24,000 photographs of 77 people, is

    python benchmarks/world.py WORLD CORPUS --render "PYTHON render.py" --preset paper --protocol paper --full-schedule

where the command makes such a folder and takes the options --out, --seed, --photos-per-identity, --noise, --size,
--largest, --quality and --identities. WORLD is rendered first, a few people at a time.
"""

import argparse
import csv
import shlex
import shutil
from pathlib import Path
from urllib.parse import unquote, urlsplit

from folder_corpus import arguments, begin_corpus, person, run
from stages import Stages

from facecorpus.corpus import Corpus
from facecorpus.demo.score import score_review, show
from facecorpus.demo.world import Truth

PEOPLE = 77
AT_ONCE = 7  # people whom one call of the renderer makes
LOOKS = ("--seed", "1610", "--noise", "0.25", "--size", "370", "--largest", "640", "--quality", "-10")


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


def render(options: argparse.Namespace, stages: Stages) -> None:
    """Make the world where that is asked for and it is not there: in parts, so that it can be stopped."""
    world, parts = options.world, options.world.with_name(f"{options.world.name}-parts")
    if options.render is None or (world / "identities.csv").exists():
        return
    made = [parts / str(first) for first in range(1, PEOPLE + 1, AT_ONCE)]
    for part in made:
        if (part / "identities.csv").exists():  # the last that is written
            continue
        first = int(part.name)
        who = ",".join(map(str, range(first, min(first + AT_ONCE, PEOPLE + 1))))
        many = ("--photos-per-identity", str(options.photographs), "--identities", who)
        part.mkdir(parents=True, exist_ok=True)
        stages.run("render", [*shlex.split(options.render), "--out", str(part), *LOOKS, *many], parts)
    (world / "photos").mkdir(parents=True, exist_ok=True)
    for album in parts.glob("*/photos/*"):
        album.rename(world / "photos" / album.name)
    head, *_ = (made[0] / "truth.csv").read_text(encoding="utf-8").splitlines()
    rows = [row for part in made for row in (part / "truth.csv").read_text(encoding="utf-8").splitlines()[1:]]
    (world / "truth.csv").write_text("\n".join([head, *sorted(rows), ""]), encoding="utf-8")
    shutil.copyfile(made[0] / "identities.csv", world / "identities.csv")
    shutil.rmtree(parts)


def begin(world: Path, folder: Path) -> None:
    """Make a corpus of the world's people; nobody real is shown, so descriptors may be kept."""
    with (world / "identities.csv").open(encoding="utf-8", newline="") as file:
        people = [person(row, row["identity_id"], int(row["birth_year"]), "invented") for row in csv.DictReader(file)]
    begin_corpus(folder, people, world / "photos", embeddings=True)


def judge(world: Path, corpus: Path) -> None:
    """Print what the automatic policy kept and lost, by kind of file."""
    show(score_review(Corpus(corpus), FolderWorld(world)))


if __name__ == "__main__":
    parser = arguments(__doc__ or "", "world")
    parser.add_argument("--render", metavar="COMMAND", help="makes the world where there is none")
    parser.add_argument("--photographs", type=int, default=312, help="of each person that is rendered")
    run(parser, begin, judge, render)
