"""Finding faces: YuNet, HOG and the network as dlib has them, small, large and turned faces, and nobody."""

import math
from dataclasses import replace

import cv2
import dlib
import numpy as np
import pytest
from demo_faces import SETTINGS, boxes_of, enlarged, hog, loaded, mmod, picture_of, portrait
from demo_photographs import of_kind

from facecorpus.faces import models
from facecorpus.faces.align import face_chip
from facecorpus.faces.boxes import iou
from facecorpus.faces.models import model_file
from facecorpus.faces.records import Picture
from facecorpus.faces.subject import LIKELY
from facecorpus.faces.yunet import YunetDetector
from facecorpus.records import Box


def test_the_small_faces_of_a_group_are_found_and_nothing_else() -> None:
    found = expected = 0
    for row in sorted(of_kind("group"), key=lambda row: row.face_w or 0)[:4]:
        faces = loaded().detector.detect(picture_of(row), SETTINGS)
        hits = [any(iou(face.box, box) > 0.35 for face in faces) for box in boxes_of(row)]
        found, expected = found + sum(hits), expected + len(hits)
        assert len(faces) <= len(hits)
    assert found >= 0.85 * expected


def test_a_picture_of_nobody_shows_no_face() -> None:
    for row in of_kind("no_face", transform="landscape")[:2]:
        assert loaded().detector.detect(picture_of(row), SETTINGS) == []


def test_hog_sees_what_dlib_sees_and_doubles_what_shows_nobody() -> None:
    picture = picture_of(portrait())
    grey = cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY)
    (box,), (score,), _ = dlib.get_frontal_face_detector().run(grey, 0, -0.1)
    (face,) = hog().detect(picture, replace(SETTINGS, detect_pixels=10**6))
    assert (face.box, face.score) == ((box.left(), box.top(), box.width(), box.height()), score)
    narrow = 45 / face.box[2]
    small = np.asarray(cv2.resize(picture, None, fx=narrow, fy=narrow, interpolation=cv2.INTER_AREA), np.uint8)
    assert hog().detect(small, replace(SETTINGS, upsample=0)) == []
    (doubled,) = hog().detect(small, SETTINGS)
    assert iou(doubled.box, tuple(narrow * side for side in face.box)) > 0.6  # type: ignore[arg-type]
    assert hog().detect(small, replace(SETTINGS, min_face=80)) == []


def test_the_network_sees_what_dlib_sees_with_the_same_weights() -> None:
    """Boxes may lie a level of the pyramid apart, since dlib resamples in another way."""
    ours = mmod()
    theirs = dlib.cnn_face_detection_model_v1(str(model_file(models.MMOD)))
    for row in [portrait(), of_kind("group")[1]]:
        picture = picture_of(row)
        expected = [one for one in theirs(picture) if one.confidence > 0.3]
        found = ours.look(picture, 1)
        assert expected
        for one in expected:
            box = (one.rect.left(), one.rect.top(), one.rect.width(), one.rect.height())
            nearest = max(found, key=lambda face: iou(face.box, box))
            assert iou(nearest.box, box) > 0.6
            assert nearest.score == pytest.approx(one.confidence, abs=0.4)


def test_the_network_sees_nobody_in_a_landscape() -> None:
    assert mmod().detect(picture_of(of_kind("no_face", transform="landscape")[0]), SETTINGS) == []


def test_faces_narrower_than_min_face_are_left_out() -> None:
    row = portrait()
    (face,) = loaded().detector.detect(picture_of(row), SETTINGS)
    stricter = replace(SETTINGS, min_face=int(face.box[2]) + 1)
    assert loaded().detector.detect(picture_of(row), stricter) == []


def test_a_large_picture_gives_the_box_in_its_own_pixels() -> None:
    row = portrait()
    picture = picture_of(row)
    large = enlarged(picture, 4)
    (face,) = loaded().detector.detect(large, replace(SETTINGS, detect_pixels=picture[:, :, 0].size))
    assert iou(face.box, tuple(4 * side for side in boxes_of(row)[0])) > 0.35  # type: ignore[arg-type]


# Heads that do not stand upright


def turned(picture: Picture, degrees: float) -> tuple[Picture, np.ndarray]:
    """The picture turned counterclockwise on a grey ground that holds all of it, and the way to its pixels."""
    height, width = picture.shape[:2]
    side = math.ceil(math.hypot(height, width))
    onto = cv2.getRotationMatrix2D((width / 2, height / 2), degrees, 1)
    onto[:, 2] += (side / 2 - width / 2, side / 2 - height / 2)
    return np.asarray(cv2.warpAffine(picture, onto, (side, side), borderValue=(128, 128, 128)), np.uint8), onto


@pytest.mark.parametrize("degrees", [-90, -52, 52, 90, 180])
def test_a_turned_face_is_found_where_it_is_and_cropped_upright(degrees: float) -> None:
    picture = picture_of(portrait())
    canvas, onto = turned(picture, degrees)
    (upright,) = loaded().detector.detect(picture, SETTINGS)
    (face,) = loaded().detector.detect(canvas, SETTINGS)
    assert upright.turn == 0
    assert abs((face.turn + degrees + 180) % 360 - 180) < 25
    left, top, width, height = upright.box
    middle = onto @ (left + width / 2, top + height / 2, 1)
    found = np.array([face.box[0] + face.box[2] / 2, face.box[1] + face.box[3] / 2])
    assert np.abs(found - middle).max() < 0.25 * width
    five = loaded().landmarker.landmarks(canvas, face.place, face.turn)
    of_upright = loaded().landmarker.landmarks(picture, upright.place)
    assert np.abs(five - (of_upright @ onto[:, :2].T + onto[:, 2])).max() < 0.15 * width
    chips = [face_chip(canvas, face.place, five), face_chip(picture, upright.place, of_upright)]
    one, other = loaded().embedder.embed(chips)
    assert np.linalg.norm(one - other) < LIKELY


def test_a_picture_without_a_face_shows_none_on_its_sides_either() -> None:
    for row in of_kind("no_face")[:6]:
        assert loaded().detector.detect(picture_of(row), SETTINGS) == []


def test_a_sure_face_is_looked_at_once() -> None:
    looks = []

    def look(picture: Picture) -> list[tuple[Box, float]]:
        looks.append(picture.shape)
        return [((100.0, 100.0, 60.0, 80.0), 0.95)]

    (face,) = YunetDetector(look, "").detect(np.zeros((300, 400, 3), np.uint8), SETTINGS)
    assert (face.turn, looks) == (0, [(300, 400, 3)])


@pytest.mark.parametrize("quarter", [1, 3])
def test_boxes_of_a_picture_that_lies_are_those_of_the_picture_as_it_stands(quarter: int) -> None:
    """One red pixel marks the face that is seen only where the picture lies on the right side."""
    picture = np.zeros((300, 400, 3), np.uint8)
    picture[120, 250] = 255

    def look(seen: Picture) -> list[tuple[Box, float]]:
        if seen.shape != np.rot90(picture, quarter).shape or not np.array_equal(seen, np.rot90(picture, quarter)):
            return []
        y, x = np.argwhere(seen.any(axis=2))[0].tolist()
        return [((x - 30, y - 40, 61, 81), 0.95)]

    (face,) = YunetDetector(look, "").detect(picture, SETTINGS)
    assert face.box == (250 - 40, 120 - 30, 81, 61)
