"""The detector YuNet, on a network of which it is known what it must find."""

import tempfile
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from demo_faces import SETTINGS
from yunet_model import SIDE, write_other_network, write_yunet

from facecorpus.errors import ModelError
from facecorpus.faces.boxes import iou
from facecorpus.faces.models import load_models
from facecorpus.faces.records import Picture
from facecorpus.faces.yunet import YunetDetector


@cache
def yunet() -> YunetDetector:
    with tempfile.TemporaryDirectory() as folder:
        return YunetDetector(str(write_yunet(Path(folder) / "yunet.onnx")))


def light(height: int, width: int, squares: dict[tuple[int, int, int], int]) -> Picture:
    """A black picture with squares: left, top, side, and how light of 255."""
    picture = np.zeros((height, width, 3), np.uint8)
    for (left, top, side), value in squares.items():
        picture[top : top + side, left : left + side] = value
    return picture


@pytest.mark.parametrize("scale", [0.5, 1, 2])
def test_yunet_gives_boxes_and_scores_in_pixels_of_the_picture(scale: float) -> None:
    side = round(SIDE / scale)
    # Squares at places of the network's grid, on a picture whose own sides are no multiples of it; one is too dark.
    squares = {(2 * side, side, side): 255, (0, 2 * side, side): 204, (4 * side, 0, side): 100}
    found = yunet().look(light(4 * side - 2, 6 * side - 4, squares), scale)
    assert [face.box for face in found] == [(2 * side, side, side, side), (0, 2 * side, side, side)]
    assert [face.score for face in found] == pytest.approx([1, (204 / 255) ** 0.5], abs=0.02)


def test_yunet_looks_coarse_to_fine_as_the_others_do(tmp_path: Path) -> None:
    path = write_yunet(tmp_path / "yunet.onnx")
    detector = load_models(replace(SETTINGS, detector="yunet", yunet_model=str(path))).detector
    assert isinstance(detector, YunetDetector)
    # At the first look, of 100,000 pixels, the square fills a quarter of a cell: too little light. Closer ones show it.
    picture = light(1024, 1600, {(512, 256, 64): 255})
    assert detector.look(picture, (100_000 / (1024 * 1600)) ** 0.5) == []
    found = detector.detect(picture, replace(SETTINGS, detect_pixels=1024 * 1600, min_face=20))
    assert found
    assert min(iou(face.box, (512, 256, 64, 64)) for face in found) > 0.2


@pytest.mark.parametrize("content", [None, b"no model"])
def test_yunet_without_its_file_says_what_to_set(content: bytes | None, tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"yunet_model in \[faces\]"):
        load_models(replace(SETTINGS, detector="yunet"))
    path = tmp_path / "yunet.onnx"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(ModelError, match=r"yunet\.onnx.*yunet_model"):
        load_models(replace(SETTINGS, detector="yunet", yunet_model=str(path)))


def test_another_network_is_not_taken_for_yunet(tmp_path: Path) -> None:
    path = write_other_network(tmp_path / "other.onnx")
    with pytest.raises(ModelError, match=r"other\.onnx is no YuNet model.*yunet_model") as error:
        load_models(replace(SETTINGS, detector="yunet", yunet_model=str(path)))
    assert "\n" not in str(error.value)
