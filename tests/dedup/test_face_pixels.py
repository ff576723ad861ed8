"""What the pixels of two faces say: copies, other moments, other people."""

import io
from collections.abc import Callable

import cv2
import numpy as np
import pytest
from known_copies import LIMITS, Edit, blinking, detailed, jpeg, landscape, portrait, smiling
from PIL import Image, ImageDraw

from facecorpus.dedup.bursts import moments_apart
from facecorpus.dedup.overlay import FINE, View
from facecorpus.dedup.pixels import face_likeness


def likeness(one: View, other: View, *, captioned: bool = False) -> float:
    found = face_likeness(one, other, captioned=captioned)
    return -1.0 if found is None else found.value


def moving(picture: Image.Image) -> Image.Image:
    """The same picture, in which what is around the mouth has moved by up to 4 pixels, 4 % of its width."""
    rows, columns = np.mgrid[:224, :224].astype(np.float32)
    shift = 4 * np.exp(-((columns - 112) ** 2 + (rows - 130) ** 2) / (2 * 20**2))
    return Image.fromarray(cv2.remap(np.asarray(picture), columns + shift, rows, cv2.INTER_LINEAR))


def written_over(picture: Image.Image) -> Image.Image:
    """A line of pale letters from the edge to the middle of the face."""
    changed = picture.copy()
    letters = ImageDraw.Draw(changed, "RGBA")
    for left in range(4, 130, 12):
        letters.rectangle((left, 96, left + 6, 108), fill=(255, 255, 255, 110))
    return changed


def elsewhere(picture: Image.Image) -> Image.Image:
    """The same face before another wall and over other clothes."""
    changed = landscape(9).resize((224, 224))
    changed.paste(picture.crop((60, 40, 164, 180)), (60, 40))
    return changed


def captioned(picture: Image.Image) -> Image.Image:
    """The lower part is covered, from edge to edge."""
    changed = picture.copy()
    changed.paste((10, 10, 10), (0, 150, 224, 224))
    return changed


@pytest.mark.parametrize(
    ("edit", "copy"),
    [
        (lambda picture: picture.resize((90, 90)).resize((224, 224)), True),
        (lambda picture: picture.rotate(3, Image.Resampling.BICUBIC, translate=(3, -2)), True),
        (lambda picture: picture.point(lambda grey: grey * 0.7 + 20), True),
        (captioned, True),
        (written_over, True),
        (smiling, False),
        (moving, False),
        (elsewhere, False),
    ],
    ids=[
        "shrunk",
        "aligned a little differently",
        "faded",
        "captioned",
        "written over",
        "a smile later",
        "a turn later",
        "elsewhere",
    ],
)
def test_what_the_pixels_of_a_face_say(edit: Callable[[Image.Image], Image.Image], copy: bool) -> None:
    assert (likeness(portrait(1), portrait(1, edit), captioned=edit is captioned) >= LIMITS.face_likeness) is copy


@pytest.mark.parametrize(
    ("edit", "apart"),
    [
        (lambda picture: Image.open(io.BytesIO(jpeg(picture, 30))), False),
        (lambda picture: picture.resize((120, 120)).resize((224, 224)), False),
        (lambda picture: picture.point(lambda grey: grey * 0.8 + 10), False),
        (blinking, True),
    ],
    ids=["poorly compressed", "shrunk", "faded", "a blink later"],
)
def test_a_moment_later_one_place_has_moved_and_nothing_else(edit: Edit, apart: bool) -> None:
    found = face_likeness(detailed(), detailed(edit))
    assert found is not None and found.value >= LIMITS.face_likeness
    assert moments_apart(detailed(side=FINE), detailed(edit, FINE), found.fit, found.kept) is apart


def test_a_dark_face_is_compared_as_strictly_as_a_bright_one() -> None:
    def dim(picture: Image.Image) -> Image.Image:
        return picture.point(lambda grey: grey * 0.12 + 8)

    assert likeness(portrait(1), portrait(1, dim)) >= LIMITS.face_likeness
    assert likeness(portrait(1, dim), portrait(1, lambda p: dim(smiling(p)))) < LIMITS.face_likeness
    assert likeness(portrait(1, dim), portrait(2, dim)) < 0.5
