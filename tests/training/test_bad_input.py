"""What training says to input it cannot use: one sentence that names the thing and what to do."""

from __future__ import annotations

from dataclasses import replace
from html import unescape
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from tiny_preset import TINY, changed_preset
from training_shards import Row, coloured_rows, relabel, write_shards

from training import TrainingError, load_results, train_all
from training.data.protocols import make_splits
from training.data.shards import Shards, encoded_images, fingerprint, read_shards
from training.presets import load_preset
from training.publication import FUSIONS

# Arguments


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ({"protocols": ("photo", "people")}, "no protocol 'people'; use one or more of photo, paper, identity"),
        ({"protocols": ()}, "No protocol was given"),
        ({"workers": 0}, "--workers is 0; it must be from 1 to 1000"),
        ({"seeds": 0}, "--seeds is 0; it must be from 1 to 1000"),
        ({"seed": -1}, "--seed is -1; it must be from 0 to 4294967295"),
        ({"device": "gpu0"}, "--device is 'gpu0'; it must be one of auto, cpu, cuda, mps"),
        ({"preset": "fast"}, "no preset 'fast'"),
    ],
)
def test_impossible_arguments_are_refused(tmp_path: Path, arguments: dict[str, object], sentence: str) -> None:
    shards = write_shards(tmp_path / "shards", coloured_rows())
    with pytest.raises(TrainingError, match=sentence):
        train_all(shards, tmp_path / "run", **{"preset": str(TINY), **arguments})  # type: ignore[arg-type]
    assert not (tmp_path / "run").exists()


def test_shards_that_cannot_be_read_leave_no_run_behind(tmp_path: Path) -> None:
    (tmp_path / "shards").mkdir()
    (tmp_path / "shards" / "a.parquet").write_bytes(b"no shard")
    with pytest.raises(TrainingError, match=r"a\.parquet"):
        train_all(tmp_path / "shards", tmp_path / "run", preset=str(TINY))
    assert not (tmp_path / "run").exists()


def test_a_folder_without_results_says_so(tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match="no results in"):
        load_results(tmp_path)


# Shards


def test_shards_are_read_as_they_were_written(tmp_path: Path) -> None:
    rows = coloured_rows()
    shards = read_shards(write_shards(tmp_path, rows, files=3))
    assert len(shards) == len(rows)
    by_face = {row.face_id: row for row in rows}
    for face_id, labels, image in zip(
        shards.face_ids, shards.labels, encoded_images(shards.files, 0, len(shards)), strict=True
    ):
        row = by_face[str(face_id)]
        assert labels.tolist() == [row.identity, row.age_group, row.race, row.gender]
        assert image == row.image


def test_the_shards_identity_does_not_depend_on_checksums_or_names(tmp_path: Path) -> None:
    with_list = write_shards(tmp_path / "a", coloured_rows())
    without = write_shards(tmp_path / "b", coloured_rows(), checksums=False)
    (without / "faces-00000-of-00002.parquet").rename(without / "z.parquet")
    assert fingerprint(with_list) == fingerprint(without)
    assert fingerprint(with_list) != fingerprint(write_shards(tmp_path / "c", coloured_rows(seed=5)))


def test_an_empty_folder_says_what_to_run(tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match=r"no \*\.parquet file .* run `facecorpus build` first"):
        read_shards(tmp_path)


def test_a_foreign_parquet_file_is_named_with_the_column_it_lacks(tmp_path: Path) -> None:
    pq.write_table(pa.table({"image": [b"x"], "label": [1]}), tmp_path / "cats.parquet")
    with pytest.raises(TrainingError, match=r"cats\.parquet is not a shard of faces, it lacks the column 'identity'"):
        read_shards(tmp_path)


def test_shards_without_class_names_are_refused(tmp_path: Path) -> None:
    file = next(write_shards(tmp_path, coloured_rows(), files=1, checksums=False).glob("*.parquet"))
    pq.write_table(pq.read_table(file).replace_schema_metadata({}), file)
    with pytest.raises(TrainingError, match="does not name the classes"):
        read_shards(tmp_path)


def test_a_changed_file_is_told_by_its_checksum(tmp_path: Path) -> None:
    file = next(write_shards(tmp_path, coloured_rows()).glob("*.parquet"))
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 1
    file.write_bytes(content)
    with pytest.raises(TrainingError, match=r"is not the file that checksums\.txt lists"):
        read_shards(tmp_path)


def test_a_truncated_file_without_checksums_is_told_too(tmp_path: Path) -> None:
    file = next(write_shards(tmp_path, coloured_rows(), checksums=False).glob("*.parquet"))
    file.write_bytes(file.read_bytes()[:-100])
    with pytest.raises(TrainingError, match="cannot be read as Parquet"):
        read_shards(tmp_path)


def test_a_listed_file_that_is_missing_is_named(tmp_path: Path) -> None:
    write_shards(tmp_path, coloured_rows())
    (tmp_path / "faces-00001-of-00002.parquet").unlink()
    with pytest.raises(TrainingError, match=r"checksums\.txt lists faces-00001-of-00002\.parquet, which is not in"):
        read_shards(tmp_path)


def test_a_task_without_labels_is_left_out_and_the_others_are_learned(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = relabel(coloured_rows(), age_group=-1)
    rows = [replace(row, race=-1) if row.identity == 5 else row for row in rows]
    results = _learned(rows, tmp_path)
    said = capsys.readouterr().out
    assert said.count("Task age_group is left out: the shards hold no known label, at least 2 are needed.") == 1
    assert "8 of 48 faces have no known race" in said
    assert results["left_out"] == {"age_group": "the shards hold no known label, at least 2 are needed"}
    remaining = ["identity", "race", "gender"]
    assert results["tasks"] == remaining
    protocol = results["protocols"]["photo"]
    own = protocol["rows"]["own"]
    assert {task: cell["photographs"] for task, cell in own.items()} == {"identity": 12, "race": 10, "gender": 12}
    assert {row for row in protocol["rows"] if row.startswith("from ")} == {f"from {task}" for task in remaining}
    assert all(set(protocol["rows"][row]) == set(remaining) for row in FUSIONS)
    assert all(protocol["rows"]["all"][task]["accuracy"] > results["chance"][task] + 0.2 for task in remaining)
    pictures = {path.name for path in (tmp_path / "run" / "figures").iterdir()}
    assert {name for name in pictures if name.startswith("curves")} == {f"curves-{task}.png" for task in remaining}
    assert {"filters.png", "layers.png", "variants.png"} < pictures
    for report in _reports(tmp_path):
        assert "Identity, race and gender from one corpus of faces" in report
        assert "Task age is left out: the shards hold no known label, at least 2 are needed." in report
        assert "This run has 3 networks, the publication 4" in report
        assert "race of 5: " in report
        assert "other two" in report
        assert "all three" in report
        assert "| all four |" not in report
        assert "<td>all four</td>" not in report


def test_identity_and_one_attribute_are_enough(tmp_path: Path) -> None:
    results = _learned(relabel(coloured_rows(), age_group=-1, race=2), tmp_path)
    assert results["tasks"] == ["identity", "gender"]
    rows = results["protocols"]["photo"]["rows"]
    assert {kind: set(rows[kind]) for kind in FUSIONS} == {kind: {"identity", "gender"} for kind in FUSIONS}
    for report in _reports(tmp_path):
        assert "fused features" in report
        assert "<tr><td>both</td>" in report or "| both |" in report


def _learned(rows: list[Row], folder: Path) -> dict[str, Any]:
    shards = write_shards(folder / "shards", rows)
    small = changed_preset(folder, control_protocols=[])
    path = train_all(shards, folder / "run", preset=small, protocols=("photo",), workers=1, device="cpu")
    return load_results(path)


def _reports(folder: Path) -> list[str]:
    """Both reports of the run, as a reader sees their text."""
    return [unescape((folder / "run" / name).read_text(encoding="utf-8")) for name in ("report.html", "report.md")]


def test_a_task_with_a_single_class_is_left_out(tmp_path: Path) -> None:
    read = read_shards(write_shards(tmp_path, relabel(coloured_rows(), race=2)))
    assert read.left_out == {"race": "the shards hold only 'african', at least 2 are needed"}
    assert read.tasks == ("identity", "age_group", "gender")
    assert read.labels.shape == (len(read), 3)


def test_one_identity_only_cannot_be_learned(tmp_path: Path) -> None:
    rows = relabel(coloured_rows(people=1))
    with pytest.raises(TrainingError, match="Nothing can be learned about identity: the shards hold only 'Person 0'"):
        read_shards(write_shards(tmp_path, rows))


def test_an_unknown_split_is_refused(tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match="split = 'validation': expected 'train' or 'test'"):
        read_shards(write_shards(tmp_path, relabel(coloured_rows(), split="validation")))


def test_an_image_that_is_none_names_its_face(tmp_path: Path) -> None:
    rows = coloured_rows()
    rows[3] = replace(rows[3], image=b"not a picture")
    shards = write_shards(tmp_path / "shards", rows)
    with pytest.raises(TrainingError, match="The image of face face-0-3 cannot be decoded"):
        train_all(shards, tmp_path / "run", preset=str(TINY))


def test_a_run_folder_is_free_again_after_faulty_shards(tmp_path: Path) -> None:
    rows = coloured_rows()
    faulty = write_shards(tmp_path / "faulty", [replace(rows[0], image=b""), *rows[1:]])
    with pytest.raises(TrainingError, match="cannot be decoded"):
        train_all(faulty, tmp_path / "run", preset=str(TINY))
    other = write_shards(tmp_path / "other", relabel(rows, split="train"))
    with pytest.raises(TrainingError, match="no image to test on"):
        train_all(other, tmp_path / "run", preset=str(TINY))


def test_a_full_disk_is_told_before_it_is_filled(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shards = write_shards(tmp_path / "shards", coloured_rows())
    monkeypatch.setattr("shutil.disk_usage", lambda path: SimpleNamespace(free=1000))
    with pytest.raises(TrainingError, match=r"The images need 0\.0 GB in .*, 0\.0 GB are free: make room"):
        train_all(shards, tmp_path / "run", preset=str(TINY))


def test_unknown_labels_are_counted_and_classes_without_faces_are_left_out(tmp_path: Path) -> None:
    rows = coloured_rows(people=4)
    rows[:5] = relabel(rows[:5], age_group=-1)
    people = ["Person 0", "Nobody", "Person 2", "Person 3", "Person 4"]
    rows = [replace(row, identity=row.identity + (row.identity > 0)) for row in rows]
    shards = read_shards(write_shards(tmp_path, rows, people=people))
    assert shards.unknown() == {"identity": 0, "age_group": 5, "race": 0, "gender": 0}
    assert shards.empty["identity"] == ("Nobody",)
    assert shards.classes["identity"] == ("Person 0", "Person 2", "Person 3", "Person 4")
    assert np.unique(shards.labels[:, 0]).tolist() == [0, 1, 2, 3]


# Splits


def shards_of(folder: Path, **changes: str) -> Shards:
    return read_shards(write_shards(folder, relabel(coloured_rows(), **changes)))


def test_an_empty_test_split_is_refused(tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match="Protocol photo has no image to test on"):
        make_splits("photo", shards_of(tmp_path, split="train"), load_preset(str(TINY)), 0)


def test_a_class_without_a_training_photograph_is_named(tmp_path: Path) -> None:
    rows = [replace(row, split="test") if row.identity == 2 else row for row in coloured_rows()]
    shards = read_shards(write_shards(tmp_path, rows))
    with pytest.raises(TrainingError, match="No training photograph shows identity 'Person 2' in protocol photo"):
        make_splits("photo", shards, load_preset(str(TINY)), 0)


def test_a_split_that_cuts_a_near_duplicate_group_is_refused(tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match="1 near-duplicate groups lie on both sides"):
        make_splits("photo", shards_of(tmp_path, group_id="one"), load_preset(str(TINY)), 0)
