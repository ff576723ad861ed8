"""Faces of others in a photograph: blurred so that nothing of them is left, while the subject stays to the pixel."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from facecorpus.faces.bystanders import without_bystanders

SUBJECT = (20.0, 30.0, 40.0, 50.0)
OTHER = (120.0, 40.0, 40.0, 50.0)


@pytest.fixture
def noise() -> np.ndarray:
    """A picture of 200 × 160 pixels in which any two places differ."""
    return np.random.default_rng(7).integers(0, 256, (160, 200, 3), np.uint8)


def _inside(picture: np.ndarray, box: tuple[float, ...]) -> np.ndarray:
    x, y, width, height = map(round, box)
    return picture[y : y + height, x : x + width]


def test_a_bystander_keeps_no_detail_and_the_rest_every_pixel(noise: np.ndarray) -> None:
    shown = without_bystanders(noise, [OTHER], SUBJECT)
    assert _inside(noise, OTHER).std() > 70
    assert _inside(shown, OTHER).std() < 12
    assert np.array_equal(shown[:, :80], noise[:, :80])
    assert np.array_equal(_inside(shown, SUBJECT), _inside(noise, SUBJECT))


def test_the_same_blur_follows_from_many_pictures(noise: np.ndarray) -> None:
    """What is left of a head are a few means; detail that they do not hold cannot be brought back."""
    swapped = noise.copy()
    rows, columns = slice(40, 90), slice(120, 160)
    swapped[rows, columns] = noise[rows, columns][::-1, ::-1]
    difference = np.abs(
        without_bystanders(noise, [OTHER]).astype(int)[rows, columns]
        - without_bystanders(swapped, [OTHER]).astype(int)[rows, columns]
    )
    assert np.abs(noise.astype(int) - swapped)[rows, columns].mean() > 60
    assert difference.mean() < 12


def test_where_heads_overlap_the_subjects_box_stays(noise: np.ndarray) -> None:
    beside = (50.0, 30.0, 40.0, 50.0)
    shown = without_bystanders(noise, [beside], SUBJECT)
    assert np.array_equal(_inside(shown, SUBJECT), _inside(noise, SUBJECT))
    assert not np.array_equal(shown[30:80, 62:90], noise[30:80, 62:90])


_NUMBER = st.floats(-400, 400)
_SIDE = st.floats(0.01, 500)


@given(
    boxes=st.lists(st.tuples(_NUMBER, _NUMBER, _SIDE, _SIDE), max_size=4), own=st.tuples(_NUMBER, _NUMBER, _SIDE, _SIDE)
)
def test_any_box_is_blurred_as_far_as_it_lies_in_the_picture(
    boxes: list[tuple[float, float, float, float]], own: tuple[float, float, float, float]
) -> None:
    picture = np.arange(60 * 90 * 3, dtype=np.uint32).astype(np.uint8).reshape(60, 90, 3)
    before = picture.copy()
    shown = without_bystanders(picture, boxes, own)
    assert shown.shape == picture.shape
    assert np.array_equal(picture, before)
