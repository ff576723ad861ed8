"""Near-duplicates: the exact search, what counts as a copy, which copy is kept, and the stage on a corpus."""

import io
from collections.abc import Callable
from dataclasses import replace
from itertools import combinations

import cv2
import imagehash
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageEnhance, ImageFilter, ImageOps

from facecorpus.catalog import Catalog
from facecorpus.catalog.photos import HashedFace, HashedPhoto
from facecorpus.corpus import Corpus
from facecorpus.dedup.bursts import moments_apart
from facecorpus.dedup.cluster import cluster, conflicts, copies, joined
from facecorpus.dedup.match import Looker, by_person, candidates
from facecorpus.dedup.overlay import FINE, SCENE, SIDE, View, face_view, picture_view, scene_view
from facecorpus.dedup.pairs import distances, mirrored_dhash, mirrored_phash, pairs_within
from facecorpus.dedup.pixels import SAME_SCENE, face_likeness, scene_likeness
from facecorpus.dedup.stage import find_duplicates
from facecorpus.faces.align import mean_face
from facecorpus.faces.hashes import dhash, phash, photo_phash
from facecorpus.records import Candidate, Download, Face
from facecorpus.settings import DedupSettings
from facecorpus.words import Outcome

LIMITS = DedupSettings()
LANDMARKS = np.asarray(mean_face(150) + np.array((120, 70)), np.float32)  # the crop lies inside a picture of 400 × 300
Hash = NDArray[np.uint8]


def random_hash(seed: int) -> Hash:
    return np.random.default_rng(seed).integers(0, 256, 32, dtype=np.uint8)


def flipped(hash_: Hash, bits: int) -> bytes:
    """The hash with that many bits changed, spread over all of it."""
    unpacked = np.unpackbits(hash_)
    unpacked[np.linspace(0, 255, bits, dtype=int)] ^= 1
    return np.packbits(unpacked).tobytes()


def descriptor(person: int, away: float = 0.0) -> NDArray[np.float32]:
    """A person's descriptor, or one at that distance from it."""
    vector = np.random.default_rng(person).normal(size=128) / np.sqrt(128)
    vector[person % 128] += away
    return np.asarray(vector, np.float32)


def face(name: str, seed: int, **changes: object) -> HashedFace:
    """A face whose hashes come from a seed; the same seed is the same picture of the same person."""
    fields: dict[str, object] = {
        "face_id": name,
        "identity_id": "ada",
        "phash": random_hash(1000 + seed).tobytes(),
        "dhash": random_hash(2000 + seed).tobytes(),
        "embedding": descriptor(seed),
        "landmarks": LANDMARKS,
        "pixels": 10_000.0,
        "sharpness": 100.0,
        "accepted": False,
    }
    return HashedFace(**(fields | changes))  # type: ignore[arg-type]


def photo(sha256: str, seed: int, *faces: HashedFace, **changes: object) -> HashedPhoto:
    """A photograph whose hash comes from a seed."""
    fields: dict[str, object] = {
        "phash": random_hash(seed).tobytes(),
        "width": 400,
        "height": 300,
        "size": 1000,
        "licensed": False,
        "urls": 1,
        "faces": faces,
    }
    return HashedPhoto(sha256=sha256, **(fields | changes))  # type: ignore[arg-type]


def jpeg(picture: Image.Image, quality: int = 90) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, "JPEG", quality=quality)
    return buffer.getvalue()


def clusters(pictures: dict[str, Image.Image]) -> dict[str, str]:
    """Cluster photographs without faces, of which the pixels are there."""
    photos = [photo(name, 0, phash=phash(np.asarray(picture))) for name, picture in pictures.items()]
    looker = Looker(
        lambda face, photo, side: None,
        lambda face, photo: None,
        lambda photo: picture_view(jpeg(pictures[photo.sha256])),
    )
    return cluster(photos, candidates(photos, LIMITS), looker, LIMITS)


Edit = Callable[[Image.Image], Image.Image]


BLANK = View(np.full((SCENE, SCENE), 128, np.float32), np.full((SCENE, SCENE), 255, np.uint8))


def in_a_mirror(face_id: str, seed: int) -> HashedFace:
    """The face of that seed, mirrored."""
    straight = face(face_id, seed)
    return replace(
        straight,
        phash=mirrored_phash(np.frombuffer(straight.phash, np.uint8)).tobytes(),
        dhash=mirrored_dhash(np.frombuffer(straight.dhash, np.uint8)).tobytes(),
    )


def linked(
    *photos: HashedPhoto, views: dict[str, Callable[[int], View]], scenes: dict[str, View | None] | None = None
) -> bool:
    """Whether the photographs are one cluster, where the faces look as `views` has them, by face_id.

    Around them is a blank wall, or what `scenes` says.
    """
    pictures = {name: view(SIDE) for name, view in views.items()}
    looker = Looker(
        lambda face, photo, side: views[face.face_id](side),
        lambda face, photo: (scenes or {}).get(face.face_id, BLANK),
        lambda photo: pictures.get(photo.sha256),
    )
    return len(set(cluster(photos, candidates(photos, LIMITS), looker, LIMITS).values())) == 1


def unchanged(picture: Image.Image) -> Image.Image:
    return picture


def portrait(seed: int, edit: Edit = unchanged, side: int = SIDE) -> View:
    """A view of something with structure, all of it inside the photograph."""
    view = face_view(jpeg(edit(landscape(seed).resize((224, 224)))), LANDMARKS, 400, 300, side)
    assert view is not None
    return view


def shown(seed: int, edit: Edit = unchanged) -> Callable[[int], View]:
    """The same for a looker, which asks for a view of some size."""
    return lambda side: portrait(seed, edit, side)


def likeness(one: View, other: View, *, captioned: bool = False) -> float:
    found = face_likeness(one, other, captioned=captioned)
    return -1.0 if found is None else found.value


def brute_force(hashes: Hash, limit: int, mirrored: bool) -> list[list[int]]:
    bits = np.unpackbits(hashes, axis=1).astype(int)
    turned = bits.copy()
    turned[:, 1::2] ^= 1  # rows of 16: every second column of the picture
    return [
        [i, j]
        for i in range(len(hashes))
        for j in range(i + 1, len(hashes))
        if np.sum(bits[i] != bits[j]) <= limit or (mirrored and np.sum(bits[i] != turned[j]) <= limit)
    ]


@settings(max_examples=60, deadline=None)
@given(
    seed=st.integers(0, 2**32 - 1),
    count=st.integers(0, 150),
    spread=st.integers(0, 128),
    limit=st.integers(0, 256),
    mirrored=st.booleans(),
)
def test_every_pair_within_the_limit_is_found_and_no_other(
    seed: int, count: int, spread: int, limit: int, mirrored: bool
) -> None:
    random = np.random.default_rng(seed)
    bits = np.tile(random.integers(0, 2, 256, dtype=np.uint8), (count, 1))
    for row in bits:
        row[random.choice(256, spread, replace=False)] ^= 1
    bits[::5, 1::2] ^= 1  # some are mirrored
    hashes = np.packbits(bits, axis=1).reshape(-1, 32)
    found = pairs_within(hashes, limit, mirror=mirrored_phash if mirrored else None)
    assert found.tolist() == brute_force(hashes, limit, mirrored)


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), count=st.integers(0, 150), spread=st.integers(0, 12), limit=st.integers(0, 12))
def test_every_pair_of_short_hashes_is_found_once(seed: int, count: int, spread: int, limit: int) -> None:
    random = np.random.default_rng(seed)
    bits = np.tile(random.integers(0, 2, (1, 64), dtype=np.uint8), (count, 1))
    for row in bits:
        row[random.choice(64, random.integers(0, spread + 1), replace=False)] ^= 1
    words = np.packbits(bits, axis=1).reshape(-1, 8)
    wanted = [[i, j] for i, j in combinations(range(count), 2) if np.sum(bits[i] != bits[j]) <= limit]
    assert pairs_within(words, limit).tolist() == wanted


def test_progress_counts_every_hash_once() -> None:
    told: list[int] = []
    pairs_within(np.zeros((300, 32), np.uint8), 0, advance=told.append)
    assert sum(told) == 300 and len(told) > 1
    told.clear()
    pairs_within(np.zeros((301, 8), np.uint8), 3, advance=told.append)
    assert sum(told) == 301 and len(told) > 1


def landscape(seed: int) -> Image.Image:
    """A smooth colour picture with some structure, unlike those of other seeds."""
    noise = np.random.default_rng(seed).integers(0, 256, (9, 12, 3), dtype=np.uint8)
    return Image.fromarray(noise).resize((480, 360), Image.Resampling.BICUBIC)


def test_the_hash_of_a_mirrored_picture_follows_from_the_hash() -> None:
    for seed in range(10):
        picture = landscape(seed)
        straight, turned = np.asarray(picture), np.asarray(ImageOps.mirror(picture))
        for hashed, mirror in ((phash, mirrored_phash), (dhash, mirrored_dhash)):
            derived = mirror(np.frombuffer(hashed(straight), np.uint8))
            assert distances(derived, np.frombuffer(hashed(turned), np.uint8)) < 30
            assert distances(derived, np.frombuffer(hashed(straight), np.uint8)) > 60


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
    assert copies([photo("a", 1), photo("b", 2)], {"a": "a", "b": "b"}) == []


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


# What is around a face


HEAD_AT = np.asarray(mean_face(440) + np.array((180, 110)), np.float32)  # landmarks in a photograph of 800 × 600


def photograph(head: int, wall: int | None) -> Image.Image:
    """A head of 340 pixels, by its seed, before a wall of another; None: a blank one."""
    picture = Image.new("RGB", (800, 600), (90, 110, 130)) if wall is None else landscape(wall).resize((800, 600))
    outline = Image.new("L", (340, 340))
    ImageDraw.Draw(outline).ellipse((40, 10, 300, 330), fill=255)
    picture.paste(landscape(head).resize((340, 340)), (230, 130), outline)
    return picture


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


def test_a_mirrored_face_is_a_copy() -> None:
    views = {"a-0": shown(1), "b-0": lambda side: portrait(1, side=side).mirrored()}
    assert linked(photo("a", 1, face("a-0", 7)), photo("b", 2, in_a_mirror("b-0", 7)), views=views)


def test_where_the_faces_hashes_cannot_tell_the_picture_says_that_it_is_mirrored() -> None:
    original = photo("a", 1, face("a-0", 7))
    unlike = face("b-0", 8, embedding=descriptor(7))
    copy = photo("b", 1, unlike, phash=mirrored_phash(random_hash(1)).tobytes())
    assert linked(original, copy, views={"a-0": shown(1), "b-0": lambda side: portrait(1, side=side).mirrored()})


def smiling(picture: Image.Image) -> Image.Image:
    """The same picture, but for a mouth's place, which shows something else."""
    changed = picture.copy()
    changed.paste(landscape(9).resize((50, 26)), (87, 122))
    return changed


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


def blinking(picture: Image.Image) -> Image.Image:
    """The same picture, in which a lid's breadth has moved by half a pixel: less than half a hundredth of the face."""
    rows, columns = np.mgrid[:224, :224].astype(np.float32)
    shift = 1.2 * np.exp(-((columns - 92) ** 2 + (rows - 92) ** 2) / (2 * 7**2))
    return Image.fromarray(cv2.remap(np.asarray(picture), columns, rows + shift, cv2.INTER_LINEAR))


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


def detailed(edit: Edit = unchanged, side: int = SIDE) -> View:
    """A view of a picture with details of a few pixels."""
    noise = np.random.default_rng(5).integers(60, 196, (40, 40, 3), dtype=np.uint8)
    picture = Image.fromarray(noise).resize((224, 224), Image.Resampling.BICUBIC)
    view = face_view(jpeg(edit(picture)), LANDMARKS, 400, 300, side)
    assert view is not None
    return view


def test_a_dark_face_is_compared_as_strictly_as_a_bright_one() -> None:
    def dim(picture: Image.Image) -> Image.Image:
        return picture.point(lambda grey: grey * 0.12 + 8)

    assert likeness(portrait(1), portrait(1, dim)) >= LIMITS.face_likeness
    assert likeness(portrait(1, dim), portrait(1, lambda p: dim(smiling(p)))) < LIMITS.face_likeness
    assert likeness(portrait(1, dim), portrait(2, dim)) < 0.5


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
    assert candidates([original, cropped], LIMITS).tolist() == [[0, 1]]
    strangers = photo("b", 2, replace(otherwise_aligned, identity_id="ben"))
    assert candidates([original, strangers], LIMITS).tolist() == []


def test_one_persons_pairs_follow_each_other_and_none_is_lost() -> None:
    people = ("ada", "ben", "ada", None, "ben", "ada")
    photos = [
        photo(str(n), n, *([face(f"{n}-0", n, identity_id=name)] if name else [])) for n, name in enumerate(people)
    ]
    pairs = np.array([[0, 2], [0, 5], [1, 3], [1, 4], [2, 5], [3, 4]])
    assert by_person(photos, pairs).tolist() == [[3, 4], [0, 2], [0, 5], [2, 5], [1, 3], [1, 4]]
    assert by_person(photos, pairs[:0]).tolist() == []


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
    groups = joined(8, links, lambda one, other: frozenset((one, other)) in alike)
    assert sorted(map(sorted, groups)) == [[0, 1, 2], [3], [4], [5, 6, 7]]


@settings(max_examples=30, deadline=None)
@given(links=st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9))))
def test_where_all_that_is_linked_is_alike_groups_are_what_the_links_connect(links: list[tuple[int, int]]) -> None:
    groups = joined(10, links, lambda one, other: True)
    assert sorted(number for group in groups for number in group) == list(range(10))
    group_of = {number: index for index, group in enumerate(groups) for number in group}
    assert all(group_of[one] == group_of[other] for one, other in links)


def test_one_picture_that_stands_for_two_people_is_a_conflict_and_two_people_in_one_picture_are_none() -> None:
    original = photo("a", 1, face("a-0", 7), face("a-1", 8, identity_id="ben"))
    copy = photo("b", 1, face("b-0", 7), face("b-1", 8, identity_id="ben"))
    stolen = photo("c", 1, face("c-0", 7, identity_id="cleo"))
    same = dict.fromkeys("abc", "a")
    assert conflicts([original, copy], same) == []
    assert set(conflicts([original, stolen], same)) == {("a-0", "c-0"), ("c-0", "a-0")}
    assert conflicts([original, stolen], {"a": "a", "c": "c"}) == []


@pytest.mark.parametrize("seed", range(5))
def test_hashes_are_imagehashs_to_the_bit(seed: int) -> None:
    picture = landscape(seed)
    assert phash(np.asarray(picture)) == np.packbits(imagehash.phash(picture, hash_size=16).hash).tobytes()
    assert dhash(np.asarray(picture)) == np.packbits(imagehash.dhash(picture, hash_size=16).hash).tobytes()
    assert photo_phash(np.asarray(picture)) == phash(np.asarray(picture))  # small enough as it is


def test_a_large_photograph_is_reduced_before_hashing_which_changes_few_bits() -> None:
    large = np.asarray(landscape(3).resize((2400, 1800), Image.Resampling.BICUBIC))
    reduced, whole = (np.frombuffer(hashed(large), np.uint8) for hashed in (photo_phash, phash))
    assert distances(reduced, whole) <= 4


def kept(*photos: HashedPhoto) -> set[str]:
    lost = copies(photos, dict.fromkeys([photo.sha256 for photo in photos], "cluster"))
    return {face.face_id for photo in photos for face in photo.faces} - set(lost)


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


def add_photo(corpus: Corpus, catalog: Catalog, identity_id: str, sha256: str, seed: int, *, width: float = 100) -> str:
    """Store a photograph of a person with one face; the same seed is the same picture. Returns the face_id."""
    url = f"http://h/{sha256[:2]}.jpg"
    catalog.candidates.propose([Candidate(identity_id, "commons", url)])
    catalog.candidates.record(Download(url, "2026-01-01", 0.1, 200, Outcome.STORED, bytes=9), "image/jpeg", sha256)
    hashed = face(f"{sha256[:24]}-0", seed)
    stored = Face(
        face_id=hashed.face_id,
        photo_sha256=sha256,
        box=(1, 2, width, width),
        landmarks=LANDMARKS,
        detector="hog",
        score=0.5,
        embedding=hashed.embedding,
        sharpness=100,
        brightness=120,
        contrast=40,
        yaw=0,
        phash=hashed.phash,
        dhash=hashed.dhash,
    )
    corpus.crops.put(stored.face_id, jpeg(landscape(seed).resize((224, 224)), 80))
    catalog.photos.analysed(
        sha256, width=400, height=300, taken_on=None, phash=random_hash(seed).tobytes(), faces=[stored]
    )
    return stored.face_id


@pytest.fixture
def doubled(corpus: Corpus) -> Corpus:
    """Ada: one picture in two sizes. Ben: that same picture, and one of his own whose file came from two addresses."""
    with corpus.catalog() as catalog:
        faces = {
            add_photo(corpus, catalog, "ada", "a" * 64, 1, width=80): "ada",
            add_photo(corpus, catalog, "ada", "b" * 64, 1): "ada",
            add_photo(corpus, catalog, "ben", "c" * 64, 1): "ben",
            add_photo(corpus, catalog, "ben", "d" * 64, 2): "ben",
        }
        catalog.candidates.propose([Candidate("ben", "commons", "http://h/again.jpg")])
        catalog.candidates.record(
            Download("http://h/again.jpg", "2026-01-01", 0.1, 200, Outcome.STORED, bytes=9), "image/jpeg", "d" * 64
        )
        catalog.faces.assign(faces)
    return corpus


def test_the_stage_clusters_within_and_across_people_and_keeps_one_face_for_each(doubled: Corpus) -> None:
    summary = find_duplicates(doubled)
    assert replace(summary, seconds=0).__dict__ == {
        "photographs": 4,
        "exact_duplicates": 1,
        "near_duplicates": 2,
        "clusters": 1,
        "largest_cluster": 3,
        "conflicts": 3,
        "faces_not_kept": 1,
        "accepted_not_kept": 0,
        "seconds": 0,
    }
    with doubled.catalog() as catalog:
        found = {s.face.face_id[0]: (s.cluster_id[0], s.kept) for s in catalog.faces.subjects()}
    assert found == {"a": ("a", False), "b": ("a", True), "c": ("a", True), "d": ("d", True)}


def test_a_second_run_changes_nothing(doubled: Corpus) -> None:
    first = find_duplicates(doubled)
    with doubled.catalog() as catalog:
        before = catalog.faces.subjects()
    assert replace(find_duplicates(doubled), seconds=first.seconds) == first
    with doubled.catalog() as catalog:
        after = catalog.faces.subjects()
    assert [(s.cluster_id, s.kept) for s in before] == [(s.cluster_id, s.kept) for s in after]


def test_an_accepted_copy_takes_the_place_of_a_larger_one_but_only_if_a_person_accepted_it(doubled: Corpus) -> None:
    small = f"{'a' * 24}-0"
    for reviewer, wanted in (("auto", False), ("grace", True)):
        with doubled.catalog() as catalog:
            catalog.decisions.add([small], identity_id="ada", reviewer=reviewer, verdict="accept")
        find_duplicates(doubled)
        with doubled.catalog() as catalog:
            assert {s.kept for s in catalog.faces.subjects() if s.face.face_id == small} == {wanted}


def test_two_accepted_copies_are_counted_where_one_must_go(doubled: Corpus) -> None:
    with doubled.catalog() as catalog:
        catalog.decisions.add([f"{'a' * 24}-0", f"{'b' * 24}-0"], identity_id="ada", reviewer="grace", verdict="accept")
    summary = find_duplicates(doubled)
    assert summary.accepted_not_kept == 1
    assert "1 of them had been accepted" in str(summary)


def test_an_empty_corpus_has_no_duplicates(corpus: Corpus) -> None:
    summary = find_duplicates(corpus)
    assert (summary.photographs, summary.clusters, summary.faces_not_kept) == (0, 0, 0)


def test_a_conflict_is_kept_for_review_and_no_face_is_given_up_for_it(doubled: Corpus) -> None:
    find_duplicates(doubled)
    with doubled.catalog() as catalog:
        found = {(c.face_id[0], c.other_id[0], c.other_identity_id) for c in catalog.faces.conflicts()}
        claimed = {s.face.face_id[0]: s.also_stands_for for s in catalog.faces.subjects()}
    assert found == {("a", "c", "ben"), ("b", "c", "ben"), ("c", "a", "ada"), ("c", "b", "ada")}
    assert claimed == {"a": ("ben",), "b": ("ben",), "c": ("ada",), "d": ()}


def test_a_photograph_whose_crop_is_gone_has_no_copies(doubled: Corpus) -> None:
    doubled.crops.path(f"{'c' * 24}-0").unlink()
    assert find_duplicates(doubled).near_duplicates == 1
