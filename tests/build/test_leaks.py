"""The search of the finished shards for pictures that are in both splits."""

import re
from dataclasses import replace
from pathlib import Path

import cv2
import imagehash
import numpy as np
import pytest
from build_corpus import ready_corpus, shots
from numpy.typing import NDArray
from PIL import Image

from facecorpus.build.kind import Kind
from facecorpus.build.leaks import find_leaks, grey_crop, prints_of, read_prints
from facecorpus.build.stage import build_shards
from facecorpus.errors import BuildError


@pytest.mark.parametrize("kind", [Kind.CROPS, Kind.ORIGINAL])
@pytest.mark.parametrize("mirrored", [False, True])
def test_a_copy_that_no_group_names_stops_the_build_and_the_pair_is_named(
    mirrored: bool, kind: Kind, tmp_path: Path
) -> None:
    first, second = shots(("ada",), 2)  # of two groups, one trains and one tests
    corpus = ready_corpus(tmp_path / "c", [first, replace(second, like=0, mirrored=mirrored), *shots(("ben",), 4)])
    with pytest.raises(BuildError, match=r"in test once: face [0-9a-f]{24}-0 and face [0-9a-f]{24}-0 \(\d+ of"):
        build_shards(corpus, kind=kind)
    assert not kind.folder(corpus.shards).exists()


def test_all_leaks_are_named_so_that_one_round_mends_them(tmp_path: Path) -> None:
    twice = [replace(shot, like=0) if shot.number else shot for shot in shots(("ada", "ben"), 2)]
    corpus = ready_corpus(tmp_path / "c", [*twice, *shots(("cleo",), 4)])
    with pytest.raises(BuildError, match="in train and in test 2 times: ") as caught:
        build_shards(corpus)
    named = re.findall(r"face ([0-9a-f]{24}-0) and face", str(caught.value))
    with corpus.catalog() as catalog:
        person = {subject.face.face_id: subject.identity_id for subject in catalog.faces.subjects()}
        for face_id in named:
            catalog.decisions.add([face_id], identity_id=person[face_id], reviewer="me", verdict="reject")
    assert {person[face_id] for face_id in named} == {"ada", "ben"}
    assert build_shards(corpus).faces == 6


def test_after_a_leak_was_rejected_only_its_own_shards_are_made_again(tmp_path: Path) -> None:
    first, second = shots(("ada",), 2)
    photographs = [first, replace(second, like=0), *shots(("ben", "cleo"), 60)]
    corpus = ready_corpus(tmp_path / "c", photographs, crop=128, shard_megabytes=1)
    with pytest.raises(BuildError, match="The same picture") as caught:
        build_shards(corpus)
    named = str(caught.value).split("face ")[1].split()[0]
    with corpus.catalog() as catalog:
        catalog.decisions.add([named], identity_id="ada", reviewer="me", verdict="reject")
    summary = build_shards(corpus)
    assert summary.shards_written <= 2 < summary.shards


def test_a_copy_within_its_group_is_no_leak(tmp_path: Path) -> None:
    first, second, third = (replace(shot, group="one") for shot in shots(("ada",), 3))
    others = shots(("ben",), 4)
    corpus = ready_corpus(tmp_path / "c", [first, replace(second, like=0), replace(third, identity_id="cleo"), *others])
    assert build_shards(corpus).faces == 6


def test_the_hash_is_the_one_that_imagehash_defines(tmp_path: Path) -> None:
    corpus = ready_corpus(tmp_path / "c", shots(each=4), crop=64)  # a crop that is hashed without any shrinking
    build_shards(corpus)
    files = sorted(corpus.shards.glob("*.parquet"))
    prints = read_prints(files, grey_crop, 2, lambda rows: None)
    pictures = {name: data for name, data in crops(files).items()}
    for row, face_id in enumerate(prints.face_ids):
        grey = Image.fromarray(cv2.imdecode(np.frombuffer(pictures[face_id], np.uint8), cv2.IMREAD_GRAYSCALE))
        expected = np.packbits(imagehash.phash(grey, hash_size=16).hash).view(np.uint64)
        assert np.bitwise_count(prints.straight[row] ^ expected).sum() <= 2
        mirror = np.packbits(imagehash.phash(grey.transpose(Image.Transpose.FLIP_LEFT_RIGHT), hash_size=16).hash)
        assert np.bitwise_count(prints.mirrored[row] ^ mirror.view(np.uint64)).sum() <= 2


def test_every_pair_is_compared(tmp_path: Path) -> None:
    corpus = ready_corpus(tmp_path / "c", shots(each=50), crop=64)
    build_shards(corpus)
    prints = read_prints(sorted(corpus.shards.glob("*.parquet")), grey_crop, 2, lambda rows: None)
    assert {(leak.train, leak.test, leak.bits) for leak in find_leaks(prints, prints) if not leak.mirrored} == {
        (face_id, face_id, 0) for face_id in prints.face_ids
    }


def test_a_little_light_or_a_mirror_makes_no_other_picture_but_another_picture_does() -> None:
    random = np.random.default_rng(0)
    one, other = (cv2.GaussianBlur(random.uniform(0, 255, (64, 64)), (0, 0), 4) for _ in range(2))
    assert same(one, one * 0.9 + 20)
    assert same(one, one[:, ::-1])
    assert not same(one, other)
    assert not same(one, one[::-1])


def same(one: NDArray[np.float64], other: NDArray[np.float64]) -> bool:
    faces = [np.clip(picture, 0, 255).astype(np.uint8)[None] for picture in (one, other)]
    return bool(find_leaks(prints_of(["one"], faces[0]), prints_of(["other"], faces[1])))


def crops(files: list[Path]) -> dict[str, bytes]:
    import pyarrow.parquet as pq

    return {row["face_id"]: row["image"]["bytes"] for file in files for row in pq.read_table(file).to_pylist()}
