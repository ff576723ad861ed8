"""Builds of whole photographs, and builds without any picture that one may publish."""

import hashlib
import json
from dataclasses import replace
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from build_corpus import picture, ready_corpus, rows_by_face, set_build, shots, tree

from facecorpus.build.kind import Kind
from facecorpus.build.schema import shard_schema
from facecorpus.build.shards import write_shard
from facecorpus.build.stage import build_shards
from facecorpus.corpus import Corpus
from facecorpus.errors import BuildError, ExportError
from facecorpus.export.stage import export
from facecorpus.shards import shard_files
from training import TrainingError
from training.data.shards import read_shards


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Corpus:
    """A corpus with a build of each kind."""
    photographs = [*shots(each=4), *(replace(shot, like=9) for shot in shots(("ben",), 1))]
    photographs = [shot for shot in photographs if (shot.identity_id, shot.number, shot.like) != ("ben", 0, None)]
    corpus = ready_corpus(tmp_path_factory.mktemp("kinds") / "c", photographs)
    for kind in Kind:
        build_shards(corpus, kind=kind)
    return corpus


def test_each_kind_has_a_folder_of_its_own(built: Corpus) -> None:
    names = {path.name for path in built.root.iterdir() if path.name.startswith("shards")}
    assert names == {"shards", "shards-original", "shards-without-images"}
    kinds = {json.loads((built.root / name / "build.json").read_text())["kind"] for name in names}
    assert kinds == {"crops", "original", "without-images"}


def test_an_original_is_the_photographs_own_bytes_with_the_box_in_its_pixels(built: Corpus) -> None:
    rows = rows_by_face(built.root / "shards-original")
    files = {hashlib.sha256(data).hexdigest(): data for data in map(picture, shots(each=4))}
    copy = picture(replace(shots(("ben",), 1)[0], like=9))
    files[hashlib.sha256(copy).hexdigest()] = copy
    for row in rows.values():
        assert row["image"]["bytes"] == files[row["photo_id"]]
        assert row["image_sha256"] == row["photo_id"]
        assert row["box"] == [45, 45, 72, 72]
        suffix = "jpg" if row["image"]["bytes"].startswith(b"\xff\xd8") else "png"
        assert row["image"]["path"] == f"{row['face_id']}.{suffix}"
    assert {row["image"]["path"][-3:] for row in rows.values()} == {"jpg", "png"}


def test_training_refuses_whole_photographs_and_rows_without_pictures_in_a_sentence(built: Corpus) -> None:
    with pytest.raises(TrainingError, match=r"holds whole photographs .* without --original"):
        read_shards(built.root / "shards-original")
    with pytest.raises(TrainingError, match="lacks the column 'image'"):
        read_shards(built.root / "shards-without-images")


def test_without_images_is_the_same_table_but_for_the_pictures(built: Corpus) -> None:
    whole, bare = rows_by_face(built.shards), rows_by_face(built.root / "shards-without-images")
    assert bare.keys() == whole.keys()
    for face_id, row in bare.items():
        expected = whole[face_id]
        assert row["image_sha256"] == hashlib.sha256(expected.pop("image")["bytes"]).hexdigest()
        assert row == expected
    record = json.loads((built.root / "shards-without-images" / "build.json").read_text())
    assert record["crops"] == json.loads((built.shards / "build.json").read_text())["crops"]


def test_a_file_without_images_and_its_pictures_give_the_file_with_images_to_the_byte(tmp_path: Path) -> None:
    corpus = ready_corpus(tmp_path / "c", shots(each=40), crop=128, shard_megabytes=1)
    for kind in (Kind.CROPS, Kind.WITHOUT_IMAGES):
        build_shards(corpus, kind=kind)
    pictures = rows_by_face(corpus.shards)
    files = shard_files(corpus.root / "shards-without-images")
    assert [file.name for file in files] == sorted(path.name for path in shard_files(corpus.shards))
    assert len(files) > 2
    schema = shard_schema([person.identity_id for person in corpus.manifest.identities])
    (tmp_path / "data").mkdir()
    for file in files:
        rows = ({"image": pictures[row["face_id"]]["image"], **row} for row in pq.read_table(file).to_pylist())
        write_shard(tmp_path / "data" / file.name, rows, schema)
        assert (tmp_path / "data" / file.name).read_bytes() == (corpus.shards / "data" / file.name).read_bytes()


def test_no_byte_of_a_picture_is_in_a_build_without_images(built: Corpus) -> None:
    pictures = [row["image"]["bytes"] for row in rows_by_face(built.shards).values()]
    everything = b"".join(tree(built.root / "shards-without-images").values())
    assert all(data[200:260] not in everything for data in pictures)
    assert b"\xff\xd8\xff" not in everything


def test_a_build_without_images_takes_its_hashes_from_the_crops_that_are_there(tmp_path: Path) -> None:
    corpus = ready_corpus(tmp_path / "c", shots(each=3))
    build_shards(corpus, kind=Kind.WITHOUT_IMAGES)
    alone = tree(corpus.root / "shards-without-images")
    set_build(corpus, seed=1)
    build_shards(Corpus(corpus.root), kind=Kind.WITHOUT_IMAGES)
    set_build(corpus, seed=0)
    corpus = Corpus(corpus.root)
    build_shards(corpus)
    for path in corpus.photos.root.glob("??/??/*"):
        path.unlink()
    build_shards(corpus, kind=Kind.WITHOUT_IMAGES)
    assert tree(corpus.root / "shards-without-images") == alone


def test_a_photograph_whose_licence_forbids_changes_enters_uncropped_alone(tmp_path: Path) -> None:
    photographs = [replace(shot, licence="CC BY-ND 4.0") for shot in shots(("ada",), 3)]
    corpus = ready_corpus(tmp_path / "c", photographs, licences="no-nc")
    with pytest.raises(BuildError, match="3 under a licence that forbids changes"):
        build_shards(corpus)
    assert build_shards(corpus, kind=Kind.ORIGINAL).faces == 3
    assert "Changes made to each: none" in (corpus.root / "shards-original" / "attribution.html").read_text()


def test_nothing_is_exported_from_rows_without_pictures(built: Corpus, tmp_path: Path) -> None:
    with pytest.raises(ExportError, match="built without images"):
        export(built.root / "shards-without-images", tmp_path / "out", "imagefolder")
    assert export(built.root / "shards-original", tmp_path / "out", "webdataset").faces == 16


def test_the_cards_say_what_a_row_holds(built: Corpus) -> None:
    cards = {kind: (kind.folder(built.shards) / "README.md").read_text() for kind in Kind}
    assert "16 aligned faces of 4 people" in cards[Kind.CROPS]
    assert "`image` is the whole photograph as it was fetched" in cards[Kind.ORIGINAL]
    assert "No picture is handed on here" in cards[Kind.WITHOUT_IMAGES]
    assert 'data_dir="shards-without-images"' in cards[Kind.WITHOUT_IMAGES]
