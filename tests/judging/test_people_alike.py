"""Two names of one person, and two people who look alike: their centres are as near, their faces are not."""

import numpy as np
import pytest
from numpy.typing import NDArray
from ranked_people import album, between, embedding, face_id, fill, ranked, subject

from facecorpus.corpus import Corpus
from facecorpus.judging.likeness import OF_DLIBS, TOLD_APART, told_apart
from facecorpus.judging.rank import centres, rank_faces
from facecorpus.manifest import SUBGROUPS
from facecorpus.records import SubjectFace
from facecorpus.words import Doubt
from review_ui.learning import Teacher

FEW_DIRECTIONS = np.arange(1, 129) ** -0.25  # of photographs of one person: most of the change is in a few directions
SPREAD = 0.36 * FEW_DIRECTIONS / np.linalg.norm(FEW_DIRECTIONS)  # from their middle, as dlib's are
APART = 0.21  # of people alike; the middles of ten faces each are further apart, about as the nearest real people
SIZES = ((10, 10), (10, 40), (40, 10), (30, 30))

Descriptors = NDArray[np.float32]


def faces(middle: Descriptors, count: int, random: np.random.Generator) -> Descriptors:
    return np.asarray(middle + random.normal(scale=SPREAD, size=(count, 128)), np.float32)


def beside(middle: Descriptors, random: np.random.Generator) -> Descriptors:
    """Somebody who looks alike: other in the very directions in which photographs of one person differ."""
    way = random.normal(scale=SPREAD)
    return np.asarray(middle + APART * way / np.linalg.norm(way), np.float32)


def named(identity_id: str, descriptors: Descriptors) -> list[SubjectFace]:
    return [subject(f"{identity_id}-{n}", identity_id, one) for n, one in enumerate(descriptors)]


def distance(one: Descriptors, other: Descriptors) -> float:
    return float(np.linalg.norm(one.mean(axis=0) - other.mean(axis=0)))


@pytest.mark.parametrize("sizes", SIZES)
@pytest.mark.parametrize("subgroup", range(len(SUBGROUPS)))
def test_one_person_under_two_names_is_one_and_two_alike_are_two(subgroup: int, sizes: tuple[int, int]) -> None:
    random = np.random.default_rng(subgroup)
    middle = np.asarray(random.normal(scale=0.05, size=128), np.float32)
    same = [faces(middle, count, random) for count in sizes]
    alike = [faces(middle, sizes[0], random), faces(beside(middle, random), sizes[1], random)]
    assert max(distance(*same), distance(*alike)) < OF_DLIBS.one_person, "by their centres either could be one person"
    assert len(centres([*named("ada", same[0]), *named("ben", same[1])])) < 2
    assert set(centres([*named("ada", alike[0]), *named("ben", alike[1])])) == {"ada", "ben"}


def test_of_one_persons_faces_about_half_are_nearer_to_either_name() -> None:
    random = np.random.default_rng(0)
    drawn = faces(np.zeros(128, np.float32), 400, random)
    ones = np.ones(200)
    assert told_apart(drawn[:200], drawn[200:], ones, ones) == pytest.approx(0.5, abs=0.1)
    assert told_apart(drawn[:200], drawn[200:] + 1, ones, ones) == 1
    assert 0.5 < TOLD_APART < 1


def test_both_of_two_alike_have_surely_right_faces_and_the_page_judges_them_as_the_ranking_does(
    corpus: Corpus,
) -> None:
    ada = {f"ada{n}": ("ada", embedding("ada", n)) for n in range(10)}
    ben = {f"ben{n}": ("ben", between(0.3, n)) for n in range(10)}
    fill(corpus, ada | ben)
    assert distance(*(np.array([one for _, one in two.values()]) for two in (ada, ben))) < OF_DLIBS.one_person
    assert rank_faces(corpus).not_judged == ()
    with corpus.catalog() as catalog:
        for person in corpus.manifest.identities[:2]:
            order = Teacher().order(catalog, person, corpus.settings)
            shown = {one.face_id: one.section for one in catalog.faces.for_review(person.identity_id)}
            assert dict(zip(order.face_ids, order.sections, strict=True)) == {
                one: section.letter for one, section in shown.items()
            }
    assert shown[face_id("ben0")].letter == "r"


def test_a_few_own_photographs_among_many_of_somebody_else_make_nobody_two_people() -> None:
    borrowed = [subject(f"b-{n}", "ada", embedding("ben", 50 + n)) for n in range(12)]
    found = ranked([*album("ada", 4), *borrowed, *album("ben", 20)])
    assert found["b-0"].reasons == (Doubt.NOT_ENOUGH,)
    assert found["ben-0"].section == "right"
