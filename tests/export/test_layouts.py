"""The layouts of tools for faces and for labelling, read back by those tools or as their documentation reads them."""

import hashlib
import io
import json
import struct
from collections.abc import Iterator
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from build_corpus import ready_corpus, rows_by_face, shots, tree
from sklearn.datasets import fetch_lfw_pairs, fetch_lfw_people
from typer.testing import CliRunner

from facecorpus.build.kind import Kind
from facecorpus.build.stage import build_shards
from facecorpus.cli import app
from facecorpus.corpus import Corpus
from facecorpus.errors import ExportError, ShardsError
from facecorpus.export.stage import LAYOUTS, export
from facecorpus.shards import shard_files

PEOPLE = ("ada", "ben", "cleo", "dan")


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A build of whole photographs."""
    corpus = ready_corpus(tmp_path_factory.mktemp("whole") / "c", shots(each=3))
    return build_shards(corpus, kind=Kind.ORIGINAL).path


@pytest.mark.parametrize("layout", ["lfw", "coco", "fiftyone", "labelstudio", "recordio"])
def test_every_picture_is_there_once_and_the_same_shards_give_the_same_bytes(
    layout: str, published: Corpus, tmp_path: Path
) -> None:
    summary = export(published.shards, tmp_path / "one", layout)
    files = tree(tmp_path / "one")
    assert summary.faces == 20 and summary.files == len(files) - 1
    export(published.shards, tmp_path / "two", layout)
    assert tree(tmp_path / "two") == files
    if layout != "recordio":
        pictures = {hashlib.sha256(data).hexdigest() for name, data in files.items() if name.endswith(".jpg")}
        assert pictures == {row["image_sha256"] for row in rows_by_face(published.shards).values()}


def test_a_damaged_shard_is_found_before_anything_is_written(whole: Path, tmp_path: Path) -> None:
    import shutil

    shutil.copytree(whole, tmp_path / "c")
    shard = shard_files(tmp_path / "c")[0]
    data = bytearray(shard.read_bytes())
    data[len(data) // 2] ^= 1
    shard.write_bytes(data)
    for layout in LAYOUTS:
        with pytest.raises(ShardsError, match="Nothing was exported"):
            export(tmp_path / "c", tmp_path / "out", layout)
    assert not (tmp_path / "out").exists()


def test_every_layout_has_a_command_and_another_is_refused(published: Corpus, tmp_path: Path) -> None:
    shown = CliRunner().invoke(app, ["export", "--help"]).output
    assert all(layout in shown for layout in LAYOUTS)
    out = str(tmp_path / "out")
    assert CliRunner().invoke(app, ["export", "coco", out, "--shards", str(published.shards)]).exit_code == 0
    with pytest.raises(ExportError, match="There is no layout 'voc'; there are: webdataset, "):
        export(published.shards, tmp_path / "voc", "voc")


def test_scikit_learn_reads_people_and_pairs_as_those_of_lfw(published: Corpus, tmp_path: Path) -> None:
    export(published.shards, tmp_path / "lfw_home", "lfw")
    for name in ("pairsDevTrain.txt", "pairsDevTest.txt"):  # it looks for all three
        (tmp_path / "lfw_home" / name).touch()
    read: dict[str, Any] = {"data_home": str(tmp_path), "funneled": False, "download_if_missing": False}
    people = fetch_lfw_people(**read, slice_=None, resize=0.1)
    assert tuple(people.target_names) == PEOPLE and len(people.images) == 20
    pairs = fetch_lfw_pairs(**read, subset="10_folds", slice_=None, resize=0.1)
    head, *lines = (tmp_path / "lfw_home" / "pairs.txt").read_text().splitlines()
    folds, each = map(int, head.split("\t"))
    assert folds >= 1 and each >= 1
    assert pairs.target.tolist() == ([1] * each + [0] * each) * folds
    fold_of = {PEOPLE[row["identity"]]: row["identity_fold"] for row in rows_by_face(published.shards).values()}
    for fold in range(folds):
        names = [line.split("\t") for line in lines[2 * each * fold : 2 * each * (fold + 1)]]
        assert len({fold_of[name] for line in names for name in line if not name.isdigit()}) == 1


def test_pycocotools_reads_the_annotations(whole: Path, tmp_path: Path) -> None:
    coco = pytest.importorskip("pycocotools.coco")
    export(whole, tmp_path / "out", "coco")
    expected = rows_by_face(whole)
    found = {}
    for split in ("train", "test"):
        with redirect_stdout(io.StringIO()):
            read = coco.COCO(str(tmp_path / "out" / f"annotations_{split}.json"))
        for one in read.loadAnns(read.getAnnIds()):
            (image,) = read.loadImgs(one["image_id"])
            row = expected[one["attributes"]["face_id"]]
            assert (tmp_path / "out" / "images" / image["file_name"]).read_bytes() == row["image"]["bytes"]
            assert (image["width"], image["height"]) == (row["width"], row["height"])
            assert one["bbox"] == pytest.approx(row["box"])
            (category,) = read.loadCats(one["category_id"])
            found[row["face_id"]] = category["name"], one["attributes"]["split"]
    assert found == {face: (PEOPLE[row["identity"]], row["split"]) for face, row in expected.items()}


def test_fiftyone_has_a_box_in_parts_of_the_picture(whole: Path, published: Corpus, tmp_path: Path) -> None:
    for shards, name in ((whole, "whole"), (published.shards, "crops")):
        export(shards, tmp_path / name, "fiftyone")
        expected = rows_by_face(shards)
        found: dict[str, Any] = {}
        for split in ("train", "test"):
            document = json.loads((tmp_path / name / split / "labels.json").read_text(encoding="utf-8"))
            assert document["classes"] == list(PEOPLE)
            assert {path.stem for path in (tmp_path / name / split / "data").iterdir()} == document["labels"].keys()
            found |= document["labels"]
        assert found.keys() == expected.keys()
        for face_id, (one,) in found.items():
            row = expected[face_id]
            x, y, width, height = row["box"] if shards == whole else (0, 0, 160, 160)
            assert one["label"] == row["identity"]
            assert one["bounding_box"] == pytest.approx([x / 160, y / 160, width / 160, height / 160])


def test_label_studio_has_a_task_for_each_face_in_the_words_of_its_interface(whole: Path, tmp_path: Path) -> None:
    export(whole, tmp_path / "out", "labelstudio")
    interface = ElementTree.parse(tmp_path / "out" / "config.xml").getroot()
    controls = {one.get("name"): one for one in interface if one.get("toName") == "image"}
    choices = {name: {choice.get("value") for choice in one} for name, one in controls.items()}
    expected = rows_by_face(whole)
    tasks = json.loads((tmp_path / "out" / "tasks.json").read_text(encoding="utf-8"))
    assert {task["data"]["face_id"] for task in tasks} == expected.keys()
    for task in tasks:
        assert (tmp_path / "out" / task["data"]["image"].removeprefix("/data/local-files/?d=")).is_file()
        results = {one["from_name"]: one for one in task["predictions"][0]["result"]}
        row = expected[task["data"]["face_id"]]
        for name, one in results.items():
            assert one["type"] == controls[name].tag.lower()
            assert set(one["value"][one["type"]]) <= choices[name]
        assert results["identity"]["value"]["choices"] == [PEOPLE[row["identity"]]]
        assert results["face"]["value"]["x"] == pytest.approx(100 * row["box"][0] / row["width"])


def test_recordio_gives_each_person_their_pictures(published: Corpus, tmp_path: Path) -> None:
    export(published.shards, tmp_path / "out", "recordio")
    assert (tmp_path / "out" / "property").read_text() == "4,224,224\n"
    expected = {row["image_sha256"]: row for row in rows_by_face(published.shards).values()}
    seen = set()
    for split in ("train", "test"):
        records = dict(_records(tmp_path / "out" / split))
        flag, (begin, end), _ = records[0]
        assert flag == 2 and sorted(records) == list(range(int(end)))
        listed = [line.split("\t") for line in (tmp_path / "out" / f"{split}.lst").read_text().splitlines()]
        assert [int(number) for number, *_ in listed] == list(range(1, int(begin)))
        for number in range(int(begin), int(end)):
            _, (first, last), _ = records[number]
            labels = {records[one][1] for one in range(int(first), int(last))}
            assert len(labels) == 1
        for number, label, path in listed:
            _, (found,), data = records[int(number)]
            row = expected[hashlib.sha256(data).hexdigest()]
            assert found == float(label) == row["identity"] and row["split"] == split
            assert path == f"{PEOPLE[row['identity']]}/{row['image']['path']}"
            seen.add(row["face_id"])
    assert len(seen) == 20


def _records(stem: Path) -> Iterator[tuple[int, tuple[int, tuple[float, ...], bytes]]]:
    """Records by number: flag, labels and picture, read as MXNet's documentation describes the file."""
    data = stem.with_suffix(".rec").read_bytes()
    at = 0
    offsets = [tuple(map(int, line.split("\t"))) for line in stem.with_suffix(".idx").read_text().splitlines()]
    assert offsets == sorted(offsets)
    for number, offset in offsets:
        assert offset == at
        magic, length = struct.unpack_from("<II", data, at)
        assert magic == 0xCED7230A and length >> 29 == 0
        flag, label, identifier, _ = struct.unpack_from("<IfQQ", data, at + 8)
        assert identifier == number
        body = data[at + 8 + 24 : at + 8 + length]
        labels = struct.unpack_from(f"<{flag}f", body) if flag else (label,)
        yield number, (flag, labels, body[4 * flag :])
        at += 8 + length + -length % 4
    assert at == len(data)
