"""Finding faces: YuNet, HOG and the network as dlib has them, small, large and tilted faces, and nobody."""

from dataclasses import replace

import cv2
import dlib
import numpy as np
import pytest
from demo_faces import SETTINGS, boxes_of, enlarged, hog, loaded, mmod, picture_of, portrait
from demo_photographs import of_kind

from facecorpus.faces import detect, models
from facecorpus.faces.align import face_chip
from facecorpus.faces.boxes import iou
from facecorpus.faces.dlib.hog import HogDetector
from facecorpus.faces.models import model_file
from facecorpus.faces.quality import roll
from facecorpus.faces.records import Picture
from facecorpus.faces.subject import LIKELY
from facecorpus.faces.turn import turned


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


def test_hog_gives_the_boxes_and_scores_of_dlib() -> None:
    """On 100 pictures of one to many people, at their own size: every face that dlib finds, and no other."""
    theirs, ours = dlib.get_frontal_face_detector(), HogDetector()
    compared, largest = 0, 0.0
    for row in (of_kind("group") + of_kind("photo"))[:100]:
        grey = np.asarray(cv2.cvtColor(picture_of(row), cv2.COLOR_RGB2GRAY), np.uint8)
        boxes, scores, _ = theirs.run(grey, 0, -0.1)
        expected = {
            (box.left(), box.top(), box.right(), box.bottom()): score for box, score in zip(boxes, scores, strict=True)
        }
        found = dict(ours.run(grey, -0.1))
        assert found.keys() == expected.keys()
        compared += len(found)
        largest = max([largest, *(abs(found[box] - expected[box]) for box in found)])
    assert compared >= 90
    assert largest < 0.01


def test_of_the_pyramid_only_what_was_not_seen_is_looked_at_again() -> None:
    row = portrait()
    grey = np.asarray(cv2.cvtColor(picture_of(row), cv2.COLOR_RGB2GRAY), np.uint8)
    detector = HogDetector()
    (face,) = detector.look(grey, 1)
    assert detector.look(grey, 2, seen=1) == []
    (again,) = detector.look(grey, 2)
    assert iou(again.box, face.box) > 0.6


def test_a_picture_smaller_than_a_face_shows_none() -> None:
    for size in ((1, 1), (8, 8), (24, 24), (30, 400)):
        assert HogDetector().run(np.zeros(size, np.uint8), 0) == []


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


# Tilted heads


def tilted(degrees: float) -> tuple[Picture, Picture, np.ndarray]:
    """A portrait, the same turned counterclockwise, and the way from the first to the second."""
    picture = picture_of(portrait())
    canvas, way_back = turned(picture, degrees)
    return picture, canvas, cv2.invertAffineTransform(way_back)


@pytest.mark.parametrize("degrees", [-52, 52])
def test_a_tilted_face_is_found_where_it_is_and_cropped_upright(degrees: float) -> None:
    picture, canvas, onto = tilted(degrees)
    (upright,) = hog().detect(picture, SETTINGS)
    (face,) = hog().detect(canvas, SETTINGS)
    assert face.turn * degrees < 0
    left, top, width, height = upright.box
    middle = onto @ (left + width / 2, top + height / 2, 1)
    found = np.array([face.box[0] + face.box[2] / 2, face.box[1] + face.box[3] / 2])
    assert np.abs(found - middle).max() < 0.2 * width
    five = loaded().landmarker.landmarks(canvas, face.box, face.turn)
    expected = loaded().landmarker.landmarks(picture, upright.box) @ onto[:, :2].T + onto[:, 2]
    assert np.abs(five - expected).max() < 0.12 * width
    assert abs(abs(roll(five)) - abs(degrees)) < 10
    chips = [
        face_chip(canvas, face.box, five),
        face_chip(picture, upright.box, loaded().landmarker.landmarks(picture, upright.box)),
    ]
    one, other = loaded().embedder.embed(chips)
    assert np.linalg.norm(one - other) < LIKELY


def test_a_picture_that_shows_a_face_is_not_turned(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(detect, "turned", lambda *_: pytest.fail("it was turned"))
    assert hog().detect(picture_of(portrait()), SETTINGS)


def test_turned_looks_show_no_face_where_there_is_none() -> None:
    for row in of_kind("no_face")[:6]:
        assert hog().detect(picture_of(row), SETTINGS) == []
