"""The engine `daft` stores what the engine `local` stores, to the bit, also when a worker of its cluster is killed."""

import importlib.util
import os
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pyarrow as pa
import pytest
from costly_pictures import jpeg_of_many_scans

from facecorpus.corpus import Corpus, init_corpus
from facecorpus.demo.world import DemoWorld
from facecorpus.engines.local import analyze_all
from facecorpus.engines.rows import results, row, schema
from facecorpus.faces.records import Failure
from facecorpus.pictures import media_type
from facecorpus.records import Candidate, Download
from facecorpus.settings import FacesSettings, Settings
from facecorpus.words import Outcome

HELPERS = Path(__file__).parents[1] / "helpers"
ENVIRONMENT = {**os.environ, "PYTHONPATH": str(HELPERS.parents[1])}

needs_daft = pytest.mark.skipif(
    importlib.util.find_spec("daft") is None or importlib.util.find_spec("ray") is None,
    reason="Daft and Ray are not installed: pip install 'facecorpus[daft]'",
)


def made(folder: Path, manifest: Path, **faces: object) -> Corpus:
    """A corpus of 21 photographs that wait, two of them broken and one of 1,200 scans."""
    corpus = init_corpus(folder, manifest, Settings(faces=FacesSettings(**faces)))  # type: ignore[arg-type]
    world = DemoWorld()
    rows = [row for row in world.truth if row.kind in ("photo", "group", "no_face")][::40][:18]
    pictures = [world.read(row.file) for row in rows] + [b"\xff\xd8\xff\xe0 cut short", b"GIF89a"]
    pictures.append(jpeg_of_many_scans(24, 1200))
    with corpus.catalog() as catalog:
        for number, data in enumerate(pictures):
            url = f"http://127.0.0.1/{number}"
            catalog.candidates.propose([Candidate("ada", "folder", url)])
            download = Download(url, "2024-01-01T00:00:00Z", 0.1, 200, Outcome.STORED, bytes=len(data))
            catalog.candidates.record(download, media_type(data) or "image/jpeg", corpus.photos.put(data))
    return corpus


def stored(corpus: Corpus) -> dict[str, object]:
    """All that the analysis left: rows and crops."""
    with closing(sqlite3.connect(corpus.root / "catalog.sqlite")) as connection:
        tables = {name: connection.execute(f"SELECT * FROM {name} ORDER BY 1").fetchall() for name in ("photo", "face")}
    crops = {path.name: path.read_bytes() for path in corpus.crops.root.rglob("*.jpg")}
    return tables | crops


def faces(corpus: Corpus) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "facecorpus", "faces", "-C", str(corpus.root)]
    return subprocess.Popen(command, env=ENVIRONMENT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


@contextmanager
def mortal_cluster() -> Iterator[tuple[str, "subprocess.Popen[str]"]]:
    """The address of a cluster of two workers, one of which is killed when it has begun to work."""
    command = [sys.executable, str(HELPERS / "ray_cluster.py")]
    cluster = subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )
    assert cluster.stdout is not None
    try:
        yield cluster.stdout.readline().strip(), cluster
    finally:
        cluster.communicate(timeout=60)


def test_results_survive_the_way_through_a_table(tmp_path: Path) -> None:
    world = DemoWorld()
    picture = world.read(next(row.file for row in world.truth if row.kind == "group"))
    path = tmp_path / "group.jpg"
    path.write_bytes(picture)
    given = [
        *analyze_all([("a" * 64, path)], FacesSettings(), 10_000_000, workers=1),
        ("b" * 64, Failure("b" * 64, "No.")),
    ]
    table = pa.Table.from_pylist([row(result) for _, result in given], schema=schema())
    back = list(results(table))
    assert pa.Table.from_pylist([row(result) for _, result in back], schema=schema()).equals(table)
    assert len(table["faces"][0]) > 1
    assert [type(result) for _, result in back] == [type(result) for _, result in given]


@needs_daft
def test_daft_on_its_own_threads_stores_what_local_stores(tmp_path: Path, manifest: Path) -> None:
    ours, theirs = made(tmp_path / "local", manifest), made(tmp_path / "daft", manifest, engine="daft")
    runs = [faces(ours), faces(theirs)]
    said = [run.communicate(timeout=200)[0] for run in runs]
    assert [run.returncode for run in runs] == [0, 0], said
    assert len(stored(ours)) > 15
    assert stored(theirs) == stored(ours)
    assert list((theirs.root / "parts").glob("*.parquet")) == []


@needs_daft
def test_a_worker_of_the_cluster_that_is_killed_changes_nothing(tmp_path: Path, manifest: Path) -> None:
    ours = made(tmp_path / "local", manifest)
    with mortal_cluster() as (address, cluster):
        theirs = made(tmp_path / "daft", manifest, engine="daft", ray_address=address)
        runs = [faces(ours), faces(theirs)]
        assert cluster.stdout is not None
        assert cluster.stdout.readline() == "killed\n"
        assert runs[1].poll() is None, "the command had ended before a worker was killed"
        said = [run.communicate(timeout=250)[0] for run in runs]
    assert [run.returncode for run in runs] == [0, 0], said
    assert stored(theirs) == stored(ours)


@needs_daft
def test_a_cluster_that_is_not_there_is_one_sentence(tmp_path: Path, manifest: Path) -> None:
    corpus = made(tmp_path / "daft", manifest, engine="daft", ray_address="127.0.0.1:1")
    run = faces(corpus)
    said, _ = run.communicate(timeout=200)
    assert run.returncode == 2
    assert "The Ray cluster 127.0.0.1:1 cannot be joined" in said
    assert "Traceback" not in said
