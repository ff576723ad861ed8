"""What the seals of the catalog's rows cost: CPU time of the commonest writes, with and without their triggers.

python benchmarks/seals.py [--rows 20000]
"""

import argparse
import hashlib
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "helpers"))

from build_corpus import ready_corpus
from people import face

from facecorpus.records import Candidate, Download
from facecorpus.words import Outcome


def main() -> None:
    """Measure both, and print them side by side."""
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--rows", type=int, default=20_000)
    rows = arguments.parse_args().rows
    plain, sealed = measured(rows, sealed=False), measured(rows, sealed=True)
    print(f"{'microseconds a row':<24}{'plain':>8}{'sealed':>8}")
    for what, took in plain.items():
        print(f"{what:<24}{took:>8.0f}{sealed[what]:>8.0f}")


def measured(rows: int, *, sealed: bool) -> dict[str, float]:
    """CPU microseconds a row, by what is written or read."""
    took: dict[str, float] = {}

    @contextmanager
    def timed(what: str, count: int) -> Iterator[None]:
        begun = time.process_time()
        yield
        took[what] = (time.process_time() - begun) / count * 1e6

    with tempfile.TemporaryDirectory() as folder, ready_corpus(Path(folder) / "c", []).catalog() as catalog:
        if not sealed:
            names = catalog.query("SELECT name FROM sqlite_master WHERE name GLOB '*_is_sealed*'").fetchall()
            for (name,) in names:
                catalog.query(f"DROP TRIGGER {name}")
        urls = [f"https://pictures.example/{number}" for number in range(rows)]
        photographs = [hashlib.sha256(url.encode()).hexdigest() for url in urls[: rows // 4]]
        with timed("candidate proposed", rows):
            catalog.candidates.propose([Candidate("ada", "commons", url, title="A portrait") for url in urls])
        with timed("candidate fetched", len(photographs)), catalog.transaction():
            for url, sha256 in zip(urls, photographs, strict=False):
                download = Download(url, "2026-01-01", 0.1, 200, Outcome.STORED, bytes=5)
                catalog.candidates.record(download, "image/png", sha256)
        with timed("photograph analysed", len(photographs)), catalog.transaction():
            for sha256 in photographs:
                catalog.photos.analysed(sha256, width=1, height=1, taken_on=None, phash=bytes(32), faces=[face(sha256)])
        faces = [f"{sha256[:24]}-0" for sha256 in photographs]
        with timed("face assigned", len(faces)):
            catalog.faces.assign(dict.fromkeys(faces, "ada"))
        with timed("verdict", 300):
            for face_id in faces[:300]:
                catalog.decisions.add([face_id], identity_id="ada", reviewer="me", verdict="accept")
        with timed("row checked by verify", 2 * rows):
            catalog.checks.broken_rows()
    return took


if __name__ == "__main__":
    main()
