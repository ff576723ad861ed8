"""Shards and build.json from somebody who means harm: a sentence each, and nothing is written where they point."""

import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from build_corpus import ready_corpus, shots, tree
from hypothesis import example, given
from hypothesis import strategies as st

from facecorpus.build.kind import Kind
from facecorpus.build.stage import build_shards
from facecorpus.corpus import Corpus
from facecorpus.errors import ShardsError
from facecorpus.export.stage import export
from facecorpus.settings import Settings
from facecorpus.shards import recorded, safe_name, shard_files
from facecorpus.upkeep.rebuild import rebuild

Row = dict[str, Any]


@pytest.fixture
def shards(published: Corpus, tmp_path: Path) -> Path:
    """A copy of good shards, without the record that would betray a change."""
    folder = tmp_path / "theirs"
    shutil.copytree(published.shards, folder)
    (folder / "build.json").unlink()
    return folder


def change(folder: Path, edit: Callable[[Row], None]) -> None:
    """Write the first shard anew with its first row changed."""
    file = min(shard_files(folder))
    table = pq.read_table(file)
    rows = table.to_pylist()
    edit(rows[0])
    pq.write_table(pa.Table.from_pylist(rows, schema=table.schema), file)


def rename_class(folder: Path, name: str) -> None:
    """Give the people of all shards other ids."""
    for file in shard_files(folder):
        table = pq.read_table(file)
        metadata = dict(table.schema.metadata)
        said = json.loads(metadata[b"huggingface"])
        said["info"]["features"]["identity"]["names"][:] = [name for _ in said["info"]["features"]["identity"]["names"]]
        pq.write_table(table.replace_schema_metadata(metadata | {b"huggingface": json.dumps(said).encode()}), file)


def picture_called(name: str) -> Callable[[Row], None]:
    def edit(row: Row) -> None:
        row["image"] = {**row["image"], "path": name}

    return edit


EDITS = {
    "an absolute picture": picture_called("/tmp/facecorpus-evil.jpg"),
    "a picture above": picture_called("../../evil.jpg"),
    "a hidden picture": picture_called(".bashrc"),
    "a picture with a control character": picture_called("a\x1b[31m.jpg"),
    "a long picture": picture_called("a" * 300),
    "a split above": lambda row: row.update(split="../.."),
    "no split": lambda row: row.update(split=None),
    "a face_id that is a path": lambda row: row.update(face_id="../../evil"),
    "a photo_id that is a path": lambda row: row.update(photo_id="/etc/passwd"),
    "no picture": lambda row: row.update(image=None),
    "a label beyond the classes": lambda row: row.update(identity=999),
    "a label below -1": lambda row: row.update(identity=-7),
    "a width of nothing": lambda row: row.update(width=0),
}


@pytest.mark.parametrize("layout", ["imagefolder", "webdataset"])
@pytest.mark.parametrize("edit", EDITS.values(), ids=EDITS)
def test_no_row_leads_an_export_out_of_its_folder(edit: Any, layout: str, shards: Path, tmp_path: Path) -> None:
    change(shards, edit)
    before = tree(tmp_path)
    with pytest.raises(ShardsError):
        export(shards, tmp_path / "out", layout)
    assert tree(tmp_path) == before
    assert not Path("/tmp/facecorpus-evil.jpg").exists()


@pytest.mark.parametrize("name", ["../up", "/tmp/evil", "..", "", "a/b", "a\\b", ".hidden", "a\x00b", "C:x"])
def test_no_persons_id_is_a_path(name: str, shards: Path, tmp_path: Path) -> None:
    rename_class(shards, name)
    with pytest.raises(ShardsError, match="person's id"):
        export(shards, tmp_path / "out", "imagefolder")
    assert not (tmp_path / "out").exists()


def test_a_damaged_shard_is_not_exported(published: Corpus, tmp_path: Path) -> None:
    folder = tmp_path / "copy"
    shutil.copytree(published.shards, folder)
    file = min(shard_files(folder))
    data = bytearray(file.read_bytes())
    data[len(data) // 2] ^= 1  # in a picture
    file.write_bytes(data)
    command = [sys.executable, "-m", "facecorpus", "export", "imagefolder", str(tmp_path / "out")]
    ended = subprocess.run([*command, "--shards", str(folder)], capture_output=True, text=True, check=False)
    assert ended.returncode == 2
    assert "is damaged: its bytes are not those that build.json names" in ended.stderr
    assert not (tmp_path / "out").exists()


@pytest.fixture
def without_images(tmp_path: Path) -> Path:
    corpus = ready_corpus(tmp_path / "c", shots(each=2))
    build_shards(corpus, kind=Kind.WITHOUT_IMAGES)
    return Kind.WITHOUT_IMAGES.folder(corpus.shards)


def edit_record(folder: Path, edit: Callable[[dict[str, Any]], None]) -> None:
    path = folder / "build.json"
    record = json.loads(path.read_text())
    edit(record)
    path.write_text(json.dumps(record))


def test_a_rebuild_writes_no_shard_beside_its_folder(without_images: Path, tmp_path: Path) -> None:
    victim = tmp_path / "up.parquet"
    victim.write_bytes(b"mine")
    shard = min(shard_files(without_images))
    shutil.copy(shard, without_images.parent / "up.parquet")
    edit_record(without_images, lambda record: record["files"].update({"../up.parquet": record["files"][shard.name]}))
    with pytest.raises(ShardsError, match=r"\.\./up\.parquet"):
        rebuild(without_images, tmp_path / "out", Settings())
    assert victim.read_bytes() == b"mine"
    assert recorded(without_images)["files"] == {}  # nor does a forget or a verify follow such a name


@pytest.mark.parametrize(
    ("key", "value"),
    [("pixels", 60_000), ("pixels", 0), ("pixels", "224"), ("pixels", None), ("quality", 1000), ("quality", 2.5)],
)
def test_a_rebuild_cuts_no_crop_of_a_size_that_nobody_has(
    key: str, value: Any, without_images: Path, tmp_path: Path
) -> None:
    edit_record(without_images, lambda record: record["crops"].update({key: value}))
    with pytest.raises(ShardsError, match=r"a whole number from \d+ to \d+ is expected"):
        rebuild(without_images, tmp_path / "out", Settings())


@pytest.mark.parametrize("name", ["../../evil", "/tmp/evil", "..", "", "a/b", ".", "x" * 300, "a\nb"])
def test_a_run_has_a_plain_name(name: str, published: Corpus, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "facecorpus", "train-all", "-C", str(published.root), "--name", name]
    ended = subprocess.run(command, capture_output=True, text=True, check=False)
    assert ended.returncode == 2
    assert "is no name of a run" in ended.stderr
    assert not published.runs.exists()


@given(st.text(max_size=300))
@example("ok.jpg")
@example("..")
def test_a_safe_name_stays_in_its_folder(name: str) -> None:
    try:
        safe = safe_name(name, "A name")
    except ShardsError as error:
        assert str(error).startswith("A name is ")
        return
    inside = Path("/folder") / safe
    assert inside.parent == Path("/folder")
    assert inside.resolve().name == safe
