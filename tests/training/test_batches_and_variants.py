"""The order of the batches, and the variants of a photograph."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from training.data.augment import FILTERS, filter_name, variant
from training.learn.batches import batch_rows
from training.presets import load_preset

FULL = load_preset("paper")


# Batches


@settings(max_examples=30, deadline=None)
@given(images=st.integers(1, 60), batch=st.integers(1, 90), seed=st.integers(0, 9))
def test_every_image_comes_once_an_epoch_whatever_the_batch(images: int, batch: int, seed: int) -> None:
    steps = -(-3 * images // batch)
    rows = np.concatenate([batch_rows(images, batch, step, seed) for step in range(steps)])
    for epoch in range(3):
        assert sorted(rows[epoch * images : (epoch + 1) * images]) == list(range(images))


def test_a_batch_follows_from_seed_and_step_alone() -> None:
    late = batch_rows(1000, 32, 500, seed=1)
    for step in range(20):
        batch_rows(1000, 32, step, seed=2)
    assert (batch_rows(1000, 32, 500, seed=1) == late).all()
    assert (batch_rows(1000, 32, 500, seed=2) != late).any()


# Variants


def test_the_first_variant_is_the_photograph_itself() -> None:
    image = np.random.default_rng(0).integers(0, 256, (32, 32, 3), dtype=np.uint8)
    assert (variant(image, "a", 0, 0, FULL) == image).all()
    assert filter_name(0, FULL) == "original"


@pytest.mark.parametrize("index", range(1, len(FILTERS) + 1))
def test_a_variant_differs_but_follows_from_face_index_and_seed(index: int) -> None:
    image = np.random.default_rng(0).integers(0, 256, (32, 32, 3), dtype=np.uint8)
    made = variant(image, "a", index, 0, FULL)
    assert made.shape == image.shape
    assert made.dtype == np.uint8
    assert (made != image).any()
    assert (variant(image, "a", index, 0, FULL) == made).all()
    assert (variant(image, "b", index, 0, FULL) != made).any()
    assert (variant(image, "a", index, 1, FULL) != made).any()


def test_a_preset_chooses_the_filters_their_order_and_how_much_a_face_is_moved() -> None:
    image = np.random.default_rng(0).integers(0, 256, (32, 32, 3), dtype=np.uint8)
    still = dict.fromkeys(FULL.affine, 0.0)
    grey = replace(FULL, affine=still, image_filters={"grey": [1, 1], "median": [3, 3]})
    assert [filter_name(index, grey) for index in range(4)] == ["original", "grey", "median", "grey"]
    made = variant(image, "a", 1, 0, grey)
    assert (made[..., 0] == made[..., 2]).all()
    assert (variant(image, "a", 2, 0, grey) == cv2.medianBlur(image, 3)).all()
