"""All pairs of 256 bit hashes within a Hamming distance, exactly; and the hash that a mirrored picture would have.

Every pair is compared, in blocks. Cutting the hashes into bands, so that near pairs must agree in one, helps up to
about 12 bits of 64; at 60 of 256 nearly every pair would agree somewhere. A search index gains too little to carry a
dependency: 24,000 hashes take about 5 s of one core, both ways round.
"""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

Hashes = NDArray[np.uint8]
"""(N, 32) uint8: 256 bits each, 16 rows of 16, as imagehash lays them out."""

Pairs = NDArray[np.int64]
"""(K, 2) int64: row numbers, the smaller first."""

_WORDS = 4
_ROWS = 64  # rows in a block: its (64, N) distances stay in the processor's cache for N up to some 10,000
_ODD_COLUMNS = np.uint64(0x5555555555555555)
_ODD_COLUMNS_BYTE = np.uint8(0x55)


def pairs_within(
    hashes: Hashes, limit: int, *, mirrored: bool = False, advance: Callable[[int], None] = lambda rows: None
) -> Pairs:
    """The pairs whose distance is at most `limit` bits, in ascending order.

    With `mirrored`, also those where one hash is near to `mirrored_phash` of the other, which is the same in both
    directions. `advance` is told the number of rows done after each block.
    """
    words = np.ascontiguousarray(hashes).reshape(-1, 32).view(np.uint64)
    columns = [np.ascontiguousarray(words[:, word]) for word in range(_WORDS)]
    found = [np.empty((0, 2), np.int64)]
    for start in range(0, len(words), _ROWS):
        differing = [column[start : start + _ROWS, None] ^ column[None, start:] for column in columns]
        near = _bits(differing) <= limit
        if mirrored:
            near |= _bits([word ^ _ODD_COLUMNS for word in differing]) <= limit
        both = np.argwhere(near)
        found.append(both[both[:, 0] < both[:, 1]] + start)
        advance(min(_ROWS, len(words) - start))
    return np.concatenate(found)


def _bits(words: list[NDArray[np.uint64]]) -> NDArray[np.uint16]:
    """How many bits are set in all the words together, for each place."""
    total = np.bitwise_count(words[0]).astype(np.uint16)
    for word in words[1:]:
        total += np.bitwise_count(word)
    return total


def distances(first: Hashes, second: Hashes) -> NDArray[np.int64]:
    """Hamming distance in bits between the rows of two arrays (…, 32), broadcast against each other."""
    return np.asarray(np.bitwise_count(first ^ second).sum(axis=-1), np.int64)


def mirrored_phash(hashes: Hashes) -> Hashes:
    """The perceptual hashes of the mirrored pictures, to about 6 bits (median; 30 at the most, measured).

    Mirroring changes the sign of every second column of a cosine transform. A bit says whether a coefficient is
    above the median, which lies near 0: so these columns flip.
    """
    return hashes ^ _ODD_COLUMNS_BYTE


def mirrored_dhash(hashes: Hashes) -> Hashes:
    """The difference hashes of the mirrored pictures, to about 8 bits (median; neighbours of equal grey are lost)."""
    bits = np.unpackbits(hashes, axis=-1).reshape(*hashes.shape[:-1], 16, 16)
    return np.packbits(1 - bits[..., ::-1], axis=-1).reshape(hashes.shape)
