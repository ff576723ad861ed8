"""Measure what a catalog of many faces takes of time and memory: who stands for whom, duplicates, ranking.

    python benchmarks/scale_faces.py SMALL FOLDER --times 20 [--only subjects duplicates ranking]

FOLDER is made where it is not there: the catalog of the corpus SMALL so many times over. Each copy has people,
photographs and faces of its own: every descriptor of a copy is shifted by one random vector (by so much as two people
differ), and the bits of its hashes are flipped at the same random places, so that copies within it stay copies and no
two copies are alike. There are no pictures: proposed pairs of photographs are looked for, but not compared by pixels.
"""

import argparse
import hashlib
import os
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from facecorpus.corpus import Corpus, init_corpus
from facecorpus.manifest import write_manifest

TABLES = ("photo", "candidate", "face")
MADE_ANEW = ("candidate_id", "seal", "cluster_id", "kept")
"""Columns that the catalog fills, and those that dedup does."""
APART = 0.6
"""Length of the shift between two copies' descriptors."""
STAGES = {
    "subjects": "from facecorpus.engines.find_faces import assign_subjects\ndef stage(corpus):\n"
    "    with corpus.catalog() as catalog: assign_subjects(catalog)",
    "duplicates": "from facecorpus.dedup.stage import find_duplicates as stage",
    "ranking": "from facecorpus.judging.rank import rank_faces as stage",
}
MOST_NUMBERS = 4096
"""Of a descriptor, and bytes of a hash."""


def main() -> None:
    """Make the corpus where there is none; run the commands, and print what they took."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("small", type=Path)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--times", type=int, default=20)
    parser.add_argument("--only", nargs="+", default=list(STAGES), choices=STAGES)
    asked = parser.parse_args()
    if not (asked.folder / "catalog.sqlite").exists():
        fill(Corpus(asked.small), asked.folder, asked.times)
    with Corpus(asked.folder).catalog() as catalog:
        faces, photographs = catalog.photos.counts()["faces"], catalog.photos.count()
    size = (asked.folder / "catalog.sqlite").stat().st_size
    print(f"{faces:,} faces, {photographs:,} photographs, catalog of {size / 1e6:,.0f} MB")
    for stage in asked.only:
        seconds, cpu, memory = run(stage, asked.folder)
        print(f"{stage:10} {seconds:8.1f} s  {cpu:8.1f} CPU s  {memory:6.0f} MB, {1000 * memory / faces:.2f} KB a face")


def fill(small: Corpus, folder: Path, times: int) -> None:
    """Copy the small corpus's people, photographs and faces so many times over."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    people = [
        replace(person, identity_id=f"{person.identity_id}-{number}", name=f"{person.name} {number}", wikidata_id="")
        for number in range(times)
        for person in small.manifest.identities
    ]
    with tempfile.TemporaryDirectory() as scratch:
        write_manifest(Path(scratch) / "manifest.csv", people)
        corpus = init_corpus(folder, Path(scratch) / "manifest.csv", small.settings)
    with closing(sqlite3.connect(small.root / "catalog.sqlite")) as connection:
        connection.row_factory = sqlite3.Row
        tables = {table: connection.execute(f"SELECT * FROM {table}").fetchall() for table in TABLES}
    with corpus.catalog() as catalog:
        for number in range(times):
            with catalog.transaction() as copy:
                for table, rows in tables.items():
                    names = [name for name in dict(rows[0]) if name not in MADE_ANEW]
                    put = f"INSERT INTO {table} ({', '.join(names)}) VALUES ({', '.join('?' * len(names))})"
                    copy.executemany(put, copies(rows, names, number))


def copies(rows: Sequence[sqlite3.Row], names: Sequence[str], number: int) -> Iterator[list[object]]:
    """The rows as they are in one copy; other columns stay."""
    dice = np.random.default_rng(number)
    shift = dice.standard_normal(MOST_NUMBERS)
    flips = dice.bytes(MOST_NUMBERS)
    for row in rows:
        yield [row[name] if row[name] is None else of_copy(name, row[name], number, shift, flips) for name in names]


def of_copy(name: str, value: Any, number: int, shift: NDArray[np.float64], flips: bytes) -> object:
    """What a value of that column is in one copy."""
    match name:
        case "identity_id" | "url" | "file_id":
            return value and f"{value}-{number}"
        case "sha256" | "photo_sha256":
            return sha256_of(value, number)
        case "face_id":  # is named after its photograph
            return sha256_of(value[:24], number)[:24] + value[24:]
        case "phash" | "dhash":
            return bytes(one ^ other for one, other in zip(value, flips, strict=False))
        case "embedding":
            descriptor = np.frombuffer(value, np.float32)
            moved = shift[: len(descriptor)]
            return (descriptor + APART * moved / np.linalg.norm(moved)).astype(np.float32).tobytes()
    return value


def sha256_of(value: str, number: int) -> str:
    """Another name for each copy; of a face's photograph only the first 24 digits are known."""
    return hashlib.sha256(f"{value[:24]}-{number}".encode()).hexdigest()


def run(stage: str, folder: Path) -> tuple[float, float, float]:
    """Wall seconds, CPU seconds and peak memory in MB of one stage in a process of its own."""
    program = f"import sys; from facecorpus.corpus import locked_corpus; {STAGES[stage]}\n"
    program += "with locked_corpus(sys.argv[1]) as corpus: print(stage(corpus), file=sys.stderr)"
    begun = time.monotonic()
    process = subprocess.Popen([sys.executable, "-c", program, str(folder)])
    _, status, usage = os.wait4(process.pid, 0)
    assert status == 0, f"{stage} ended with {status}"
    return time.monotonic() - begun, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1000


if __name__ == "__main__":
    main()
