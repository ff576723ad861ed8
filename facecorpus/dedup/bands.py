"""All pairs of 64 bit hashes that differ in a few bits, exactly, although few pairs are compared.

The pigeonhole principle, as in multi-index hashing (Norouzi, Punjani and Fleet, 2012): the bits are cut into bands, and
two hashes that differ in at most 8 bits differ in at most one bit of one of four bands, or in none of the fifth. So
only hashes whose bands are equal or one bit apart are compared, one pair in 140. They are sorted by each band in turn,
so that what is compared lies side by side. At 60 of 256 bits nearly all pairs agree in some band, and nothing is saved.
"""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from facecorpus.dedup.bits import Pairs, Words, all_found, in_order, ones
from facecorpus.system.cores import available_cores

_EDGES = (0, 13, 26, 39, 52, 64)  # of the bands, in bits
_BANDS = len(_EDGES) - 1
MOST = 2 * _BANDS - 1
"""Bits: beyond, two bits of every band may differ."""
_KEYS = 128  # values of a band that one call of the kernel does


class _Sorted(NamedTuple):
    """Words (N,) sorted by one of their bands, their numbers, and where the words of each value of it begin."""

    words: Words
    order: NDArray[np.int64]
    places: NDArray[np.int64]


class _Limits(NamedTuple):
    """The bits of each band, how many of them may differ for a pair to be found by it, and how many in all."""

    masks: Words
    flips: Words
    most: int


def pairs_by_bands(words: Words, limit: int, advance: Callable[[int], None] = lambda words: None) -> Pairs:
    """The pairs of the words (N,) that differ in at most `limit` bits (0 to MOST), in ascending order.

    `advance` is told how many more words are done after each band, N in all.
    """
    if not 0 <= limit <= MOST:
        raise ValueError(f"bands find pairs within 0 to {MOST} bits, not within {limit}")
    # Were more bits than these different in each band, more than `limit` would be in all.
    bands = min(_BANDS, limit + 1)
    flips = np.sort((limit + 1 - bands + np.arange(bands)) // bands)[::-1].astype(np.uint64)
    masks = np.array([(1 << end) - (1 << start) for start, end in pairwise(_EDGES)], np.uint64)
    limits = _Limits(masks, flips, limit)
    scan, found = _kernel(), [np.empty((0, 2), np.int64)]
    with ThreadPoolExecutor(available_cores()) as pool:
        for band in range(bands):
            start, width = _EDGES[band], _EDGES[band + 1] - _EDGES[band]
            keys = ((words >> np.uint64(start)) & np.uint64((1 << width) - 1)).astype(np.uint16)
            order = np.argsort(keys, kind="stable")  # by radix
            places = np.concatenate([[0], np.cumsum(np.bincount(keys, minlength=1 << width))])
            by_band = _Sorted(words[order], order, places)
            found += pool.map(
                lambda key, known=(by_band, limits, band): all_found(scan, *known, key, key + _KEYS),
                range(0, 1 << width, _KEYS),
            )
            advance(len(words) * (band + 1) // bands - len(words) * band // bands)
    return in_order(np.concatenate(found))


@cache
def _kernel() -> Any:
    """The compiled comparison: scan(by_band, limits, band, first, last, found) -> count.

    The words whose band is k lie at by_band.places[k] to [k + 1]. Bands of first to last - 1 meet themselves and, where
    a bit may flip, those a bit apart.
    """
    from numba import njit

    count_ones = ones()

    # No branch, so that the processor's widest registers are used.
    @njit(nogil=True)
    def nearest(words: Any, begin: int, end: int, word: Any) -> Any:
        others = words[begin:end]
        least = np.uint64(64)
        for place in range(end - begin):
            least = min(least, count_ones(others[place] ^ word))
        return least

    @njit(nogil=True)
    def found_by(differs: Any, masks: Any, flips: Any, bands: int) -> int:
        """How many of the first so many bands find a pair that differs in these bits."""
        count = 0
        for band in range(bands):
            count += count_ones(differs & masks[band]) <= flips[band]
        return count

    @njit(nogil=True)
    def scan(by_band: Any, limits: Any, band: int, first: int, last: int, found: Any) -> int:
        words, order, places = by_band
        masks, flips, limit = limits
        count, top = 0, len(places) - 1
        for key in range(first, last):
            flip = 0
            while flip < (top if flips[band] else 1):  # 0, then each bit of the band
                other = key ^ flip
                flip = max(1, 2 * flip)
                if other < key:
                    continue
                for number in range(places[key], places[key + 1]):
                    begin = number + 1 if other == key else places[other]
                    if nearest(words, begin, places[other + 1], words[number]) > limit:
                        continue
                    for place in range(begin, places[other + 1]):
                        differs = words[place] ^ words[number]
                        if count_ones(differs) <= limit and found_by(differs, masks, flips, band) == 0:
                            if count < len(found):
                                found[count, 0] = min(order[number], order[place])
                                found[count, 1] = max(order[number], order[place])
                            count += 1
        return count

    return scan
