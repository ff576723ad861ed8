"""Exports: the shards in the layouts of other tools, read back by those tools."""

import hashlib
import io
import json
import signal
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest
from build_corpus import rows_by_face, tree
from PIL import Image
from typer.testing import CliRunner

from facecorpus.cli import app
from facecorpus.corpus import Corpus
from facecorpus.errors import ExportError
from facecorpus.export.stage import export

WEBDATASET = """
import hashlib, json, sys
import webdataset

samples = {}
for split in ("train", "test"):
    for sample in webdataset.WebDataset(f"{sys.argv[1]}/{split}-000000.tar", shardshuffle=False):
        values = json.loads(sample["json"])
        assert values["split"] == split
        samples[sample["__key__"]] = [hashlib.sha256(sample["jpg"]).hexdigest(), values["identity"], values["gender"]]
print(json.dumps(samples))
"""


def test_webdataset_reads_its_tars_back(published: Corpus, tmp_path: Path) -> None:
    pytest.importorskip("webdataset")
    summary = export(published.shards, tmp_path / "tars", "webdataset")
    assert (summary.faces, summary.files) == (20, 2)
    ended = subprocess.run(
        [sys.executable, "-c", WEBDATASET, tmp_path / "tars"], capture_output=True, text=True, check=False
    )
    assert ended.returncode == 0, ended.stderr
    samples = json.loads(ended.stdout)
    expected = rows_by_face(published.shards)
    assert samples.keys() == expected.keys()
    for face_id, (sha256, identity, gender) in samples.items():
        row = expected[face_id]
        assert sha256 == row["image_sha256"] == hashlib.sha256(row["image"]["bytes"]).hexdigest()
        assert identity == ("ada", "ben", "cleo", "dan")[row["identity"]]
        assert gender == {0: "female", 1: "male", -1: None}[row["gender"]]


def test_a_tar_holds_no_time_and_no_owner(published: Corpus, tmp_path: Path) -> None:
    export(published.shards, tmp_path / "tars", "webdataset")
    with tarfile.open(tmp_path / "tars" / "test-000000.tar") as tar:
        assert {(member.mtime, member.uid, member.uname) for member in tar} == {(0, 0, "")}


def test_datasets_loads_the_folder_of_images_with_its_metadata(
    published: Corpus, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    datasets = pytest.importorskip("datasets")
    export(published.shards, tmp_path / "images", "imagefolder")
    loaded = datasets.load_dataset("imagefolder", data_dir=str(tmp_path / "images"), cache_dir=str(tmp_path / "cache"))
    assert {split: len(found) for split, found in loaded.items()} == {"train": 12, "test": 8}
    expected = rows_by_face(published.shards)
    for row in (row for found in loaded.values() for row in found):
        assert row["image"].size == (224, 224)
        assert row["landmarks"] == expected[row["face_id"]]["landmarks"]
        assert row["licence"] == expected[row["face_id"]]["licence"]


def test_the_folder_of_a_person_is_their_class(published: Corpus, tmp_path: Path) -> None:
    export(published.shards, tmp_path / "images", "imagefolder")
    assert sorted(path.name for path in (tmp_path / "images" / "train").iterdir() if path.is_dir()) == [
        "ada",
        "ben",
        "cleo",
        "dan",
    ]
    for path in (tmp_path / "images").rglob("*.jpg"):
        with Image.open(io.BytesIO(path.read_bytes())) as image:
            assert image.size == (224, 224)


@pytest.mark.parametrize("layout", ["webdataset", "imagefolder"])
def test_the_same_shards_give_the_same_bytes_and_an_export_replaces_an_earlier_one(
    layout: str, published: Corpus, tmp_path: Path
) -> None:
    export(published.shards, tmp_path / "one", layout)
    before = tree(tmp_path / "one")
    (tmp_path / "one" / "stale.jpg").write_bytes(b"of an older export")
    export(published.shards, tmp_path / "one", layout)
    assert tree(tmp_path / "one") == before


def test_a_folder_of_somebody_else_is_never_replaced(published: Corpus, tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("mine")
    with pytest.raises(ExportError, match=r"exists and is no earlier export; choose a new folder"):
        export(published.shards, tmp_path, "imagefolder")
    assert (tmp_path / "notes.txt").read_text() == "mine"


def test_without_shards_the_sentence_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(ExportError, match=r"There is no shard .* write them with: facecorpus build"):
        export(tmp_path, tmp_path / "out", "imagefolder")


def test_damaged_shards_are_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "train-00000-of-00001.parquet").write_bytes(b"PAR1 and no more")
    with pytest.raises(ExportError, match=r"cannot be read .* build them again"):
        export(tmp_path, tmp_path / "out", "imagefolder")


KILLED = """
import os, signal, sys
from pathlib import Path
from facecorpus.export import stage
from facecorpus.export.stage import export

def killed(shards, folder, progress):
    (folder / "train").mkdir()
    (folder / "train" / "half.jpg").write_bytes(b"half")
    os.kill(os.getpid(), signal.SIGKILL)

stage.LAYOUTS["imagefolder"] = killed
export(Path(sys.argv[1]), Path(sys.argv[2]), "imagefolder")
"""


def test_a_killed_export_leaves_the_earlier_one_whole_and_the_next_clears_up(published: Corpus, tmp_path: Path) -> None:
    target = tmp_path / "images"
    export(published.shards, target, "imagefolder")
    before = tree(target)
    ended = subprocess.run([sys.executable, "-c", KILLED, published.shards, target], check=False)
    assert ended.returncode == -signal.SIGKILL
    assert tree(target) == before
    export(published.shards, target, "imagefolder")
    assert tree(target) == before
    assert [path.name for path in tmp_path.iterdir()] == ["images"]


def test_the_command_exports_and_says_how_much(published: Corpus, tmp_path: Path) -> None:
    ended = CliRunner().invoke(app, ["export", "webdataset", str(tmp_path / "out"), "-C", str(published.root)])
    assert ended.exit_code == 0, ended.output
    assert f"Exported 20 faces as webdataset to {tmp_path / 'out'} (2 files)" in ended.output
