"""What YuNet is not sure of is a face only if other views of it show one too."""

import numpy as np
import pytest
from demo_faces import SETTINGS, loaded, picture_of
from demo_photographs import of_kind

from facecorpus.faces.records import Picture
from facecorpus.faces.yunet import YunetDetector
from facecorpus.records import Box


def test_windows_that_look_like_a_face_once_are_none() -> None:
    row = next(row for row in of_kind("no_face", transform="building") if row.file == "photos/id074/0007.jpg")
    windows = np.ascontiguousarray(picture_of(row)[250:350, 150:250])
    assert [score > 0.5 for _, score in loaded().detector.look(windows)] == [True]  # type: ignore[attr-defined]
    assert loaded().detector.detect(windows, SETTINGS) == []


def marked(left: int, width: int) -> Picture:
    picture = np.zeros((300, 400, 3), np.uint8)
    picture[100:160, left : left + width] = 255
    return picture


def seen_in(views: int, score: float, shown: list[tuple[int, ...]]) -> YunetDetector:
    """A network that finds the light rectangle in so many looks, and nothing after."""

    def look(picture: Picture) -> list[tuple[Box, float]]:
        shown.append(picture.shape[:2])
        rows, columns = np.nonzero(picture[:, :, 0] > 127)
        box = (columns.min(), rows.min(), np.ptp(columns) + 1, np.ptp(rows) + 1)
        return [(tuple(map(float, box)), score)] if len(shown) <= views else []  # type: ignore[list-item]

    return YunetDetector(look, "")


@pytest.mark.parametrize(("left", "width"), [(0, 60), (90, 60), (350, 50), (200, 32)])
def test_an_unsure_box_is_kept_where_all_four_views_of_its_surroundings_show_it(left: int, width: int) -> None:
    shown: list[tuple[int, ...]] = []
    assert seen_in(5, 0.8, shown)._seen(marked(left, width), 0) == ([((left, 100, width, 60), 0.8)], True)
    assert len(shown) == 5
    (_, wide), *views = shown
    assert all(view[1] <= 1.5 * wide for view in views)
    assert len({view[1] for view in views}) == 4


@pytest.mark.parametrize("views", [1, 2, 3, 4])
def test_one_view_that_does_not_show_it_is_enough(views: int) -> None:
    assert seen_in(views, 0.8, [])._seen(marked(90, 60), 0) == ([], False)


def test_a_box_that_is_seen_again_less_surely_is_none() -> None:
    assert seen_in(5, 0.56, [])._seen(marked(90, 60), 0) == ([], False)
    assert seen_in(1, 0.85, [])._seen(marked(90, 60), 0) == ([((90, 100, 60, 60), 0.85)], True)


def test_a_narrow_box_is_looked_at_once_and_says_that_the_picture_stands() -> None:
    shown: list[tuple[int, ...]] = []
    assert seen_in(1, 0.6, shown)._seen(marked(90, 60), 61) == ([], True)
    assert len(shown) == 1
