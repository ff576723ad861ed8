"""Aligned crops, and what is measured of a face: sharpness, light, colour, pose, hashes."""

import cv2
import imagehash
import numpy as np
import pytest
from demo_faces import enlarged, eyes_and_nose, picture_of, portrait
from demo_photographs import of_kind
from PIL import Image

from facecorpus.faces.align import aligned_crop, face_chip
from facecorpus.faces.hashes import dhash, phash
from facecorpus.faces.quality import pitch, quality, roll, yaw


def test_aligned_crops_put_eyes_and_nose_at_the_same_place() -> None:
    picture = picture_of(portrait())
    crop = aligned_crop(picture, eyes_and_nose(picture)[1], 224)
    height, width = picture.shape[:2]
    turn = cv2.getRotationMatrix2D((width / 2, height / 2), 14, 0.9)
    turned = np.asarray(cv2.warpAffine(picture, turn, (width, height)), np.uint8)
    again = aligned_crop(turned, eyes_and_nose(turned)[1], 224)
    assert crop.shape == again.shape == (224, 224, 3)
    difference = eyes_and_nose(crop)[1] - eyes_and_nose(again)[1]
    assert np.linalg.norm(difference, axis=1).mean() < 6


def test_a_crop_of_a_large_photograph_is_averaged_not_sampled() -> None:
    """Noise in a picture six times as large must average out, and nothing may move."""
    picture = picture_of(portrait())
    landmarks = eyes_and_nose(picture)[1]
    small = aligned_crop(picture, landmarks, 112)
    large = enlarged(picture, 6).astype(int)
    noise = np.random.default_rng(0).integers(-60, 61, large.shape)
    noisy = np.clip(large + noise, 0, 255).astype(np.uint8)
    crop = aligned_crop(noisy, (landmarks + np.float32(0.5)) * 6 - np.float32(0.5), 112)
    assert np.abs(crop.astype(int) - small).mean() < 6


def test_a_crop_at_the_edge_of_a_photograph_is_filled() -> None:
    picture = picture_of(portrait())
    outside = eyes_and_nose(picture)[1] - np.array([400, 300], np.float32)
    assert aligned_crop(picture, outside, 64).shape == (64, 64, 3)


def test_blur_lowers_sharpness_and_shade_lowers_brightness() -> None:
    picture = picture_of(portrait())
    chip = face_chip(picture, *eyes_and_nose(picture))
    plain = quality(chip)
    assert quality(np.asarray(cv2.GaussianBlur(chip, (9, 9), 3), np.uint8)).sharpness < plain.sharpness / 2
    shaded = quality((chip // 2).astype(np.uint8))
    assert shaded.brightness == pytest.approx(plain.brightness / 2, abs=2)
    assert shaded.contrast == pytest.approx(plain.contrast / 2, abs=2)


def test_clipped_shares_and_chroma_say_how_a_face_is_exposed_and_coloured() -> None:
    chip = np.zeros((150, 150, 3), np.uint8)
    chip[:75] = 255
    measured = quality(chip)
    assert (measured.dark, measured.light, measured.chroma) == (0.5, 0.5, 0)
    chip[:, :, 0] = 100
    assert quality(chip).chroma == pytest.approx(127.5)


def test_roll_is_the_tilt_of_the_eyes() -> None:
    ahead = np.array([[60, 10], [45, 10], [0, 10], [15, 10], [30, 35]], np.float32)
    assert roll(ahead) == pytest.approx(0)
    clockwise = ahead @ np.array([[0.8, 0.6], [-0.6, 0.8]], np.float32)
    assert roll(clockwise) == pytest.approx(36.9, abs=0.1)


def test_a_head_bent_down_has_a_higher_pitch_than_one_bent_up() -> None:
    up = np.array([[60, 10], [45, 10], [0, 10], [15, 10], [30, 35]], np.float32)
    down = up + np.array([[0, 0], [0, 0], [0, 0], [0, 0], [0, 12]], np.float32)
    assert pitch(down) > pitch(up)


def test_yaw_is_zero_to_the_camera_and_signed_by_the_side() -> None:
    ahead = np.array([[60, 10], [45, 10], [0, 10], [15, 10], [30, 35]], np.float32)
    to_the_right = ahead + np.array([[0, 0], [0, 0], [0, 0], [0, 0], [10, 0]], np.float32)
    assert yaw(ahead) == pytest.approx(0)
    assert yaw(to_the_right) == pytest.approx(26.6, abs=0.1)
    rolled = to_the_right @ np.array([[0.8, 0.6], [-0.6, 0.8]], np.float32)
    assert yaw(rolled) == pytest.approx(26.6, abs=0.1)


@pytest.mark.parametrize("side", [-1, 1])
def test_yaw_of_turned_heads_has_their_sign(side: int) -> None:
    turned = [row for row in of_kind("photo", transform=None) if not row.others and 18 < (row.yaw or 0) * side < 28]
    for row in turned[:2]:
        assert yaw(eyes_and_nose(picture_of(row))[1]) * side > 5


def test_hashes_are_those_of_imagehash() -> None:
    picture = picture_of(portrait())
    image = Image.fromarray(picture)
    assert phash(picture).hex() == str(imagehash.phash(image, hash_size=16))
    assert dhash(picture).hex() == str(imagehash.dhash(image, hash_size=16))
