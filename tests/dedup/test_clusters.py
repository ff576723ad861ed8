"""Which photographs are one cluster, what joins them, and whose conflicts that shows."""

from collections.abc import Callable
from dataclasses import replace
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from known_copies import (
    LIMITS,
    Hash,
    album,
    clusters,
    descriptor,
    face,
    in_a_mirror,
    landscape,
    linked,
    photo,
    portrait,
    random_hash,
    shown,
    smiling,
)
from PIL import Image, ImageFilter, ImageOps

from facecorpus.dedup.cluster import conflicts, copies, joined
from facecorpus.dedup.match import by_person, candidates
from facecorpus.dedup.pairs import mirrored_phash


def flipped(hash_: Hash, bits: int) -> bytes:
    """The hash with that many bits changed, spread over all of it."""
    unpacked = np.unpackbits(hash_)
    unpacked[np.linspace(0, 255, bits, dtype=int)] ^= 1
    return np.packbits(unpacked).tobytes()


@pytest.mark.parametrize(
    "edit",
    [
        lambda picture: picture.resize((240, 180)),
        lambda picture: picture.crop((6, 4, 474, 356)),
        lambda picture: picture.filter(ImageFilter.GaussianBlur(3)),
        lambda picture: picture.convert("L").convert("RGB"),
        ImageOps.mirror,
    ],
    ids=["shrunk", "cropped a little", "blurred", "grey", "mirrored"],
)
def test_an_edited_copy_of_a_picture_is_in_its_cluster(edit: Callable[[Image.Image], Image.Image]) -> None:
    original = landscape(1)
    pictures = {"a": original, "b": edit(original), "c": landscape(2)}
    assert clusters(pictures) == {"a": "a", "b": "a", "c": "c"}


def test_a_corpus_without_photographs_or_faces_has_no_copies() -> None:
    assert clusters({}) == {}
    assert copies([photo("a", 1), photo("b", 2)]) == []


def test_blank_pages_are_no_copies_of_each_other() -> None:
    blank = Image.new("RGB", (300, 200), (250, 250, 250))
    assert clusters({"a": blank, "b": blank}) == {"a": "a", "b": "b"}


def test_alike_hashes_propose_and_pixels_decide() -> None:
    pair = photo("a", 1, face("a-0", 7)), photo("b", 2, face("b-0", 7))
    assert linked(*pair, views={"a-0": shown(1), "b-0": shown(1)})
    assert not linked(*pair, views={"a-0": shown(1), "b-0": shown(2)})


def test_the_same_face_in_another_picture_is_a_copy_even_under_another_name() -> None:
    original = photo("a", 1, face("a-0", 7))
    screenshot = photo("b", 2, face("b-0", 7, identity_id="ben", embedding=descriptor(7, 0.2)))
    views = {"a-0": shown(1), "b-0": shown(1, lambda picture: picture.filter(ImageFilter.GaussianBlur(1)))}
    assert linked(original, screenshot, views=views)


def test_a_mirrored_face_is_a_copy() -> None:
    views = {"a-0": shown(1), "b-0": lambda side: portrait(1, side=side).mirrored()}
    assert linked(photo("a", 1, face("a-0", 7)), photo("b", 2, in_a_mirror("b-0", 7)), views=views)


def test_where_the_faces_hashes_cannot_tell_the_picture_says_that_it_is_mirrored() -> None:
    original = photo("a", 1, face("a-0", 7))
    unlike = face("b-0", 8, embedding=descriptor(7))
    copy = photo("b", 1, unlike, phash=mirrored_phash(random_hash(1)).tobytes())
    assert linked(original, copy, views={"a-0": shown(1), "b-0": lambda side: portrait(1, side=side).mirrored()})


def test_two_people_before_the_same_wall_are_no_copies() -> None:
    wall = random_hash(1)
    ada = photo("a", 1, face("a-0", 7))
    ben = photo("b", 1, face("b-0", 8), phash=flipped(wall, 40))
    views = {"a-0": shown(1), "b-0": shown(2), "a": shown(3), "b": shown(3, smiling)}
    assert not linked(ada, ben, views=views)
    assert linked(ada, replace(ben, faces=()), views=views)  # no face that could say otherwise


def test_faces_of_one_person_with_nearly_the_same_descriptor_are_compared_whatever_their_hashes() -> None:
    original = photo("a", 1, face("a-0", 7))
    otherwise_aligned = face("b-0", 8, embedding=descriptor(7, 0.2))
    cropped = photo("b", 2, otherwise_aligned)
    assert candidates(album(original, cropped), LIMITS).tolist() == [[0, 1]]
    strangers = photo("b", 2, replace(otherwise_aligned, identity_id="ben"))
    assert candidates(album(original, strangers), LIMITS).tolist() == []


def test_one_persons_pairs_follow_each_other_and_none_is_lost() -> None:
    people = ("ada", "ben", "ada", None, "ben", "ada")
    photos = [
        photo(str(n), n, *([face(f"{n}-0", n, identity_id=name)] if name else [])) for n, name in enumerate(people)
    ]
    pairs = np.array([[0, 2], [0, 5], [1, 3], [1, 4], [2, 5], [3, 4]])
    columns = album(*photos).columns
    assert pairs[by_person(columns, pairs)].tolist() == [[3, 4], [0, 2], [0, 5], [2, 5], [1, 3], [1, 4]]
    assert by_person(columns, pairs[:0]).tolist() == []


def test_every_photograph_has_a_cluster_named_by_its_smallest_hash_in_whatever_order_they_come() -> None:
    first, second = landscape(1), landscape(2)
    pictures = {"d": first, "b": first.resize((240, 180)), "c": second, "a": ImageOps.mirror(first)}
    wanted = {"a": "a", "b": "a", "c": "c", "d": "a"}
    assert clusters(pictures) == wanted
    assert clusters(dict(reversed(pictures.items()))) == wanted


def test_a_chain_does_not_join_what_is_not_alike() -> None:
    """0, 1 and 2 are one picture, 5, 6 and 7 another; 2 and 5 look like copies of each other."""
    alike = {frozenset(pair) for group in ((0, 1, 2), (5, 6, 7), (2, 5)) for pair in combinations(group, 2)}
    links = [(0, 1), (1, 2), (5, 6), (6, 7), (2, 5)]
    groups = joined(links, lambda one, other: frozenset((one, other)) in alike)
    assert sorted(map(sorted, groups)) == [[0, 1, 2], [5, 6, 7]]


@settings(max_examples=30, deadline=None)
@given(links=st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9))))
def test_where_all_that_is_linked_is_alike_groups_are_what_the_links_connect(links: list[tuple[int, int]]) -> None:
    groups = joined(links, lambda one, other: True)
    assert sorted(number for group in groups for number in group) == sorted({one for pair in links for one in pair})
    group_of = {number: index for index, group in enumerate(groups) for number in group}
    assert all(group_of[one] == group_of[other] for one, other in links)


def test_one_picture_that_stands_for_two_people_is_a_conflict_and_two_people_in_one_picture_are_none() -> None:
    original = photo("a", 1, face("a-0", 7), face("a-1", 8, identity_id="ben"))
    copy = photo("b", 1, face("b-0", 7), face("b-1", 8, identity_id="ben"))
    stolen = photo("c", 1, face("c-0", 7, identity_id="cleo"))
    assert conflicts([original, copy], 0.5) == []
    assert set(conflicts([original, stolen], 0.5)) == {("a-0", "c-0"), ("c-0", "a-0")}
