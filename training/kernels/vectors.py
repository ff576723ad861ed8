"""The one operation on vectors that numba cannot be brought to: sums that stay in registers from product to product.

As a loop over arrays it writes the sums to memory and reads them again for each few products, and takes 1.4 times as
long (benchmarks/LOG.md). `add_products` looks at all bounds before its loop; nothing else here is called from outside.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from llvmlite import ir
from numba import types
from numba.extending import intrinsic
from numpy.typing import NDArray

from training.kernels.compiled import compiled

VECTOR = 16
"""Numbers (float32) of a vector."""

MOST = 12
"""Vectors of sums at once: so many lie in registers."""

_LONG, _FLOAT = ir.IntType(64), ir.FloatType()
_FLOATS = ir.VectorType(_FLOAT, VECTOR)


class Lists(NamedTuple):
    """Products to add up, list by list: offsets and factors (lists, most), of which the first `counts` (lists,) count.

    A list's sums begin at its target (lists,).
    """

    offsets: NDArray[np.int32]
    factors: NDArray[np.float32]
    counts: NDArray[np.uint64]
    targets: NDArray[np.int64]


@compiled
def add_products(
    sums: NDArray[np.float32], numbers: NDArray[np.float32], moves: NDArray[np.int64], apart: int, lists: Lists
) -> None:
    """Add to each list's sums its factors times the numbers at its offsets, once for each move.

    A move (moves, 3) is how far on the sums begin, how far on the numbers, and how many vectors of both there are, MOST
    at most; those of sums (any,) lie side by side, those of numbers (any,) begin `apart` numbers from each other.
    Raises IndexError, before anything is written, where something lies outside of its array.
    """
    _check(sums, numbers, moves, apart, lists)
    offsets, factors, counts, targets = lists
    for move in range(len(moves)):
        on, seen, vectors = moves[move]
        made, first = sums.ctypes.data + 4 * on, numbers.ctypes.data + 4 * seen
        for n in range(len(targets)):
            count, at = np.int64(counts[n]), made + 4 * targets[n]
            entries, values = offsets.ctypes.data + n * offsets.strides[0], factors.ctypes.data + n * factors.strides[0]
            if count and apart == VECTOR:  # a distance that is known lies in the instructions, and needs no register
                _add_products(at, first, 4 * VECTOR, entries, values, count, vectors)
            elif count:
                _add_products(at, first, 4 * apart, entries, values, count, vectors)


@compiled
def _check(
    sums: NDArray[np.float32], numbers: NDArray[np.float32], moves: NDArray[np.int64], apart: int, lists: Lists
) -> None:
    offsets, factors, counts, targets = lists
    if not sums.strides[0] == numbers.strides[0] == offsets.strides[1] == factors.strides[1] == 4:
        raise IndexError("products of numbers of another size than 4 bytes, or that do not lie side by side")
    last_sum, last_seen = len(sums), len(numbers)
    for move in range(len(moves)):
        on, seen, vectors = moves[move]
        if min(on, seen, apart) < 0 or not 0 < vectors <= MOST:
            raise IndexError("products of vectors before their array, or too many")
        last_sum = min(last_sum, len(sums) - on - VECTOR * vectors)
        last_seen = min(last_seen, len(numbers) - seen - apart * (vectors - 1) - VECTOR)
    if last_seen < 0 or not len(targets) == len(counts) <= min(len(offsets), len(factors)):
        raise IndexError("lists of products that do not fit each other")
    last = np.uint32(min(last_seen, 2**31 - 1))  # a negative offset is a larger number without a sign
    for n in range(len(targets)):
        if not 0 <= np.int64(counts[n]) <= min(offsets.shape[1], factors.shape[1]) or not 0 <= targets[n] <= last_sum:
            raise IndexError("sums of products outside of their array")
        outside, listed = 0, offsets[n]
        for entry in range(np.int64(counts[n])):
            outside += int(np.uint32(listed[entry]) > last)
        if outside:
            raise IndexError("products of numbers outside of their array")


def _instructions(
    typing: Any, sums: Any, numbers: Any, apart: Any, offsets: Any, factors: Any, count: Any, vectors: Any
) -> Any:
    """The loop for each number of vectors that there may be; parameters are addresses, a distance in bytes, counts."""

    def build(context: Any, builder: Any, signature: Any, values: Any) -> Any:
        *given, vectors = values
        done = builder.append_basic_block()
        choice = builder.switch(vectors, done)
        for some in range(1, MOST + 1):
            block = builder.append_basic_block()
            choice.add_case(ir.Constant(_LONG, some), block)
            builder.position_at_end(block)
            _loop(builder, given, some)
            builder.branch(done)
        builder.position_at_end(done)
        return context.get_dummy_value()

    return types.void(*[types.intp] * 7), build


_add_products: Any = intrinsic(_instructions)


def _loop(builder: Any, given: list[Any], some: int) -> None:
    sums, numbers, apart, offsets, factors, count = given

    def long(value: int) -> Any:
        return ir.Constant(_LONG, value)

    def at(address: Any, distance: Any, kind: Any) -> Any:
        return builder.inttoptr(builder.add(address, distance), kind.as_pointer())

    places = [at(sums, long(4 * VECTOR * n), _FLOATS) for n in range(some)]
    distances = [builder.mul(apart, long(n)) for n in range(some)]
    before, loop, after = builder.block, builder.append_basic_block(), builder.append_basic_block()
    starts = [builder.load(place, align=4) for place in places]
    builder.branch(loop)
    builder.position_at_end(loop)
    entry, totals = builder.phi(_LONG), [builder.phi(_FLOATS) for _ in places]
    step = builder.shl(entry, long(2))
    offset = builder.sext(builder.load(at(offsets, step, ir.IntType(32))), _LONG)
    first = builder.add(numbers, builder.shl(offset, long(2)))
    factor = builder.load(at(factors, step, _FLOAT))
    one = builder.insert_element(ir.Constant(_FLOATS, ir.Undefined), factor, long(0))
    vector = builder.shuffle_vector(one, one, ir.Constant(ir.VectorType(ir.IntType(32), VECTOR), [0] * VECTOR))
    added = []
    for total, distance in zip(totals, distances, strict=True):
        product = builder.fmul(builder.load(at(first, distance, _FLOATS), align=4), vector, flags=("contract",))
        added.append(builder.fadd(product, total, flags=("contract",)))
    following = builder.add(entry, long(1))
    builder.cbranch(builder.icmp_signed("<", following, count), loop, after)
    for phi, start, result in zip((entry, *totals), (long(0), *starts), (following, *added), strict=True):
        phi.add_incoming(start, before)
        phi.add_incoming(result, loop)
    builder.position_at_end(after)
    for result, place in zip(added, places, strict=True):
        builder.store(result, place, align=4)
