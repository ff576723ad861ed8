"""The search of the finished shards for faces that show the same picture."""

from dataclasses import replace
from pathlib import Path

import cv2
import imagehash
import numpy as np
from build_corpus import ready_corpus, shots
from numpy.typing import NDArray
from PIL import Image

from facecorpus.build.leaks import Prints, grey_crop, prints_of, read_prints, same_pictures
from facecorpus.build.stage import build_shards
from facecorpus.shards import shard_files


def test_a_copy_within_its_group_is_no_leak(tmp_path: Path) -> None:
    first, second, third = (replace(shot, group="one") for shot in shots(("ada",), 3))
    others = shots(("ben",), 4)
    corpus = ready_corpus(tmp_path / "c", [first, replace(second, like=0), replace(third, identity_id="cleo"), *others])
    assert build_shards(corpus).faces == 6


def test_the_hash_is_the_one_that_imagehash_defines(tmp_path: Path) -> None:
    corpus = ready_corpus(tmp_path / "c", shots(each=4), crop=64)  # a crop that is hashed without any shrinking
    build_shards(corpus)
    files = sorted(shard_files(corpus.shards))
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
    prints = read_prints(sorted(shard_files(corpus.shards)), grey_crop, 2, lambda rows: None)
    twice = [getattr(prints, name).repeat(2, axis=0) for name in ("straight", "mirrored", "grey")]
    names = [f"{face_id}/{copy}" for face_id in prints.face_ids for copy in (1, 2)]
    assert same_pictures(Prints(names, *twice)) == sorted(
        (f"{face_id}/1", f"{face_id}/2") for face_id in prints.face_ids
    )


def test_the_pairs_follow_from_the_pictures_and_not_from_their_order(tmp_path: Path) -> None:
    random = np.random.default_rng(0)
    small = random.uniform(0, 255, (3, 64, 64))
    faces = np.stack([cv2.GaussianBlur(face, (0, 0), 4) for face in [*small, *(small + 20), *small[:, :, ::-1]]])
    names = [f"{number % 3}-{number // 3}" for number in range(9)]
    there = same_pictures(prints_of(names, faces.astype(np.uint8)))
    assert there == [(f"{n}-{one}", f"{n}-{other}") for n in range(3) for one, other in ((0, 1), (0, 2), (1, 2))]
    back = np.ascontiguousarray(faces[::-1].astype(np.uint8))
    assert same_pictures(prints_of(names[::-1], back)) == there


def test_a_little_light_or_a_mirror_makes_no_other_picture_but_another_picture_does() -> None:
    random = np.random.default_rng(0)
    one, other = (cv2.GaussianBlur(random.uniform(0, 255, (64, 64)), (0, 0), 4) for _ in range(2))
    assert same(one, one * 0.9 + 20)
    assert same(one, one[:, ::-1])
    assert not same(one, other)
    assert not same(one, one[::-1])


def same(one: NDArray[np.float64], other: NDArray[np.float64]) -> bool:
    faces = [np.clip(picture, 0, 255).astype(np.uint8)[None] for picture in (one, other)]
    return bool(same_pictures(prints_of(["one", "other"], np.concatenate(faces))))


def crops(files: list[Path]) -> dict[str, bytes]:
    import pyarrow.parquet as pq

    return {row["face_id"]: row["image"]["bytes"] for file in files for row in pq.read_table(file).to_pylist()}
