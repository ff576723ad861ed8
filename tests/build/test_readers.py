"""Shards, card and Croissant as the world reads them: datasets, pandas, polars, DuckDB, mlcroissant, training."""

import hashlib
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
from build_corpus import PEOPLE, rows_of

from facecorpus.corpus import Corpus
from facecorpus.manifest import SUBGROUPS
from facecorpus.shards import shard_files


@pytest.mark.parametrize("how", ["parquet", "folder"])
def test_hugging_face_datasets_loads_images_and_class_labels_without_code(
    how: str, published: Corpus, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    datasets = pytest.importorskip("datasets")
    arguments = {"path": "parquet", "data_dir": str(published.shards)} if how == "parquet" else {}
    arguments = arguments or {"path": str(published.shards)}
    loaded = datasets.load_dataset(**arguments, cache_dir=str(tmp_path / "cache"))
    assert {split: len(rows) for split, rows in loaded.items()} == {"train": 12, "test": 8}
    features = loaded["train"].features
    assert isinstance(features["image"], datasets.Image)
    assert features["identity"].names == [identity.identity_id for identity in PEOPLE]
    assert features["gender"].names == ["female", "male"]
    assert features["age_group"].names == ["young", "adult", "old"]
    assert features["race"].names == ["asian", "latin_american", "african", "white"]
    assert features["subgroup"].names == list(SUBGROUPS)
    row = loaded["test"][0]
    assert row["image"].size == (224, 224)
    assert features["identity"].int2str(row["identity"]) == "ada"
    assert np.array(row["landmarks"]).shape == (5, 2)


def test_pandas_and_polars_read_the_shards(published: Corpus) -> None:
    polars, pandas = pytest.importorskip("polars"), pytest.importorskip("pandas")
    frame = polars.read_parquet(published.shards / "data" / "*.parquet")
    assert frame.height == 20
    assert frame.group_by("identity").len()["len"].to_list() == [5] * 4
    table = pandas.read_parquet(shard_files(published.shards)[-1])
    assert table["age_at_capture"].isna().sum() == 9
    assert table["image"].iloc[0]["bytes"][:2] == b"\xff\xd8"


def test_training_reads_the_shards(published: Corpus) -> None:
    from training.data.shards import read_shards

    shards = read_shards(published.shards)
    assert len(shards) == 20
    assert shards.classes["identity"] == ("ada", "ben", "cleo", "dan")
    assert shards.unknown()["gender"] == 5


def test_the_card_has_a_valid_head_and_tells_what_the_corpus_holds(published: Corpus) -> None:
    yaml = pytest.importorskip("yaml")
    _, head, body = (published.shards / "README.md").read_text(encoding="utf-8").split("---\n", 2)
    assert yaml.safe_load(head) == {
        "pretty_name": 'Faces: "small"',
        "license": "other",
        "license_name": "per-photograph",
        "task_categories": ["image-classification"],
        "size_categories": ["n<1K"],
        "tags": ["faces", "facecorpus"],
        "configs": [
            {
                "config_name": "default",
                "data_files": [
                    {"split": "train", "path": "data/train-*.parquet"},
                    {"split": "test", "path": "data/test-*.parquet"},
                ],
            }
        ],
    }
    assert "| male/adult/white | 1 | 5 | 3 | 2 |" in body
    assert "| CC BY 4.0 | 19 |" in body
    assert "| none stated | 1 |" in body
    assert "19 faces were accepted by people (reviewers: 1). 1 were accepted\n" in body
    assert "no contact is stated yet" in body


def test_croissant_describes_every_shard_and_every_column(published: Corpus) -> None:
    document = json.loads((published.shards / "croissant.json").read_text(encoding="utf-8"))
    *files, together = document["distribution"]
    assert {file["contentUrl"]: file["sha256"] for file in files} == {
        f"data/{path.name}": hashlib.sha256(path.read_bytes()).hexdigest() for path in shard_files(published.shards)
    }
    assert together["includes"] == "data/*.parquet"
    schema = pq.read_schema(shard_files(published.shards)[-1])
    fields = document["recordSet"][0]["field"]
    assert [field["source"]["extract"]["column"] for field in fields] == schema.names
    by_name = {field["@id"]: field for field in fields}
    assert by_name["faces/image"]["dataType"] == "sc:ImageObject"
    assert by_name["faces/landmarks"]["arrayShape"] == "5,2"
    assert "19 accepted by people, 1 by an automatic policy" in document["rai:dataCollection"]


def test_the_hub_reads_the_card_and_it_answers_every_part_of_a_datasheet(published: Corpus) -> None:
    hub = pytest.importorskip("huggingface_hub")
    card = hub.DatasetCard.load(published.shards / "README.md")
    assert (card.data.pretty_name, card.data.license, card.data.size_categories) == (
        'Faces: "small"',
        "other",
        ["n<1K"],
    )
    headings = [line.removeprefix("## ") for line in card.text.splitlines() if line.startswith("## ")]
    assert headings == [
        "Motivation",
        "Composition",
        "Collection process",
        "Preprocessing, cleaning, labelling",
        "Uses",
        "Distribution",
        "Rights",
        "Citation",
        "Maintenance",
    ]
    assert "20 photographs gave them" in card.text
    assert "A person has 5 to 5 faces" in card.text
    assert "20 faces have a date, from 2010 to 2010; 0 have none" in card.text


def test_datasets_streams_the_shards(published: Corpus, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    datasets = pytest.importorskip("datasets")
    streamed = datasets.load_dataset(
        "parquet", data_dir=str(published.shards), streaming=True, cache_dir=str(tmp_path / "cache")
    )
    rows = list(streamed["train"])
    assert len(rows) == 12
    assert rows[0]["image"].size == (224, 224)
    assert streamed["train"].features["race"].int2str(rows[0]["race"]) == "asian"


def test_duckdb_queries_the_shards(published: Corpus) -> None:
    duckdb = pytest.importorskip("duckdb")
    with duckdb.connect() as database:
        counts = database.execute(
            "SELECT identity, count(*), min(octet_length(image.bytes)) FROM read_parquet(?) GROUP BY 1 ORDER BY 1",
            [str(published.shards / "data" / "*.parquet")],
        ).fetchall()
    assert [(identity, count) for identity, count, _ in counts] == [(0, 5), (1, 5), (2, 5), (3, 5)]
    assert all(size > 1000 for *_, size in counts)


MLCROISSANT = """
import json, sys
import mlcroissant

dataset = mlcroissant.Dataset(jsonld=sys.argv[1])
assert not dataset.metadata.issues.errors, dataset.metadata.issues.report()
assert not dataset.metadata.issues.warnings, dataset.metadata.issues.report()
records = list(dataset.records("faces"))
print(json.dumps([[r["faces/face_id"].decode(), r["faces/identity"], r["faces/image"].size] for r in records]))
"""


def test_mlcroissant_validates_the_description_and_loads_its_records(published: Corpus, tmp_path: Path) -> None:
    pytest.importorskip("mlcroissant")
    # In a process of its own: its libraries warn of each other's old ways.
    ended = subprocess.run(
        [sys.executable, "-c", MLCROISSANT, published.shards / "croissant.json"],
        capture_output=True,
        text=True,
        check=False,
        env={"HOME": str(tmp_path), "CROISSANT_CACHE": str(tmp_path), "PATH": ""},
    )
    assert ended.returncode == 0, ended.stderr
    records = json.loads(ended.stdout.splitlines()[-1])
    expected = {row["face_id"]: row["identity"] for row in rows_of(published.shards)}
    assert {face_id: identity for face_id, identity, _ in records} == expected
    assert {tuple(size) for *_, size in records} == {(224, 224)}
