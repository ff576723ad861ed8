"""The files of a build: shards as viewers like them, checksums, attribution, and the record."""

import csv
import hashlib
import json
import subprocess
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
from build_corpus import ready_corpus, rows_of, shots

from facecorpus.build.stage import build_shards
from facecorpus.corpus import Corpus


def test_a_person_is_a_few_row_groups_and_the_statistics_say_which(tmp_path: Path) -> None:
    corpus = ready_corpus(tmp_path / "c", shots(each=110), crop=64)
    build_shards(corpus)
    heads = [pq.read_metadata(file) for file in (corpus.shards / "data").glob("train-*")]
    column = [heads[0].row_group(0).column(place).path_in_schema for place in range(heads[0].num_columns)]
    place = column.index("identity")
    groups = [head.row_group(group).column(place) for head in heads for group in range(head.num_row_groups)]
    with_cleo = [group for group in groups if group.statistics.min <= 2 <= group.statistics.max]
    assert len(with_cleo) <= 3 < len(groups)


def test_shards_stay_under_their_size(tmp_path: Path) -> None:
    corpus = ready_corpus(tmp_path / "c", shots(("ada",), 430), crop=96, shard_megabytes=1)
    build_shards(corpus)
    files = sorted(path.name for path in (corpus.shards / "data").glob("train-*"))
    assert len(files) > 1
    rows = [row["face_id"] for name in files for row in pq.read_table(corpus.shards / "data" / name).to_pylist()]
    assert rows == sorted(rows)
    assert all((corpus.shards / "data" / name).stat().st_size < 1_100_000 for name in files)
    rows = [row["face_id"] for name in files for row in pq.read_table(corpus.shards / "data" / name).to_pylist()]
    assert rows == sorted(rows)
    assert len(rows) == 301


def test_row_groups_compression_and_index_are_as_the_viewer_likes_them(tmp_path: Path) -> None:
    corpus = ready_corpus(tmp_path / "c", shots(("ada",), 150), crop=64)
    build_shards(corpus)
    parquet = pq.ParquetFile(next((corpus.shards / "data").glob("train-*"))).metadata
    assert [parquet.row_group(group).num_rows for group in range(parquet.num_row_groups)] == [100, 5]
    columns = [parquet.row_group(0).column(place) for place in range(parquet.num_columns)]
    compression = {column.path_in_schema: column.compression for column in columns}
    assert compression.pop("image.bytes") == "UNCOMPRESSED"
    assert set(compression.values()) == {"SNAPPY"}
    assert all(column.has_offset_index for column in columns)


def test_sha256sum_agrees_with_the_checksums(published: Corpus) -> None:
    checked = subprocess.run(
        ["sha256sum", "--check", "checksums.txt"], cwd=published.shards, capture_output=True, text=True, check=True
    )
    assert sorted(checked.stdout.splitlines()) == [
        "data/test-0000000000000000.parquet: OK",
        "data/train-0000000000000000.parquet: OK",
    ]


def test_attribution_has_a_line_for_every_face(published: Corpus) -> None:
    with (published.shards / "attribution.csv").open(encoding="utf-8", newline="") as file:
        lines = {line["face_id"]: line for line in csv.DictReader(file)}
    for row in rows_of(published.shards):
        line = lines.pop(row["face_id"])
        assert line.pop("changes") == "turned upright, cropped to the face, scaled, encoded again as JPEG"
        assert line.pop("licence_family") == ("BY" if row["licence"] else "not known")
        assert line == {key: row[key] for key in line}
    assert lines == {}


def test_the_manifest_travels_along(published: Corpus) -> None:
    assert (published.shards / "manifest.csv").read_bytes() == (published.root / "manifest.csv").read_bytes()


def test_the_record_holds_settings_versions_and_counts_but_no_path_and_no_time(published: Corpus) -> None:
    text = (published.shards / "build.json").read_text(encoding="utf-8")
    record = json.loads(text)
    assert record["settings"]["build"]["crop"] == 224
    assert record["versions"]["pyarrow"] == pa.__version__
    assert (record["counts"]["faces"], record["counts"]["train"], record["counts"]["test"]) == (20, 12, 8)
    assert record["files"] == {
        path.name: {"bytes": path.stat().st_size, "sha256": hashlib.sha256(path.read_bytes()).hexdigest()}
        for path in published.shards.rglob("*")
        if path.is_file() and path.name != "build.json"
    }
    assert record["crops"] == {
        "picture": "crop",
        "pixels": 224,
        "quality": 95,
        "facecorpus": record["versions"]["facecorpus"],
        "opencv": record["versions"]["opencv"],
    }
    assert str(published.root) not in text


def test_the_contact_for_removal_is_the_operators(tmp_path: Path) -> None:
    corpus = ready_corpus(tmp_path / "c", shots(each=2))
    path = corpus.root / "corpus.toml"
    path.write_text(path.read_text().replace('contact = ""', 'contact = "ann@example.org"'))
    build_shards(Corpus(corpus.root))
    assert "want it removed: write to ann@example.org." in (corpus.shards / "README.md").read_text()
