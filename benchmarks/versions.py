"""The disk that another version of a build takes, and what its publication sends.

    python benchmarks/versions.py PHOTOS [--faces 24000] [--verdicts 100] [--chunked] [--files 2000] [--folder DIR]

PHOTOS is a folder of JPEG files, used as benchmarks/build.py says. Version v1 has all faces; before v2, faces anywhere
are rejected; before v3, as many of a few people, as in a review that goes from person to person. A file that several
versions share counts for the first. w1 to w3 are the same without images. Each is published by huggingface_hub to a
double of the Hub, which counts what it receives, headers too: once with files sent whole (Git LFS), once by chunks
(Xet). With --chunked pyarrow ends pages where the content says so; --files is how many shards a build is cut into.
"""

import argparse
import os
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import ExitStack
from functools import partial
from pathlib import Path

import pyarrow.parquet as pq
from build import make_corpus

from facecorpus.build import layout
from facecorpus.corpus import Corpus
from facecorpus.pipeline import build_stage
from facecorpus.shards import shard_files

sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "helpers"))
from loopback_hub import HubDouble


def main() -> None:
    """Make the corpus and three versions, and print what each takes."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("photos", type=Path)
    parser.add_argument("--faces", type=int, default=24_000)
    parser.add_argument("--verdicts", type=int, default=100)
    parser.add_argument("--chunked", action="store_true", help="with use_content_defined_chunking of pyarrow")
    parser.add_argument("--files", type=int, default=layout._MOST_FILES, help="if all were full")
    parser.add_argument("--folder", type=Path, help="where to work (default: a temporary folder)")
    given = parser.parse_args()
    pq.ParquetWriter = partial(pq.ParquetWriter, use_content_defined_chunking=given.chunked)
    layout._MOST_FILES = given.files
    with tempfile.TemporaryDirectory(dir=given.folder) as scratch:
        corpus = make_corpus(Path(scratch) / "corpus", given.photos, given.faces)
        measure(corpus, given.verdicts)
        for kind, name in (("v", "with images"), ("w", "without images")):
            for xet in (False, True):
                publish(corpus, kind, xet, Path(scratch) / f"hub-{kind}-{xet}", name)


def publish(corpus: Corpus, kind: str, xet: bool, home: Path, name: str) -> None:
    """Publish the versions of a kind one after the other, and print what each sent."""
    home.mkdir()
    with ExitStack() as stack:
        hub = stack.enter_context(HubDouble(home, keep=False))
        environment = os.environ | hub.environment(home, xet)
        first = before = 0
        for number in (1, 2, 3):
            options = ["--with-images"] * (kind == "v")
            command = [sys.executable, "-m", "facecorpus", "publish", "me/faces", f"{kind}{number}", "--yes", *options]
            begun = time.monotonic()
            subprocess.run([*command, "-C", corpus.root], env=environment, check=True, capture_output=True)
            seconds = time.monotonic() - begun
            sent, before = hub.received.total() - before, hub.received.total()
            first = first or sent
            print(
                f"{kind}{number}, {name}, {'chunks' if xet else 'whole files'}: {sent / 1e6:.1f} MB sent,"
                f" {sent / first:.1%} of the first, {seconds:.0f} s; in all so far {dict(hub.received)}",
                flush=True,
            )


def measure(corpus: Corpus, verdicts: int) -> None:
    """Keep three versions, with images and without, and print one line for each."""
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
        build_stage(corpus, without_images=True, tag=tag.replace("v", "w"))
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
