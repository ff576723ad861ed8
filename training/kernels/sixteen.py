"""Operations on vectors of sixteen numbers, for functions that numba compiles: a short loop does not become one.

Parameters are addresses, if nothing else is said. Of a floating-point number the bits are read, as an integer: int16 is
a bfloat16, int32 a float32.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

NOWHERE = 4
"""The place of a window without a number above zero; 0 to 3 are its corners, row by row."""

MOST_VECTORS = 12
"""Of sums, that `add_products` adds to at once."""

_BYTES, _SHORTS, _INTS = (ir.VectorType(ir.IntType(bits), 16) for bits in (8, 16, 32))
_POINTER = ir.IntType(8).as_pointer()
_FLOATS = ir.VectorType(ir.FloatType(), 16)
_MINUS_INFINITY = -(2**23)


def _on_addresses(write: Callable[..., None], count: int) -> tuple[Any, Any]:
    """The type of an operation on so many integers, and its code, which `write` makes of a builder and their values."""

    def build(context: Any, builder: Any, signature: Any, values: Any) -> Any:
        write(builder, *values)
        return context.get_dummy_value()

    return types.void(*[types.intp] * count), build


def _load(builder: Any, address: Any, kind: Any) -> Any:
    return builder.load(builder.inttoptr(address, kind.as_pointer()), align=1)


def _store(builder: Any, values: Any, address: Any) -> None:
    builder.store(values, builder.inttoptr(address, values.type.as_pointer()), align=1)


def _all(kind: Any, value: float) -> Any:
    return ir.Constant(kind, [ir.Constant(kind.element, value)] * 16)


def _rounded(builder: Any, bits: Any) -> Any:
    """The nearest bfloat16; of two as near, the even one."""
    odd = builder.and_(builder.lshr(bits, _all(_INTS, 16)), _all(_INTS, 1))
    above = builder.add(builder.add(bits, _all(_INTS, 0x7FFF)), odd)
    return builder.trunc(builder.lshr(above, _all(_INTS, 16)), _SHORTS)


def _copy(builder: Any, source: Any, target: Any, other: Any) -> None:
    numbers = _load(builder, source, _SHORTS)
    _store(builder, numbers, target)
    _store(builder, numbers, other)


def _round(builder: Any, source: Any, target: Any) -> None:
    _store(builder, _rounded(builder, _load(builder, source, _INTS)), target)


def _pool(builder: Any, first: Any, second: Any, third: Any, fourth: Any, pooled: Any, place: Any) -> None:
    best, at = _load(builder, first, _INTS), _all(_BYTES, 0)
    for corner, address in enumerate((second, third, fourth), 1):
        other = _load(builder, address, _INTS)
        greater = builder.icmp_signed(">", other, best)
        best = builder.select(greater, other, best)
        at = builder.select(greater, _all(_BYTES, corner), at)
    at = builder.select(builder.icmp_signed(">", best, _all(_INTS, 0)), at, _all(_BYTES, NOWHERE))
    best = builder.select(builder.icmp_signed(">", best, _all(_INTS, _MINUS_INFINITY)), best, _all(_INTS, 0))
    _store(builder, _rounded(builder, best), pooled)
    _store(builder, at, place)


def _pair(builder: Any, upper: Any, lower: Any, words: Any) -> None:
    first, second = (builder.zext(_load(builder, address, _SHORTS), _INTS) for address in (upper, lower))
    _store(builder, builder.or_(first, builder.shl(second, _all(_INTS, 16))), words)


def _spread(builder: Any, numbers: Any, place: Any, *corners: Any) -> None:
    values, at = _load(builder, numbers, _SHORTS), _load(builder, place, _BYTES)
    for corner, address in enumerate(corners):
        here = builder.icmp_unsigned("==", at, _all(_BYTES, corner))
        _store(builder, builder.select(here, values, _all(_SHORTS, 0)), address)


def _unpool(builder: Any, gradient: Any, of_gradient: Any, place: Any, of_place: Any, words: Any, sums: Any) -> None:
    sixteen, nothing = _all(_INTS, 16), _all(_INTS, 0)
    windows = []
    for n in range(16):
        number, step = builder.add(gradient, builder.mul(of_gradient, _long(n))), builder.mul(of_place, _long(n))
        value = builder.zext(_load(builder, number, _SHORTS), _INTS)
        where = builder.zext(_load(builder, builder.add(place, step), _BYTES), _INTS)
        windows.append(builder.or_(value, builder.shl(where, sixteen)))
    for n, window in enumerate(_turned(builder, windows)):
        where, later = builder.lshr(window, sixteen), builder.shl(window, sixteen)
        first = builder.and_(window, _all(_INTS, 0xFFFF))
        left, right = (
            builder.select(
                builder.icmp_unsigned("==", where, _all(_INTS, column)), first,
                builder.select(builder.icmp_unsigned("==", where, _all(_INTS, column + 2)), later, nothing),
            )
            for column in (0, 1)
        )  # fmt: skip
        for half in (0, 1):
            in_turn = [8 * half + k // 2 + k % 2 * 16 for k in range(16)]
            _store(builder, _shuffled(builder, left, right, in_turn), builder.add(words, _long(1024 * half + 64 * n)))
        values = builder.select(builder.icmp_unsigned("<", where, _all(_INTS, NOWHERE)), later, nothing)
        sum_of = builder.add(sums, _long(64 * n))
        added = builder.fadd(_load(builder, sum_of, _FLOATS), builder.bitcast(values, _FLOATS))
        _store(builder, added, sum_of)


def _add_products(builder: Any, entries: Any, count: Any, numbers: Any, apart: Any, sums: Any, vectors: Any) -> None:
    done = builder.append_basic_block()
    choice = builder.switch(vectors, done)
    for some in range(1, MOST_VECTORS + 1):
        block = builder.append_basic_block()
        choice.add_case(_long(some), block)
        builder.position_at_end(block)
        _add_products_of(builder, entries, count, numbers, apart, sums, some)
        builder.branch(done)
    builder.position_at_end(done)


def _add_products_of(builder: Any, entries: Any, count: Any, numbers: Any, apart: Any, sums: Any, vectors: int) -> None:
    """The sums stay in registers from the first entry to the last."""
    places = [_long(64 * n) for n in range(vectors)]
    distances = [builder.mul(apart, _long(n)) for n in range(vectors)]
    before, loop, after = builder.block, builder.append_basic_block(), builder.append_basic_block()
    loaded = [_load(builder, builder.add(sums, place), _FLOATS) for place in places]
    builder.branch(loop)
    builder.position_at_end(loop)
    number = builder.phi(ir.IntType(64))
    totals = [builder.phi(_FLOATS) for _ in places]
    entry = builder.add(entries, builder.shl(number, _long(3)))
    offset = builder.load(builder.inttoptr(entry, _INTS.element.as_pointer()), align=4)
    factor = builder.load(builder.inttoptr(builder.add(entry, _long(4)), _FLOATS.element.as_pointer()), align=4)
    first = builder.add(numbers, builder.sext(offset, ir.IntType(64)))
    one = builder.insert_element(ir.Constant(_FLOATS, ir.Undefined), factor, ir.Constant(ir.IntType(32), 0))
    factors = builder.shuffle_vector(one, one, ir.Constant(_INTS, [ir.Constant(_INTS.element, 0)] * 16))
    added = []
    for total, distance in zip(totals, distances, strict=True):
        product = builder.fmul(_load(builder, builder.add(first, distance), _FLOATS), factors, flags=("contract",))
        added.append(builder.fadd(product, total, flags=("contract",)))
    following = builder.add(number, _long(1))
    builder.cbranch(builder.icmp_signed("<", following, count), loop, after)
    number.add_incoming(_long(0), before)
    number.add_incoming(following, loop)
    for total, start, result in zip(totals, loaded, added, strict=True):
        total.add_incoming(start, before)
        total.add_incoming(result, loop)
    builder.position_at_end(after)
    for result, place in zip(added, places, strict=True):
        _store(builder, result, builder.add(sums, place))


def _turned(builder: Any, rows: list[Any]) -> list[Any]:
    """Sixteen rows of sixteen numbers as columns: blocks across the diagonal change places, of 1, 2, 4 and 8."""
    for size in (1, 2, 4, 8):
        upper = [k if not k & size else 16 + k - size for k in range(16)]
        lower = [k + size if not k & size else 16 + k for k in range(16)]
        for n in range(16):
            if not n & size:
                pair = rows[n], rows[n + size]
                rows[n], rows[n + size] = (_shuffled(builder, *pair, order) for order in (upper, lower))
    return rows


def _shuffled(builder: Any, first: Any, second: Any, order: list[int]) -> Any:
    return builder.shuffle_vector(first, second, ir.Constant(_INTS, [ir.Constant(_INTS.element, k) for k in order]))


def _long(value: int) -> Any:
    return ir.Constant(ir.IntType(64), value)


def _scale(builder: Any, bytes_: Any, numbers: Any) -> None:
    values = builder.uitofp(_load(builder, bytes_, _BYTES), _FLOATS)
    around_zero = builder.fsub(values, _all(_FLOATS, 127.5))
    bits = builder.bitcast(builder.fmul(around_zero, _all(_FLOATS, 1 / 64)), _INTS)
    _store(builder, builder.trunc(builder.lshr(bits, _all(_INTS, 16)), _SHORTS), numbers)


def _copy_bytes(builder: Any, source: Any, target: Any, count: Any) -> None:
    to, where = (builder.inttoptr(address, _POINTER) for address in (target, source))
    cgutils.raw_memcpy(builder, to, where, count, 1)  # type: ignore[no-untyped-call]


add_products: Any = intrinsic(
    lambda typing, entries, count, numbers, apart, sums, vectors: _on_addresses(_add_products, 6)
)
"""Add float32 times a factor to so many vectors of sums, for each of `count` entries, of which there is one at least.

The vectors of numbers begin `apart` bytes from each other, those of sums lie one after the other. An entry is an offset
in bytes from the address `numbers` (int32), and the factor (float32).
"""

copy_bytes: Any = intrinsic(lambda typing, source, target, count: _on_addresses(_copy_bytes, 3))
"""Copy so many bytes."""

copy_sixteen: Any = intrinsic(lambda typing, source, target, other: _on_addresses(_copy, 3))
"""Copy numbers of two bytes to two places."""

round_sixteen: Any = intrinsic(lambda typing, source, target: _on_addresses(_round, 2))
"""Write float32 as bfloat16."""

pool_sixteen: Any = intrinsic(lambda typing, first, second, third, fourth, pooled, place: _on_addresses(_pool, 6))
"""Write the greatest of four float32, or zero, as bfloat16, and as uint8 the corner it is from.

Above zero, floating-point numbers are in the order of their bits. What is not a number comes through where the window
has nothing above zero; the processor's own has the sign set, so it lies between minus infinity and zero.
"""

scale_sixteen: Any = intrinsic(lambda typing, pixels, numbers: _on_addresses(_scale, 2))
"""Write pixels (uint8) as (pixel - 127.5) / 64 in bfloat16, which has the eight bits that this needs."""

pair_sixteen: Any = intrinsic(lambda typing, upper, lower, words: _on_addresses(_pair, 3))
"""Write numbers of two bytes of two lines as words of four, the upper line's the lower half."""

spread_sixteen: Any = intrinsic(lambda typing, numbers, place, one, two, three, four: _on_addresses(_spread, 6))
"""Write each of sixteen numbers of two bytes to that of four corners which its place (uint8) is, zero to the others."""

unpool_sixteen: Any = intrinsic(
    lambda typing, gradient, of_gradient, place, of_place, words, sums: _on_addresses(_unpool, 6)
)
"""Write the gradient of `pool_sixteen`, bfloat16, of sixteen windows and filters, for each filter as words.

The gradient and the place (uint8) of one window are `of_gradient` and `of_place` bytes on from those of another. Words
(2, 16, 16) int32 are of two lines, a window's left column and its right one in turn. What each filter's windows had
above zero is added to its sixteen sums (16, 16) float32.
"""
