"""Hashes: the exact search for pairs within a distance, mirrored ones, and that they are imagehash's."""

from itertools import combinations

import imagehash
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from known_copies import Hash, landscape
from PIL import Image, ImageOps

from facecorpus.dedup.pairs import distances, mirrored_dhash, mirrored_phash, pairs_within
from facecorpus.faces.hashes import dhash, phash, photo_phash


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
    found = pairs_within(hashes, limit, mirrored=mirrored)
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


def test_the_hash_of_a_mirrored_picture_follows_from_the_hash() -> None:
    for seed in range(10):
        picture = landscape(seed)
        straight, turned = np.asarray(picture), np.asarray(ImageOps.mirror(picture))
        for hashed, mirror in ((phash, mirrored_phash), (dhash, mirrored_dhash)):
            derived = mirror(np.frombuffer(hashed(straight), np.uint8))
            assert distances(derived, np.frombuffer(hashed(turned), np.uint8)) < 30
            assert distances(derived, np.frombuffer(hashed(straight), np.uint8)) > 60


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
