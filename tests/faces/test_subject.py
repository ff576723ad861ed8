"""Which face of a photograph is the person's it was proposed for."""

from dataclasses import replace

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from people import face

from facecorpus.faces.subject import LIKELY, Proposed, choose_subjects
from facecorpus.records import Face


def made_face(photo: str, number: int, *place: float) -> Face:
    """A face at a place of descriptor space, in units of the distance that is still likely the same person."""
    embedding = np.zeros(128, np.float32)
    embedding[: len(place)] = np.array(place) * LIKELY
    return face(
        photo,
        face_id=f"{photo}-{number}",
        box=(0, 0, 50 + number, 50),
        landmarks=np.zeros((5, 2), np.float32),
        embedding=embedding,
    )


def alone(identity: str, *place: float) -> Proposed:
    """Photographs of a person alone, all alike."""
    return [(made_face(f"{identity}{number}", 0, *place), (identity,)) for number in "123"]


ADA, BEN = (0.0,), (0.0, 5.0)


def test_in_a_group_the_face_like_the_persons_other_photographs_is_the_subject() -> None:
    group = [(made_face("group", n, *place), ("ada",)) for n, place in enumerate([(3.0,), (0.2,), (0.0, 4.0)])]
    chosen = choose_subjects([*alone("ada", *ADA), *group])
    assert chosen == {"ada1-0": "ada", "ada2-0": "ada", "ada3-0": "ada", "group-1": "ada"}


def test_wrong_photographs_do_not_move_the_person() -> None:
    wrong = [(made_face(f"wrong{n}", 0, 0.0, 0.0, 3.0 + 2 * n), ("ada",)) for n in range(2)]
    group = [(made_face("group", n, *place), ("ada",)) for n, place in enumerate([(0.0, 0.0, 3.0), (0.9,)])]
    chosen = choose_subjects([*wrong, *alone("ada", *ADA), *group])
    assert chosen["group-1"] == "ada"
    assert "group-0" not in chosen


def test_a_single_face_is_the_subject_even_where_it_is_unlike_the_person() -> None:
    chosen = choose_subjects([*alone("ada", *ADA), (made_face("stranger", 0, 9.0), ("ada",))])
    assert chosen["stranger-0"] == "ada"


def test_a_face_that_two_people_claim_is_the_nearer_ones() -> None:
    shared = (made_face("shared", 0, 0.0, 4.0), ("ada", "ben"))
    chosen = choose_subjects([*alone("ada", *ADA), *alone("ben", *BEN), shared])
    assert chosen["shared-0"] == "ben"


def test_whoever_loses_a_face_takes_the_next_one_only_if_it_is_likely() -> None:
    people = [*alone("ada", *ADA), *alone("ben", 1.4)]
    both = ("ada", "ben")
    likely = [(made_face("shared", 0, 1.4), both), (made_face("shared", 1, 0.9), both)]
    assert choose_subjects([*people, *likely]).items() >= {"shared-0": "ben", "shared-1": "ada"}.items()
    unlikely = [(made_face("shared", 0, 0.6), both), (made_face("shared", 1, 0.0, 3.0), both)]
    assert {face: who for face, who in choose_subjects([*people, *unlikely]).items() if "shared" in face} == {
        "shared-0": "ada"
    }


def test_people_seen_only_in_company_are_found_by_who_comes_back() -> None:
    guests: dict[str, list[tuple[float, ...]]] = {
        "party0": [(7.0,), (0.1,)],
        "party1": [(0.0,), (0.0, 8.0)],
        "party2": [(0.0, 0.0, 9.0), (0.2,)],
    }
    company = [
        (made_face(photo, number, *place), ("ada",))
        for photo, places in guests.items()
        for number, place in enumerate(places)
    ]
    assert set(choose_subjects(company)) == {"party0-1", "party1-0", "party2-1"}


def test_a_photograph_proposed_for_nobody_has_bystanders_only() -> None:
    assert choose_subjects([(made_face("crowd", 0, 1.0), ())]) == {}


@settings(max_examples=30, deadline=None)
@given(st.permutations(range(9)))
def test_the_order_of_the_faces_does_not_matter(order: list[int]) -> None:
    random = np.random.default_rng(3)
    faces = [
        (made_face(f"photo{n // 2}", n % 2, *random.normal(size=3)), (("ada",), ("ada", "ben"), ("ben",))[n // 2 % 3])
        for n in range(9)
    ]
    assert choose_subjects([faces[n] for n in order]) == choose_subjects(faces)


def test_where_a_list_says_that_the_face_is_there_the_subject_is_found_whatever_it_is_like() -> None:
    group = [
        (replace(made_face("group", n, *place), box=(100.0 * n, 0, 60, 60)), ("ada",))
        for n, place in enumerate([(0.1,), (9.0,)])
    ]
    people = [*alone("ada", *ADA), *group]
    assert choose_subjects(people)["group-0"] == "ada"
    pointed = choose_subjects(people, {("group", "ada"): (95.0, -5.0, 80.0, 80.0)})
    assert pointed["group-1"] == "ada" and "group-0" not in pointed
    beside = choose_subjects(
        people, {("group", "ada"): (300.0, 0.0, 60.0, 60.0), ("gone", "ada"): (0.0, 0.0, 9.0, 9.0)}
    )
    assert beside == choose_subjects(people)


def test_two_in_five_wrong_photographs_of_one_stranger_do_not_win_where_groups_show_the_person() -> None:
    wrong = [(made_face(f"wrong{n}", 0, 0.0, 0.0, 3.0), ("ada",)) for n in range(4)]
    groups = [
        (made_face(f"group{g}", n, *place), ("ada",))
        for g in range(3)
        for n, place in enumerate([(0.0, 3.0 + 2 * g), (0.1,)])
    ]
    chosen = choose_subjects([*wrong, *alone("ada", *ADA), *groups])
    assert {f"group{g}-1" for g in range(3)} <= chosen.keys()
    assert not {f"group{g}-0" for g in range(3)} & chosen.keys()
