"""The search for faces whose perceptual and difference hashes together are near, as they are or in a mirror."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from known_copies import Hash

from facecorpus.dedup.pairs import (
    DHASH_WEIGHT,
    columns_of,
    distances,
    faces_within,
    halves,
    mirrored_dhash,
    mirrored_phash,
)


def brute_force(phashes: Hash, dhashes: Hash, limit: int) -> list[list[int]]:
    found = []
    for one in range(len(phashes)):
        for other in range(one + 1, len(phashes)):
            as_is = distances(phashes[one], phashes[other]) + DHASH_WEIGHT * distances(dhashes[one], dhashes[other])
            turned = distances(phashes[one], mirrored_phash(phashes[other]))
            turned = turned + DHASH_WEIGHT * distances(dhashes[one], mirrored_dhash(dhashes[other]))
            if min(as_is, turned) <= limit:
                found.append([one, other])
    return found


def strewn(random: np.random.Generator, count: int, most: int) -> Hash:
    """Hashes at various distances from one, of which some are mirrored by their own rule afterwards."""
    bits = np.tile(random.integers(0, 2, 256, dtype=np.uint8), (count, 1))
    for row in bits:
        row[random.choice(256, random.integers(0, most + 1), replace=False)] ^= 1
    return np.packbits(bits, axis=1).reshape(-1, 32)


@settings(max_examples=40, deadline=None)
@given(
    seed=st.integers(0, 2**32 - 1),
    count=st.integers(0, 60),
    most=st.tuples(st.integers(0, 128), st.integers(0, 128)),
    limit=st.one_of(st.integers(0, 588), st.just(140)),
)
def test_every_pair_of_faces_within_the_limit_is_found_once(
    seed: int, count: int, most: tuple[int, int], limit: int
) -> None:
    random = np.random.default_rng(seed)
    phashes, dhashes = strewn(random, count, most[0]), strewn(random, count, most[1])
    phashes[::4], dhashes[::4] = mirrored_phash(phashes[::4]), mirrored_dhash(dhashes[::4])
    found = faces_within(halves(columns_of(phashes)), columns_of(dhashes), limit, lambda faces: None)
    assert sorted(found.tolist()) == brute_force(phashes, dhashes, limit)
