"""Time the build beside the plain write of the same bytes and Hugging Face `datasets` writing the same table.

    python benchmarks/build.py PHOTOS [--faces 24000] [--folder DIR]

PHOTOS is a folder of JPEG files (any depth). From them a corpus of N photographs is made: files are used again with
some bytes after their end, which no decoder reads, and each has one face at a place of its own, so that no two crops
are alike. Needs `pip install datasets`, and about 150 kB of disk for a face.

Rows: the whole build (cut, write, search for leaks, checksums); a build with nothing changed; a build after one
rejected face; then, with the crops given, our writer and `Dataset.from_generator(…).to_parquet(…)` in turn, and the
bytes alone into one file, each with fsync. Seconds of wall time and of CPU, ours with its worker processes.
"""

import argparse
import hashlib
import os
import random
import resource
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from facecorpus.build.plan import plan_build
from facecorpus.build.schema import shard_schema
from facecorpus.build.shards import Values, row_values, write_shard
from facecorpus.build.stage import BuildSummary, build_shards
from facecorpus.catalog import Catalog
from facecorpus.corpus import Corpus, init_corpus
from facecorpus.errors import PictureError
from facecorpus.faces.decode import decode
from facecorpus.faces.embed import DLIB
from facecorpus.manifest import Identity, write_manifest
from facecorpus.pictures import picture_size
from facecorpus.records import Candidate, Download, Face
from facecorpus.shards import shard_files
from facecorpus.words import AgeGroup, Gender, Outcome, Race

PEOPLE = 77
ROUNDS = 3
FACE = np.array([[0.5, -0.3], [0.2, -0.3], [-0.5, -0.3], [-0.2, -0.3], [0, 0.5]])
"""Corners of the eyes and the nose, about; times half the width of a face."""


@dataclass(frozen=True)
class Time:
    """What something took."""

    wall: float
    cpu: float


def main() -> None:
    """Make the corpus, then print one line for each thing measured."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("photos", type=Path)
    parser.add_argument("--faces", type=int, default=24_000)
    parser.add_argument("--folder", type=Path, help="where to work (default: a temporary folder)")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=arguments.folder) as scratch:
        measure(make_corpus(Path(scratch) / "corpus", arguments.photos, arguments.faces), Path(scratch))


def measure(corpus: Corpus, scratch: Path) -> None:
    """Print what each thing took; of the writers the fastest of some rounds, in which they take turns."""
    whole = timed(lambda: build_shards(corpus))
    shards = sorted(shard_files(corpus.shards))
    print(f"{sum(map(rows_of, shards))} faces, {sum(map(size_of, shards)) / 1e6:.0f} MB in {len(shards)} shards")
    print(f"{'':44}{'wall s':>9}{'CPU s':>9}")
    show("whole build", whole)
    show("nothing changed", timed(lambda: build_shards(corpus)))
    reject_one(corpus)
    summaries: list[BuildSummary] = []
    again = timed(lambda: summaries.append(build_shards(corpus)))
    show(f"one face rejected ({summaries[0].shards_written} of {summaries[0].shards} shards written)", again)

    rows, schema = pictured(corpus), shard_schema([one.identity_id for one in corpus.manifest.identities])
    data = [row["image"]["bytes"] for row in rows]
    times: dict[str, list[Time]] = {"the bytes alone, one file": [], "our writer": [], "datasets": []}
    for _ in range(ROUNDS):
        for name, write in (
            ("the bytes alone, one file", lambda: write_bytes(data, scratch / "bytes")),
            ("our writer", lambda: write_shard(scratch / "ours.parquet", rows, schema)),
            ("datasets", lambda: write_theirs(rows, schema, scratch / "theirs")),
        ):
            times[name].append(timed(write))
    best = {name: min(taken, key=lambda one: one.wall) for name, taken in times.items()}
    for name, took in best.items():
        show(name, took)
    floor, ours, theirs = best.values()
    print(f"datasets : our writer        {theirs.wall / ours.wall:5.1f} × wall {theirs.cpu / ours.cpu:6.1f} × CPU")
    print(f"our writer : the bytes alone {ours.wall / floor.wall:5.1f} × wall {ours.cpu / floor.cpu:6.1f} × CPU")


def show(what: str, took: Time) -> None:
    """One line of the table."""
    print(f"{what:44}{took.wall:9.2f}{took.cpu:9.2f}", flush=True)


def timed(work: Callable[[], object]) -> Time:
    """Wall time, and CPU time of this process and of those that it has started and that have ended."""
    begun, cpu = time.perf_counter(), cpu_seconds()
    work()
    return Time(time.perf_counter() - begun, cpu_seconds() - cpu)


def cpu_seconds() -> float:
    """User and system time so far."""
    usages = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(usage.ru_utime + usage.ru_stime for usage in usages)


def write_bytes(pictures: list[bytes], path: Path) -> None:
    """The floor: nothing but the pictures, on disk."""
    with path.open("wb") as file:
        file.writelines(pictures)
        file.flush()
        os.fsync(file.fileno())


def write_theirs(rows: list[Values], schema: pa.Schema, folder: Path) -> None:
    """The same table as a user of `datasets` writes it."""
    import datasets

    def generate() -> Iterator[dict[str, object]]:
        yield from rows

    datasets.disable_progress_bars()
    # A fingerprint keeps `datasets` from pickling all rows for one of its own.
    made = datasets.Dataset.from_generator(
        generate,
        features=datasets.Features.from_arrow_schema(schema),
        cache_dir=str(folder / "cache"),
        fingerprint="0123456789abcdef",
    )
    made.to_parquet(folder / "theirs.parquet")
    with (folder / "theirs.parquet").open("rb") as file:
        os.fsync(file.fileno())
    shutil.rmtree(folder)


def pictured(corpus: Corpus) -> list[Values]:
    """The rows of the corpus with their crops, as the shards have them."""
    crops: dict[str, bytes] = {}
    for path in shard_files(corpus.shards):
        table = pq.read_table(path, columns=["face_id", "image"])
        for face_id, image in zip(table["face_id"].to_pylist(), table["image"].to_pylist(), strict=True):
            crops[face_id] = image["bytes"]
    with corpus.catalog() as catalog:
        plan = plan_build(catalog.faces.accepted(), {}, corpus.manifest, corpus.settings)
    return [row_values(row, crops[row.face.face_id]) for row in plan.rows]


def rows_of(path: Path) -> int:
    """Rows of a shard."""
    return int(pq.read_metadata(path).num_rows)


def size_of(path: Path) -> int:
    """Bytes of a shard."""
    return path.stat().st_size


def reject_one(corpus: Corpus) -> None:
    """A reviewer changes their mind about one face."""
    with corpus.catalog() as catalog:
        face = next(iter(catalog.faces.accepted()))
        catalog.decisions.add([face.face_id], identity_id=face.identity_id, reviewer="me", verdict="reject")


def make_corpus(root: Path, photos: Path, faces: int) -> Corpus:
    """A corpus of that many photographs with one accepted face each, ready to build."""
    files = sorted(photos.rglob("*.jpg"))
    sources = [data for path in files[:faces] if is_whole(data := path.read_bytes())]
    manifest = root.with_suffix(".csv")
    write_manifest(manifest, [person(number) for number in range(PEOPLE)])
    corpus = init_corpus(root, manifest)
    draw = random.Random(0)
    with corpus.catalog() as catalog, catalog.transaction():
        accepted: dict[str, list[str]] = {}
        for number in range(faces):
            data = sources[number % len(sources)] + number.to_bytes(4)
            sha256 = hashlib.sha256(data).hexdigest()
            path = corpus.photos.path(sha256)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)  # not through the store, whose fsync for each takes longer than all the rest
            identity_id = f"person{number % PEOPLE}"
            add_face(catalog, identity_id, f"https://host.example/{number}.jpg", data, sha256, draw)
            accepted.setdefault(identity_id, []).append(f"{sha256[:24]}-0")
        catalog.faces.assign({face: name for name, names in accepted.items() for face in names})
        for identity_id, names in accepted.items():
            catalog.decisions.add(names, identity_id=identity_id, reviewer="me", verdict="accept")
    os.sync()
    return corpus


def is_whole(data: bytes) -> bool:
    """Whether the file is a picture that can be used."""
    try:
        return decode(data, 80_000_000).picture.size > 0
    except PictureError:
        return False


def add_face(catalog: Catalog, identity_id: str, url: str, data: bytes, sha256: str, draw: random.Random) -> None:
    """One photograph with one face at a random place, turned by a random angle."""
    width, height = picture_size(data)
    catalog.candidates.propose(
        [Candidate(identity_id, "commons", url, url, title="A photograph", licence="CC BY 4.0", author="Somebody")]
    )
    catalog.candidates.record(Download(url, "2026-01-01", 0.1, 200, Outcome.STORED), "image/jpeg", sha256)
    angle, scale = draw.uniform(0, 2 * np.pi), min(width, height) * draw.uniform(0.15, 0.3)
    turn = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
    centre = np.array([width * draw.uniform(0.3, 0.7), height * draw.uniform(0.3, 0.7)])
    points = (FACE @ turn * scale + centre).astype(np.float32)
    left, top = points.min(axis=0)
    side = float(np.ptp(points, axis=0).max())
    face = Face(
        face_id=f"{sha256[:24]}-0",
        photo_sha256=sha256,
        box=(float(left), float(top), side, side),
        landmarks=points,
        detector="hog",
        score=draw.random(),
        embedding=np.zeros(128, np.float32),
        descriptor=DLIB,
        sharpness=draw.uniform(0, 500),
        brightness=120,
        contrast=40,
        yaw=0,
        phash=bytes(32),
        dhash=bytes(32),
    )
    catalog.photos.analysed(sha256, width=width, height=height, taken_on="2012-05-01", phash=bytes(32), faces=[face])


def person(number: int) -> Identity:
    """Somebody of the subgroup that the number gives."""
    groups = [(gender, race) for gender in Gender for race in Race]
    gender, race = groups[number % len(groups)]
    return Identity(
        identity_id=f"person{number}",
        name=f"Person {number}",
        wikipedia_title="",
        wikidata_id="",
        commons_category=f"Person {number}",
        aliases=(),
        gender=gender,
        birth_date="1970-01-01",
        race=race,
        age_group=AgeGroup.ADULT,
        photos_from=2005,
        photos_until=2020,
        gender_source="made up",
        race_source="made up",
    )


if __name__ == "__main__":
    main()
