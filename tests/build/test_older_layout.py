"""Builds of an earlier version: Parquet files beside the card, without the newer columns; every reader takes them."""

import json
import shutil
from pathlib import Path

import pandas
import pyarrow.parquet as pq
import pytest
from build_corpus import ready_corpus, rows_of, sha256, shots

from facecorpus.build.compare import compare
from facecorpus.build.stage import build_shards
from facecorpus.corpus import Corpus
from facecorpus.export.stage import export
from facecorpus.shards import DATA, RECORD, checksums, described, recorded, sealed_record, shard_files
from facecorpus.takedown.stage import forget
from facecorpus.upkeep.verify import verify
from training.data.shards import fingerprint, read_shards

NEWER = ["yaw", "pitch", "roll", "brightness", "contrast", "score_kind", "embedding_model"]


@pytest.fixture
def older(tmp_path: Path) -> Corpus:
    """A corpus whose shards lie as they once did."""
    corpus = ready_corpus(tmp_path / "c", shots(each=4), crop=64)
    build_shards(corpus)
    record = recorded(corpus.shards)
    sums = {}
    for file in shard_files(corpus.shards):
        table = pq.read_table(file)
        assert set(NEWER) < set(table.column_names)
        pq.write_table(table.drop_columns(NEWER), corpus.shards / file.name)
        record["files"][file.name] = described(corpus.shards / file.name)
        sums[file.name] = record["files"][file.name]["sha256"]
    shutil.rmtree(corpus.shards / DATA)
    (corpus.shards / "checksums.txt").write_bytes(checksums(sums).replace(b"data/", b""))
    record["files"]["checksums.txt"] = described(corpus.shards / "checksums.txt")
    record.pop("sha256")
    (corpus.shards / RECORD).write_bytes(sealed_record(record))
    return corpus


def test_training_export_verify_and_diff_read_it(older: Corpus, tmp_path: Path) -> None:
    assert len(read_shards(older.shards)) == 16 and fingerprint(older.shards)
    assert export(older.shards, tmp_path / "out", "imagefolder").faces == 16
    assert not [one for one in verify(older).problems if one.kind in ("shard", "left over")]
    assert compare(older.shards, older.shards, "a", "b").people == {}


def test_forget_and_the_next_build_bring_it_into_the_new_layout(older: Corpus) -> None:
    assert len(shard_files(older.shards)) == 2 and not (older.shards / DATA).exists()
    forget(older, photo=sha256(shots()[0]))
    assert {path.parent.name for path in shard_files(older.shards)} == {DATA}
    assert not list(older.shards.glob("*.parquet"))
    assert len(rows_of(older.shards)) == 15


def test_any_reader_takes_the_folder_of_the_shards(published: Corpus) -> None:
    folder = published.shards / DATA
    assert pq.read_table(folder).num_rows == len(pandas.read_parquet(folder)) == 20
    row = rows_of(published.shards)[0]
    assert row["score_kind"] in ("probability", "margin", "stated") and row["embedding_model"]
    assert row["yaw"] is not None and row["brightness"] > 0
    features = json.loads(pq.read_schema(shard_files(published.shards)[0]).metadata[b"huggingface"])
    assert "image" in features["info"]["features"]
