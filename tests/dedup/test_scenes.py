"""What is around a face says whether two photographs are one."""

import numpy as np
import pytest
from known_copies import HEAD_AT, Edit, face, in_a_mirror, jpeg, linked, photo, photograph, portrait, shown
from numpy.typing import NDArray
from PIL import Image, ImageEnhance, ImageFilter, ImageOps

from facecorpus.dedup.overlay import View, scene_view
from facecorpus.dedup.pixels import SAME_SCENE, scene_likeness


def scene(picture: Image.Image, landmarks: NDArray[np.float32] = HEAD_AT) -> View:
    view = scene_view(jpeg(picture), landmarks, picture.width)
    assert view is not None
    return view


STRAIGHT = np.eye(2, 3, dtype=np.float32)


@pytest.mark.parametrize(
    ("edit", "landmarks"),
    [
        (lambda picture: picture.resize((400, 300)), (HEAD_AT + 0.5) / 2 - 0.5),
        (lambda picture: picture.crop((90, 60, 770, 570)), HEAD_AT - np.array((90, 60))),
        (lambda picture: picture.convert("L").convert("RGB"), HEAD_AT),
        (lambda picture: ImageEnhance.Brightness(picture).enhance(0.75), HEAD_AT),
        (lambda picture: picture.filter(ImageFilter.GaussianBlur(1.5)), HEAD_AT),
        (lambda picture: ImageOps.expand(picture, (0, 0, 0, 80), (20, 20, 20)), HEAD_AT),
        (lambda picture: picture, HEAD_AT + np.array((2, -1))),
        (lambda picture: ImageOps.expand(picture, 90, (250, 250, 250)), HEAD_AT + 90),
    ],
    ids=["shrunk", "cropped", "grey", "darker", "blurred", "captioned below", "landmarks a little elsewhere", "framed"],
)
def test_copies_agree_around_the_face(edit: Edit, landmarks: NDArray[np.float64]) -> None:
    original = photograph(1, 2)
    assert scene_likeness(scene(original), scene(edit(original), landmarks.astype(np.float32)), STRAIGHT) >= SAME_SCENE


def test_the_same_head_before_another_wall_does_not() -> None:
    assert scene_likeness(scene(photograph(1, 2)), scene(photograph(1, 3)), STRAIGHT) < SAME_SCENE


def test_nothing_is_said_of_blank_walls() -> None:
    assert scene_likeness(scene(photograph(1, None)), scene(photograph(1, None)), STRAIGHT) >= SAME_SCENE


def test_a_photograph_inside_a_collage_agrees_as_far_as_it_goes() -> None:
    original = photograph(1, 2)
    collage = Image.new("RGB", (1600, 1200))
    for place, picture in (((0, 0), original), ((800, 0), photograph(4, 5)), ((0, 600), photograph(6, 7))):
        collage.paste(picture, place)
    assert scene_likeness(scene(original), scene(collage), STRAIGHT) >= SAME_SCENE


def test_a_face_that_agrees_before_another_wall_is_no_copy() -> None:
    pair = photo("a", 1, face("a-0", 7)), photo("b", 2, face("b-0", 7))
    views = {"a-0": shown(1), "b-0": shown(1)}
    one, other = scene(photograph(1, 2)), scene(photograph(1, 3))
    assert linked(*pair, views=views, scenes={"a-0": one, "b-0": one})
    assert not linked(*pair, views=views, scenes={"a-0": one, "b-0": other})


def test_a_mirrored_copy_is_compared_with_the_mirror_of_what_is_around_it() -> None:
    views = {"a-0": shown(1), "b-0": lambda side: portrait(1, side=side).mirrored()}
    around = scene(photograph(1, 2))
    pair = photo("a", 1, face("a-0", 7)), photo("b", 2, in_a_mirror("b-0", 7))
    assert linked(*pair, views=views, scenes={"a-0": around, "b-0": around.mirrored()})
    assert not linked(*pair, views=views, scenes={"a-0": around, "b-0": scene(photograph(1, 3))})


def test_where_a_photograph_cannot_be_read_the_faces_decide() -> None:
    pair = photo("a", 1, face("a-0", 7)), photo("b", 2, face("b-0", 7))
    views = {"a-0": shown(1), "b-0": shown(1)}
    assert linked(*pair, views=views, scenes={"a-0": scene(photograph(1, 2)), "b-0": None})
