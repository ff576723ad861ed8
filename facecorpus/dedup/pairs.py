"""All pairs of hashes within a Hamming distance, exactly; and the hash that a mirrored picture would have.

Short hashes within a few bits are found by their bands (bands.py). Otherwise every pair is compared: at 60 of 256 bits
nearly every pair agrees in some band, so that an index saves nothing. The loop is compiled by numba, which uses wide
registers (AVX-512 VPOPCNTDQ counts the bits of four words at once), and runs on all cores. Time grows with the square
of the number of hashes; memory is the hashes and the pairs found (16 bytes each).
"""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from facecorpus.dedup.bands import MOST, pairs_by_bands
from facecorpus.dedup.bits import Pairs, Words, all_found, in_order, ones
from facecorpus.system.cores import available_cores

Hashes = NDArray[np.uint8]
"""(N, 32) or (N, 8) uint8: 256 or 64 bits each, row by row of the square, as imagehash lays them out."""

_ROWS = 256  # rows that one call of the kernel compares with all later ones
_TILE = 1024  # hashes: with 32 bytes each they stay in the first two levels of a processor's cache
_ODD_COLUMNS_BYTE = np.uint8(0x55)


def pairs_within(
    hashes: Hashes,
    limit: int,
    *,
    mirror: Callable[[Hashes], Hashes] | None = None,
    advance: Callable[[int], None] = lambda rows: None,
) -> Pairs:
    """The pairs whose distance is at most `limit` bits, in ascending order.

    With `mirror` (mirrored_phash or mirrored_dhash), also those where one hash is that near to the other's mirror,
    which is the same in both directions. `advance` is told the number of rows done after each block.
    """
    if mirror is None and hashes.shape[1] == 8 and limit <= MOST:
        return pairs_by_bands(_words(hashes)[:, 0], limit, advance)
    variants = [hashes] if mirror is None else [hashes, mirror(hashes)]
    rows = np.stack([_words(variant) for variant in variants])
    scan, columns = _kernel(rows.shape[2]), np.ascontiguousarray(rows[0].T)

    def block(first: int) -> Pairs:
        return in_order(all_found(scan, columns, rows, first, min(first + _ROWS, len(hashes)), limit))

    pairs = [np.empty((0, 2), np.int64)]
    starts = range(0, len(hashes), _ROWS)
    with ThreadPoolExecutor(available_cores()) as pool:
        for first, found in zip(starts, pool.map(block, starts), strict=True):
            pairs.append(found)
            advance(min(_ROWS, len(hashes) - first))
    return np.concatenate(pairs)


def _words(hashes: Hashes) -> Words:
    """(N, 4) or (N, 1): the same bits, 64 in a word."""
    return np.ascontiguousarray(hashes).view(np.uint64)


@cache
def _kernel(words: int) -> Any:
    """The compiled comparison of hashes of 1 or 4 words: scan(columns, rows, first, last, limit, found) -> count.

    columns is (words, N), rows (variants, N, words): rows[:, first:last] meet every later column. What does not fit
    into found, (K, 2), is counted all the same.
    """
    from numba import njit

    count_ones = ones()

    def one(columns: Any, begin: int, end: int, row: Any) -> Any:
        first, a = columns[0, begin:end], row[0]
        least = np.uint64(64)
        for place in range(end - begin):
            least = min(least, count_ones(first[place] ^ a))
        return least

    def four(columns: Any, begin: int, end: int, row: Any) -> Any:
        first, second = columns[0, begin:end], columns[1, begin:end]
        third, fourth = columns[2, begin:end], columns[3, begin:end]
        a, b, c, d = row[0], row[1], row[2], row[3]
        least = np.uint64(256)
        for place in range(end - begin):
            upper = count_ones(first[place] ^ a) + count_ones(second[place] ^ b)
            lower = count_ones(third[place] ^ c) + count_ones(fourth[place] ^ d)
            least = min(least, upper + lower)
        return least

    # No branch in their loops and plain columns, so that eight places go through the processor at once.
    nearest = njit(nogil=True)({1: one, 4: four}[words])

    def scan(columns: Any, rows: Any, first: int, last: int, limit: int, found: Any) -> int:
        count = 0
        for start in range(first + 1, columns.shape[1], _TILE):
            end = min(start + _TILE, columns.shape[1])
            for number in range(first, min(last, end - 1)):
                begin = max(start, number + 1)
                least = nearest(columns, begin, end, rows[0, number])
                for variant in range(1, rows.shape[0]):
                    least = min(least, nearest(columns, begin, end, rows[variant, number]))
                if least > limit:
                    continue
                for place in range(begin, end):
                    for variant in range(rows.shape[0]):
                        if nearest(columns, place, place + 1, rows[variant, number]) <= limit:
                            if count < len(found):
                                found[count, 0], found[count, 1] = number, place
                            count += 1
                            break
        return count

    return njit(nogil=True)(scan)


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
