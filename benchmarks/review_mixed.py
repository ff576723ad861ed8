"""A corpus in which wrong people stand among the right ones, and the truth about it, for review_effort.py.

    python benchmarks/review_mixed.py demo CORPUS                  the packaged, invented world
    python benchmarks/review_mixed.py photos CORPUS --photos DIR [--seed N]   real ones, wrong people mixed in

The demo's world has its own dirt, and its truth says whom each picture shows. Of DIR (one sub-folder per person and
labels.csv) every eighth photograph is handed to another person, and all of every tenth person's, who is then a stranger
to the corpus: most wrong people in life are in no manifest. The photographs are copied beside CORPUS and nowhere else.
Which ones it hits is drawn anew by --seed. Their truth is the folder's, but for the faces that photos_seen.csv (see
rank_fit.py) knows to be somebody else's or none.
"""

import argparse
import csv
import hashlib
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from people77 import begin
from rank_fit import NOBODY, read_seen, seen_as

from facecorpus.catalog import Catalog
from facecorpus.corpus import Corpus
from facecorpus.demo import run
from facecorpus.demo.score import shown_in
from facecorpus.demo.world import DemoWorld

EXCHANGED = 8  # every so many-th photograph is handed to another person
STRANGERS = 10  # every so many-th person is in no manifest


def main() -> None:
    """Make the corpus and fetch, examine and rank its faces."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("kind", choices=("demo", "photos"))
    parser.add_argument("corpus", type=Path)
    parser.add_argument("--photos", type=Path)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    if options.kind == "demo":
        demo(options.corpus)
    elif options.photos is None:
        parser.error("photos needs --photos DIR")
    else:
        photos(options.photos, options.corpus, options.seed)


def demo(folder: Path) -> None:
    """The demo's first half: its web on loopback, init and crawl."""
    world = DemoWorld()
    with run._server(world, None) as server:
        run._begin(folder, world, server)
        run._run("crawl", "-C", str(folder))


def photos(source: Path, folder: Path, seed: int) -> None:
    """Mix the people of a folder of photographs, and crawl what comes of it."""
    mixed = folder.with_name(f"{folder.name}-mixed")
    if not mixed.exists():
        mix(source, mixed, seed)
    begin(mixed, folder)
    subprocess.run([sys.executable, "-m", "facecorpus", "crawl", "-C", str(folder)], check=True)


def mix(source: Path, mixed: Path, seed: int) -> None:
    """Copy the photographs of `source` under the names of people whom they need not show; truth.csv says whom."""
    people = sorted(path.name for path in source.iterdir() if path.is_dir())
    strangers = set(people[(STRANGERS // 2 + seed) % STRANGERS :: STRANGERS])
    listed = [person for person in people if person not in strangers]
    rows = []
    for person in people:
        for file in sorted((source / person).iterdir()):
            number = int.from_bytes(hashlib.sha256(f"{seed} {file.name}".encode()).digest()[:8])
            others = [other for other in listed if other != person]
            exchanged = person in strangers or number % EXCHANGED == 0
            under = others[number // EXCHANGED % len(others)] if exchanged else person
            (mixed / under).mkdir(parents=True, exist_ok=True)
            shutil.copyfile(file, mixed / under / file.name)
            rows.append((under, file.name, person))
    with (mixed / "truth.csv").open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([("query_identity", "file", "true_identity"), *rows])
    with (source / "labels.csv").open(encoding="utf-8", newline="") as file:
        labels = [row for row in csv.reader(file) if row[1] not in strangers]
    with (mixed / "labels.csv").open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows(labels)


class Truth:
    """Whether a face is the person's on whose page it is shown."""

    def __init__(self, corpus: Corpus) -> None:
        table = corpus.root.with_name(f"{corpus.root.name}-mixed") / "truth.csv"
        self._world = None if table.exists() else DemoWorld()
        self._shown: Mapping[tuple[str, str], str] = {}
        self._seen = read_seen()
        if table.exists():
            with table.open(encoding="utf-8", newline="") as file:
                rows = csv.DictReader(file)
                self._shown = {(row["query_identity"], row["file"]): row["true_identity"] for row in rows}

    def right(self, catalog: Catalog, identity_id: str, face_ids: Sequence[str]) -> dict[str, bool]:
        """By face_id."""
        found = {}
        for face in catalog.review.details(face_ids, identity_id):
            if self._world is None:
                own = self._shown[identity_id, face.title] == identity_id
                found[face.face_id] = own and seen_as(self._seen, face.photo_sha256, face.box) != NOBODY
            else:
                row = self._world.truth_of(self._world.file_of_url(face.page_url) or "")
                found[face.face_id] = shown_in(row, face.box) == identity_id
        return found


if __name__ == "__main__":
    main()
