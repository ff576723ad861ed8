"""The images that are made once and kept: side by side, made again where damaged, made in parts."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from tiny_preset import PRESET

from training.data.augment import variant
from training.data.images import image_jobs, open_images
from training.data.shards import Shards
from training.machine.work import do


def test_the_images_of_a_photograph_lie_side_by_side(shards: Shards, tmp_path: Path) -> None:
    for job in image_jobs(tmp_path / "images.npy", shards, PRESET, 0):
        do(job)
    images = open_images(tmp_path / "images.npy")
    assert images.shape == (48 * 4, 16, 16, 3)
    for index in range(1, 4):
        expected = variant(np.asarray(images[20]), str(shards.face_ids[5]), index, 0, PRESET)
        assert (images[20 + index] == expected).all()


def _make(path: Path, shards: Shards) -> int:
    jobs = [job for job in image_jobs(path, shards, PRESET, 0) if not job.done.is_file()]
    for job in jobs:
        do(job)
    return len(jobs)


@pytest.mark.parametrize("harm", ["flip a byte", "cut off", "empty mark"])
def test_damaged_images_are_made_again(shards: Shards, tmp_path: Path, harm: str) -> None:
    path = tmp_path / "images.npy"
    assert _make(path, shards) == 1
    sound = path.read_bytes()
    assert _make(path, shards) == 0
    if harm == "flip a byte":
        path.write_bytes(sound[:-1] + bytes([sound[-1] ^ 1]))
    elif harm == "cut off":
        path.write_bytes(sound[:-1000])
    else:
        next(path.with_suffix(".made").iterdir()).write_text("")
    assert _make(path, shards) == 1
    assert path.read_bytes() == sound


def test_parts_made_apart_are_the_whole(shards: Shards, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _make(tmp_path / "whole.npy", shards)
    monkeypatch.setattr("training.data.images._FACES_A_PART", 7)
    assert _make(tmp_path / "parts.npy", shards) == 7
    assert (open_images(tmp_path / "parts.npy") == open_images(tmp_path / "whole.npy")).all()
