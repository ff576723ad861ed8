"""The disk that another version of a build takes.

    python benchmarks/versions.py PHOTOS [--faces 24000] [--verdicts 100] [--folder DIR]

PHOTOS is a folder of JPEG files, used as benchmarks/build.py says. Version v1 has all faces; before v2, faces anywhere
are rejected; before v3, as many of a few people, as in a review that goes from person to person. A file that several
versions share counts for the first.
"""

import argparse
import random
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from build import make_corpus

from facecorpus.corpus import Corpus
from facecorpus.pipeline import build_stage
from facecorpus.shards import shard_files


def main() -> None:
    """Make the corpus and three versions, and print what each takes."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("photos", type=Path)
    parser.add_argument("--faces", type=int, default=24_000)
    parser.add_argument("--verdicts", type=int, default=100)
    parser.add_argument("--folder", type=Path, help="where to work (default: a temporary folder)")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=given.folder) as scratch:
        corpus = make_corpus(Path(scratch) / "corpus", given.photos, given.faces)
        measure(corpus, given.verdicts)


def measure(corpus: Corpus, verdicts: int) -> None:
    """Keep three versions, and print one line for each."""
    with corpus.catalog() as catalog:
        faces = [(face.face_id, face.identity_id) for face in catalog.faces.accepted()]
    anywhere = random.Random(0).sample(faces, verdicts)
    near = [face for face in faces if face not in anywhere][:verdicts]
    seen: set[int] = set()
    first = 0
    for tag, rejected in (("v1", []), ("v2", anywhere), ("v3", near)):
        _reject(corpus, rejected)
        begun = time.monotonic()
        summary = build_stage(corpus, tag=tag)
        seconds = time.monotonic() - begun
        files = [path for path in (corpus.versions / tag).rglob("*") if path.is_file()]
        new = sum(path.stat().st_blocks * 512 for path in files if path.stat().st_ino not in seen)
        seen |= {path.stat().st_ino for path in files}
        first = first or new
        people = len({person for _, person in rejected})
        print(
            f"{tag}: {len(rejected)} faces of {people} people rejected; {summary.faces} faces,"
            f" {summary.shards_written} of {len(shard_files(corpus.shards))} shards written, {new / 1e6:.1f} MB more"
            f" on disk, {new / first:.1%} of the first, {seconds:.0f} s",
            flush=True,
        )


def _reject(corpus: Corpus, faces: Sequence[tuple[str, str]]) -> None:
    with corpus.catalog() as catalog:
        for face_id, person in faces:
            catalog.decisions.add([face_id], identity_id=person, reviewer="me", verdict="reject")


if __name__ == "__main__":
    main()
