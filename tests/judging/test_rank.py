"""Ranking: who is surely right, who is surely wrong, and why."""

import tracemalloc
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from people import person
from ranked_people import LIMITS, PEOPLE, SPREAD, album, between, embedding, rank_one, ranked, subject

from facecorpus.judging.likeness import FEWEST, members
from facecorpus.judging.rank import centres, judgements, rank
from facecorpus.settings import RankSettings
from facecorpus.words import Doubt


def test_faces_of_the_right_person_are_surely_right_without_a_word() -> None:
    for ranking in ranked([*album("ada"), *album("ben")]).values():
        assert (ranking.section, ranking.reasons) == ("right", ())


def test_another_listed_persons_face_is_surely_wrong_and_the_reviewer_is_told_whose_it_is() -> None:
    found = rank_one(embedding("ben", 99))
    assert found.section == "wrong"
    assert found.reasons[0] == "closer to Ben"


def test_a_strangers_face_is_surely_wrong_and_the_distance_says_why() -> None:
    found = rank_one(embedding("stranger", 1))
    assert found.section == "wrong"
    assert any(reason.startswith("far from this person's other faces (0.") for reason in found.reasons)


def test_a_face_that_could_be_either_is_left_to_look_at_with_a_reason() -> None:
    found = rank_one(between(0.5, 50))
    assert found.section == "look"
    assert found.reasons[0] in ("almost as close to Ben", "closer to Ben")


def test_the_likelihood_falls_on_the_way_from_one_person_to_another() -> None:
    likely = [rank_one(between(share, 50)).likely for share in np.linspace(0.2, 1, 9)]
    assert likely == sorted(likely, reverse=True)
    assert likely[0] > 0.9 and likely[-1] < 0.1


def test_an_only_person_is_judged_by_distance_alone() -> None:
    found = ranked([*album("ada"), subject("x", "ada", embedding("stranger"))])
    assert found["ada-0"].section == "right"
    assert found["x"].likely < found["ada-0"].likely


def test_wrong_people_among_the_photographs_do_not_move_the_centre() -> None:
    clean = centres(album("ada"))["ada"]
    wrong = [subject(f"w-{n}", "ada", embedding(("ben", "cleo", "stranger")[n % 3], n)) for n in range(8)]
    found = centres([*wrong, *album("ada")])["ada"]
    assert found.without == {one.face.face_id for one in wrong}
    assert (found.mean == clean.mean).all()


def test_a_face_does_not_vouch_for_itself() -> None:
    subjects = album("ada", FEWEST)
    middle = centres(subjects)
    judged = next(judgements(subjects, middle))[1]
    others = np.mean([s.face.embedding for s in subjects[1:]], axis=0)
    assert judged is not None
    assert judged.distance == pytest.approx(np.linalg.norm(subjects[0].face.embedding - others), abs=1e-6)


def test_a_person_with_too_few_photographs_cannot_be_judged() -> None:
    found = ranked([*album("ada", FEWEST - 1), *album("ben")])
    assert (found["ada-0"].section, found["ada-0"].reasons) == ("look", (Doubt.NOT_ENOUGH,))
    assert found["ben-0"].section == "right"


def test_a_person_with_no_majority_of_like_faces_cannot_be_judged() -> None:
    halves = [*album("ada", 5), *(subject(f"b-{n}", "ada", embedding("ben", n)) for n in range(5))]
    assert {ranking.section for ranking in ranked(halves).values()} == {"look"}


def test_accepted_faces_settle_who_a_person_is_even_against_a_majority() -> None:
    accepted = [replace(s, verdict="accept") for s in album("ada", FEWEST)]
    majority = [subject(f"b-{n}", "ada", embedding("ben", n)) for n in range(9)]
    found = ranked([*accepted, *majority])
    assert {found[s.face.face_id].section for s in accepted} == {"right"}
    assert all(found[s.face.face_id].likely < 0.5 for s in majority)


def test_rejected_faces_never_count() -> None:
    rejected = [subject(f"b-{n}", "ada", embedding("ben", n), verdict="reject") for n in range(20)]
    assert (centres([*rejected, *album("ada")])["ada"].mean == centres(album("ada"))["ada"].mean).all()


def test_copies_do_not_count_and_are_left_to_look_at() -> None:
    duplicates = [replace(s, kept=False, face=replace(s.face, face_id=f"copy-{s.face.face_id}")) for s in album("ben")]
    found = ranked([*album("ada"), *album("ben"), *duplicates])
    assert centres([*album("ben"), *duplicates])["ben"].weight == centres(album("ben"))["ben"].weight
    assert found["copy-ben-0"].section == "look"
    assert found["copy-ben-0"].reasons[0] == "copy of a better photograph"
    assert found["copy-ben-0"].likely > 0.9  # the person is right


def test_a_face_from_outside_the_period_is_never_surely_right() -> None:
    assert rank_one(embedding("ada", 50), taken_on="2010-05").section == "right"
    found = rank_one(embedding("ada", 50), taken_on="2003-05-01")
    assert (found.section, found.reasons) == ("look", ("outside the period",))


def test_without_a_date_a_face_of_somebody_with_dated_only_is_never_surely_right() -> None:
    dated = PEOPLE | {"ada": person("ada", name="Ada", dated_only=True)}
    faces = [*album("ada"), *album("ben"), subject("x", "ada", embedding("ada", 50), taken_on=None)]
    found = rank(faces, dated, LIMITS)[-1]
    assert (found.section, found.reasons) == ("look", ("no certain date",))


def test_reasons_say_what_a_reviewer_would_see() -> None:
    found = rank_one(embedding("ada", 50), box=(0.0, 0.0, 34.0, 34.0), sharpness=3.0, yaw=-55.0, faces_in_photo=5)
    assert found.reasons == ("tiny (34 px)", "blurred", "turned away (55°)", "in a group (5 faces)")


@settings(max_examples=60, deadline=None)
@given(
    share=st.floats(0, 1),
    number=st.integers(100, 999),
    width=st.floats(10, 400),
    sharpness=st.floats(0, 500),
    limits=st.sampled_from([LIMITS, RankSettings(accept_above=0.99, reject_below=0.01)]),
)
def test_a_flaw_is_told_but_says_nothing_of_whose_face_it_is_and_whatever_is_not_right_has_a_reason(
    share: float, number: int, width: float, sharpness: float, limits: RankSettings
) -> None:
    albums = [*album("ada"), *album("ben")]
    good = ranked([*albums, subject("x", "ada", between(share, number))], limits)["x"]
    flawed = ranked(
        [*albums, subject("x", "ada", between(share, number), box=(0.0, 0.0, width, width), sharpness=sharpness)],
        limits,
    )["x"]
    assert flawed.likely == good.likely
    assert ("blurred" in flawed.reasons) == (sharpness < 15)
    for ranking in (good, flawed):
        assert ranking.section == "right" or ranking.reasons


def test_an_odd_face_is_more_likely_right_in_an_album_that_belongs_together() -> None:
    strangers = [subject(f"s-{n}", "ada", embedding("stranger", n)) for n in range(8)]
    odd = subject("x", "ada", between(0.5, 50))
    company = [*album("ada"), *album("ben"), *strangers, odd]
    assert ranked(company)["x"].likely < ranked([*album("ada"), *album("ben"), odd])["x"].likely
    told = [replace(s, verdict="reject") if s in strangers else s for s in company]
    assert ranked(told)["x"] == ranked([*album("ada"), *album("ben"), odd])["x"], "who was rejected is no company"


@settings(max_examples=20, deadline=None)
@given(order=st.permutations(range(16)))
def test_the_order_of_the_faces_does_not_matter(order: list[int]) -> None:
    subjects = [*album("ada", 6), *album("ben", 6), *(subject(f"x-{n}", "ada", between(0.5, n)) for n in range(4))]
    shuffled = ranked([subjects[place] for place in order])
    for face_id, ranking in ranked(subjects).items():
        assert shuffled[face_id].section == ranking.section
        assert shuffled[face_id].likely == pytest.approx(ranking.likely)


def test_a_person_whose_photographs_are_mostly_somebody_elses_cannot_be_judged_but_that_one_can() -> None:
    borrowed = [subject(f"b-{n}", "ada", embedding("ben", 50 + n)) for n in range(6)]
    found = ranked([*album("ada", 4), *borrowed, *album("ben")])
    assert {found[s.face.face_id].reasons for s in borrowed} == {(Doubt.NOT_ENOUGH,)}
    assert found["ben-0"].section == "right"


def test_accepted_faces_settle_which_of_two_like_albums_is_whose() -> None:
    borrowed = [subject(f"b-{n}", "ada", embedding("ben", 50 + n)) for n in range(9)]
    accepted = [replace(s, verdict="accept") for s in album("ben", FEWEST)]
    found = ranked([*album("ada", 3), *borrowed, *accepted])
    assert found["ben-0"].section == "right"
    assert found["b-0"].section == "look"


def test_a_picture_that_stands_for_two_people_is_shown_to_a_reviewer_whatever_it_looks_like() -> None:
    in_conflict = replace(album("ada")[0], also_stands_for=("ben",))
    found = ranked([in_conflict, *album("ada")[1:], *album("ben")])["ada-0"]
    assert (found.section, found.reasons) == ("look", ("stands for Ben, too",))
    assert found.likely <= 0.5


def test_an_album_of_many_thousands_finds_its_centre_in_little_memory() -> None:
    generator = np.random.default_rng(0)
    many = generator.normal(scale=SPREAD, size=(20_000, 128)).astype(np.float32)
    many[::3, 0] += 0.9  # a third is somebody else
    nobody = np.zeros(len(many), np.bool_)
    tracemalloc.start()
    found = members(many, nobody, nobody)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert found is not None and found[1::3].all() and found[2::3].all() and not found[::3].any()
    assert peak < 40e6  # all pairs would be 3.2 GB
