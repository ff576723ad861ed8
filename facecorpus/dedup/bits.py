"""Counting the bits of a word with the processor's own instruction, inside functions compiled by numba."""

from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

Words = NDArray[np.uint64]

Pairs = NDArray[np.int64]
"""(K, 2) int64: row numbers, the smaller first."""

ROOM = 65_536
"""Pairs that one call of a compiled search can give back, at first."""


@cache
def ones() -> Any:
    """The compiled function that counts the bits of a uint64 that are set; numba comes with the first call."""
    from numba import types
    from numba.extending import intrinsic

    def popcount(typing: Any, word: Any) -> Any:
        def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            return builder.ctpop(arguments[0])

        return types.uint64(types.uint64), generate

    return intrinsic(popcount)


def in_order(pairs: Pairs) -> Pairs:
    """The pairs in ascending order."""
    return np.asarray(pairs[np.lexsort(pairs[:, ::-1].T)])


def all_found(scan: Any, *arguments: Any, room: int = ROOM) -> Pairs:
    """The pairs that scan(*arguments, found) -> count writes into found, which is made larger until they fit."""
    while True:
        found = np.empty((room, 2), np.int64)
        count = scan(*arguments, found)
        if count <= room:
            return np.asarray(found[:count].copy())
        room = count
