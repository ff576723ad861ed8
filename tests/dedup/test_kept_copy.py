"""Which copy of a cluster is kept."""

from known_copies import face, photo

from facecorpus.catalog.hashed import HashedPhoto
from facecorpus.dedup.cluster import copies


def kept(*photos: HashedPhoto) -> set[str]:
    return {face.face_id for photo in photos for face in photo.faces} - set(copies(photos))


def test_the_copy_with_the_most_pixels_is_kept_then_the_sharpest_then_the_larger_file() -> None:
    small = photo("a", 1, face("a-0", 7, pixels=900.0, sharpness=500.0))
    large = photo("b", 1, face("b-0", 7))
    assert kept(small, large) == {"b-0"}
    sharp = photo("c", 1, face("c-0", 7, sharpness=101.0))
    assert kept(small, large, sharp) == {"c-0"}
    heavy = photo("d", 1, face("d-0", 7, sharpness=101.0), size=1001)
    assert kept(heavy, small, large, sharp) == {"d-0"}


def test_of_copies_about_as_large_the_one_with_a_stated_licence_is_kept() -> None:
    free = photo("a", 1, face("a-0", 7, pixels=9_000.0), licensed=True)
    assert kept(free, photo("b", 1, face("b-0", 7))) == {"a-0"}
    assert kept(free, photo("b", 1, face("b-0", 7, pixels=40_000.0))) == {"b-0"}


def test_the_copy_that_a_person_accepted_is_kept_although_another_is_larger() -> None:
    accepted = photo("a", 1, face("a-0", 7, pixels=900.0, accepted=True))
    assert kept(accepted, photo("b", 1, face("b-0", 7))) == {"a-0"}


def test_each_person_of_a_photograph_keeps_a_face_and_bystanders_are_never_given_up() -> None:
    first = photo("a", 1, face("a-0", 7), face("a-1", 8, identity_id="ben"), face("a-2", 9, identity_id=None))
    second = photo("b", 1, face("b-0", 7), face("b-2", 9, identity_id=None), size=999)
    assert kept(first, second) == {"a-0", "a-1", "a-2", "b-2"}
