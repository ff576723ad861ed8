"""Groups inside a person: which faces are alike enough for one word, and what never is grouped."""

from dataclasses import replace

import numpy as np
import pytest
from ranked_people import subject

from facecorpus.judging.groups import grouped
from facecorpus.records import Ranking, SubjectFace
from facecorpus.words import Section


def described(*places: float) -> list[np.ndarray]:
    """Descriptors on a line, at those places."""
    return [np.eye(128, dtype=np.float32)[0] * place for place in places]


def numbers(places: list[float], who: list[str] | None = None, section: Section = Section.LOOK) -> list[int | None]:
    """The group of each face that stands at such a place of a line."""
    subjects = [a_subject(number, who[number] if who else "ada", one) for number, one in enumerate(described(*places))]
    rankings = [Ranking(one.face.face_id, 0.1 + 0.01 * number, section, ()) for number, one in enumerate(subjects)]
    return [one.alike for one in grouped(subjects, rankings)]


def a_subject(number: int, identity_id: str, embedding: np.ndarray, *, kept: bool = True) -> SubjectFace:
    return subject(f"face-{number:02}", identity_id, embedding, kept=kept)


@pytest.mark.parametrize(
    ("places", "expected"),
    [
        ([0.0, 0.3, 2.0, 2.2, 5.0], [0, 0, 1, 1, None]),
        ([0.0, 0.5], [None, None]),  # further apart than the limit
        ([1.0], [None]),
        ([0.0, 0.0, 0.0], [0, 0, 0]),
    ],
)
def test_faces_near_each_other_have_one_number(places: list[float], expected: list[int | None]) -> None:
    found = numbers(places)
    shapes = {tuple(row for row, number in enumerate(found) if number == one) for one in set(found) - {None}}
    wanted = {tuple(row for row, number in enumerate(expected) if number == one) for one in set(expected) - {None}}
    assert shapes == wanted


def test_faces_of_two_people_are_never_one_group() -> None:
    assert numbers([0.0, 0.0], ["ada", "ben"]) == [None, None]


def test_only_faces_to_look_at_are_grouped() -> None:
    assert numbers([0.0, 0.0], section=Section.RIGHT) == [None, None]
    subjects = [a_subject(number, "ada", described(0.0)[0], kept=False) for number in range(2)]
    rankings = [Ranking(one.face.face_id, 0.5, Section.LOOK, ()) for one in subjects]
    assert grouped(subjects, rankings) == rankings


def test_the_groups_do_not_depend_on_the_order_of_the_faces() -> None:
    places = list(np.random.default_rng(3).uniform(0, 8, 60))
    subjects = [a_subject(number, "ada", one) for number, one in enumerate(described(*places))]
    pairs = zip(subjects, places, strict=True)
    rankings = [Ranking(one.face.face_id, place / 9, Section.LOOK, ()) for one, place in pairs]
    forth = {one.face_id: one.alike for one in grouped(subjects, rankings)}
    back = {one.face_id: one.alike for one in grouped(subjects[::-1], rankings[::-1])}
    assert forth == back
    assert replace(rankings[0], alike=forth[rankings[0].face_id]) == grouped(subjects, rankings)[0]
