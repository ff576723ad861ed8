"""All pairs of hashes within a Hamming distance, exactly; and the hash that a mirrored picture would have.

Short hashes within a few bits are found by their bands (bands.py). Otherwise every pair is compared: at 60 of 256 bits
nearly every pair agrees in some band, so that an index saves nothing. The loop is compiled by numba, which uses wide
registers (AVX-512 VPOPCNTDQ counts the bits of four words at once), and runs on all cores. Time grows with the square
of the number of hashes; memory is the hashes and the pairs found (16 bytes each).

A hash and its mirror cost a perceptual hash no more than the hash alone: a mirror flips the odd columns, so where O of
these 128 bits differ and E of the others, the distances are E + O and E + 128 - O.
"""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from facecorpus.dedup.bands import MOST, pairs_by_bands
from facecorpus.dedup.bits import ROOM, Pairs, Words, all_found, in_order, ones
from facecorpus.system.cores import available_cores

Hashes = NDArray[np.uint8]
"""(N, 32) or (N, 8) uint8: 256 or 64 bits each, row by row of the square, as imagehash lays them out."""

DHASH_WEIGHT = 1.3
"""A face's difference hash spreads less than its perceptual hash, so a bit of it counts for more."""

_ROWS = 256  # rows that one call of the kernel compares with all later ones
_TILE = 256  # hashes that a row meets before it is asked whether any was near
_FEW = 16  # of these that are asked next
_SELDOM = 200  # one pair of so many is within the limit, at the most, or a block is searched again
_ODD_COLUMNS_BYTE = np.uint8(0x55)
_ODD_COLUMNS = np.uint64(0x5555555555555555)
_ONE = np.uint64(1)


def pairs_within(
    hashes: Hashes, limit: int, *, mirrored: bool = False, advance: Callable[[int], None] = lambda rows: None
) -> Pairs:
    """The pairs whose distance is at most `limit` bits, in ascending order.

    `mirrored`: also those where one hash, a perceptual one, is that near to the other's mirror, which is the same in
    both directions. `advance` is told the number of rows done after each block.
    """
    if hashes.shape[1] == 8 and limit <= MOST:
        return pairs_by_bands(hashes.view(np.uint64)[:, 0], limit, advance)
    columns = columns_of(hashes)
    if mirrored:
        return _search("halves", halves(columns), limit, advance)
    return _search("four" if len(columns) == 4 else "one", columns, limit, advance)


def faces_within(phashes: Words, dhashes: Words, limit: int, advance: Callable[[int], None]) -> Pairs:
    """The pairs of faces whose hashes are at most `limit` apart, or one's and those of the other's mirror.

    That is perceptual + DHASH_WEIGHT · difference hash. phashes are (4, N) as `halves` has them, dhashes (4, N) as
    `columns_of` has them. `advance` is told the number of rows done after each block, 2 N in all.
    """
    # Where the weighted sum is within the limit, one of the two distances is within its part of the limit.
    share = round(0.6 * limit)
    rest = int((limit - share) / DHASH_WEIGHT)
    agree = _faces_kernel()

    def both(pairs: Pairs, limits: tuple[int, int]) -> Pairs:
        return pairs[: agree(phashes, dhashes, pairs, limits, limit)]

    by_phash = _search("halves", phashes, share, advance, lambda pairs: both(pairs, (256, -1)))
    by_dhash = _search("sides", dhashes, rest, advance, lambda pairs: both(pairs, (rest, share)))
    return np.concatenate([by_phash, by_dhash])


def columns_of(hashes: Hashes) -> Words:
    """(4, N) or (1, N): the same bits, 64 in a word."""
    return np.ascontiguousarray(hashes.view(np.uint64).T)


def halves(columns: Words) -> Words:
    """(4, N): the same bits of perceptual hashes in another order, those of odd columns in the last two words."""
    found = np.empty_like(columns)
    for word in range(2):
        upper, lower = columns[word], columns[2 + word]
        found[word] = upper & ~_ODD_COLUMNS | (lower & ~_ODD_COLUMNS) >> _ONE
        found[2 + word] = upper & _ODD_COLUMNS | (lower & _ODD_COLUMNS) << _ONE
    return found


def _search(
    kind: str,
    columns: Words,
    limit: int,
    advance: Callable[[int], None],
    those: Callable[[Pairs], Pairs] = lambda pairs: pairs,
) -> Pairs:
    """The pairs of hashes within the limit, block by block those that `those` leaves of them."""
    scan, count = _kernel(kind), columns.shape[1]

    def block(first: int) -> Pairs:
        last = min(first + _ROWS, count)
        room = max(ROOM, (last - first) * count // _SELDOM)
        return in_order(those(all_found(scan, columns, first, last, limit, room=room)))

    pairs = [np.empty((0, 2), np.int64)]
    starts = range(0, count, _ROWS)
    with ThreadPoolExecutor(available_cores()) as pool:
        for first, found in zip(starts, pool.map(block, starts), strict=True):
            pairs.append(found)
            advance(min(_ROWS, count - first))
    return np.concatenate(pairs)


@cache
def _turned() -> Any:
    """The compiled mirror of four rows of a difference hash: 16 bits each, reversed and with the other sign."""
    from numba import njit

    masks = [np.uint64(mask) for mask in (_ODD_COLUMNS, 0x3333333333333333, 0x0F0F0F0F0F0F0F0F, 0x00FF00FF00FF00FF)]
    odd, pairs, quads, octets = masks

    @njit(nogil=True)
    def turned(word: Any) -> Any:
        word = (word & odd) << np.uint64(1) | (word >> np.uint64(1)) & odd
        word = (word & pairs) << np.uint64(2) | (word >> np.uint64(2)) & pairs
        word = (word & quads) << np.uint64(4) | (word >> np.uint64(4)) & quads
        return ~((word & octets) << np.uint64(8) | (word >> np.uint64(8)) & octets)

    return turned


@cache
def _faces_kernel() -> Any:
    """The compiled test of pairs of faces: agree(phashes, dhashes, pairs, (limit, beyond), total) -> count.

    Those whose weighted sum is within the total, whose difference hashes are within the limit and whose perceptual ones
    are more than `beyond` apart are moved to the front of pairs; count says how many they are.
    """
    from numba import njit

    count_ones, turned = ones(), _turned()

    @njit(nogil=True)
    def agree(phashes: Any, dhashes: Any, pairs: Any, limits: Any, total: int) -> int:
        count = 0
        for number in range(len(pairs)):
            one, other = pairs[number]
            even = odd = straight = mirrored = 0
            for word in range(4):
                differs = int(count_ones(phashes[word, one] ^ phashes[word, other]))
                even, odd = (even + differs, odd) if word < 2 else (even, odd + differs)
                straight += int(count_ones(dhashes[word, one] ^ dhashes[word, other]))
                mirrored += int(count_ones(dhashes[word, one] ^ turned(dhashes[word, other])))
            if min(straight, mirrored) > limits[0] or even + min(odd, 128 - odd) <= limits[1]:
                continue
            as_is, in_a_mirror = even + odd + DHASH_WEIGHT * straight, even + 128 - odd + DHASH_WEIGHT * mirrored
            if min(as_is, in_a_mirror) <= total:
                pairs[count, 0], pairs[count, 1] = one, other
                count += 1
        return count

    return agree


@cache
def _kernel(kind: str) -> Any:
    """The compiled comparison: scan(columns, first, last, limit, found) -> count.

    Rows first to last - 1 of columns, (words, N), meet every later one. What does not fit into found, (K, 2), is
    counted all the same.
    """
    from numba import njit

    count_ones, turned = ones(), _turned()
    half = np.uint64(128)

    # No branch in these loops and plain columns, so that eight places go through the processor at once.
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

    def halves(columns: Any, begin: int, end: int, row: Any) -> Any:
        """Of perceptual hashes and their mirrors."""
        first, second = columns[0, begin:end], columns[1, begin:end]
        third, fourth = columns[2, begin:end], columns[3, begin:end]
        a, b, c, d = row[0], row[1], row[2], row[3]
        least = np.uint64(256)
        for place in range(end - begin):
            even = count_ones(first[place] ^ a) + count_ones(second[place] ^ b)
            odd = count_ones(third[place] ^ c) + count_ones(fourth[place] ^ d)
            least = min(least, even + min(odd, half - odd))
        return least

    def sides(columns: Any, begin: int, end: int, row: Any) -> Any:
        """Of the upper half of difference hashes and their mirrors, which the whole are no nearer than."""
        first, second = columns[0, begin:end], columns[1, begin:end]
        a, b, c, d = row[0], row[1], turned(row[0]), turned(row[1])
        least = np.uint64(256)
        for place in range(end - begin):
            straight = count_ones(first[place] ^ a) + count_ones(second[place] ^ b)
            mirrored = count_ones(first[place] ^ c) + count_ones(second[place] ^ d)
            least = min(least, straight, mirrored)
        return least

    nearest = njit(nogil=True)({"one": one, "four": four, "halves": halves, "sides": sides}[kind])

    @njit(nogil=True)
    def scan(columns: Any, first: int, last: int, limit: int, found: Any) -> int:
        count, row = 0, np.empty(len(columns), np.uint64)
        for start in range(first + 1, columns.shape[1], _TILE):
            end = min(start + _TILE, columns.shape[1])
            for number in range(first, min(last, end - 1)):
                for word in range(len(row)):
                    row[word] = columns[word, number]
                begin = max(start, number + 1)
                if nearest(columns, begin, end, row) > limit:
                    continue
                for few in range(begin, end, _FEW):
                    if nearest(columns, few, min(few + _FEW, end), row) > limit:
                        continue
                    for place in range(few, min(few + _FEW, end)):
                        if nearest(columns, place, place + 1, row) <= limit:
                            if count < len(found):
                                found[count, 0], found[count, 1] = number, place
                            count += 1
        return count

    return scan


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
