"""The processor's matrix unit (AMX, bfloat16), instruction by instruction, for functions that numba compiles.

A core has eight tiles of 16 rows of 64 bytes. `tile_dot` adds the product of two tiles to a third: of 16 × 32 bfloat16
with 32 × 16, whose tile has two rows of the matrix in each of its rows, their numbers in turn, to 16 × 16 float32.
Source: Intel 64 and IA-32 Architectures Software Developer's Manual, volume 1, "Programming with Intel AMX".
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
import torch
from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

SHAPES = np.zeros(64, np.uint8)
"""What `tile_config` reads: palette 1, and eight tiles of 16 rows of 64 bytes."""
SHAPES[0] = 1
SHAPES[16:32].view(np.uint16)[:] = 64
SHAPES[48:56] = 16

_BYTE = ir.IntType(8)
_POINTER = _BYTE.as_pointer()
_KINDS = {"t": _BYTE, "p": _POINTER, "s": ir.IntType(64)}


@cache
def available() -> bool:
    """Whether this processor has the unit and the system lets this process use it."""
    return bool(torch.cpu._is_amx_tile_supported() and torch.cpu._init_amx())  # no public question for it in 2.13


def _instruction(name: str, parameters: str) -> Callable[..., Any]:
    """The type and the code of an LLVM intrinsic; its parameters: `t` a tile's number, `p` an address, `s` a stride."""

    def build(context: Any, builder: Any, signature: Any, values: Any) -> Any:
        arguments = []
        for kind, value, of in zip(parameters, values, signature.args, strict=True):
            if kind == "t":
                arguments.append(ir.Constant(_BYTE, of.literal_value))
            else:
                arguments.append(builder.inttoptr(value, _POINTER) if kind == "p" else value)
        shape = ir.FunctionType(ir.VoidType(), [_KINDS[kind] for kind in parameters])
        function = cgutils.get_or_insert_function(builder.module, shape, f"llvm.x86.{name}")  # type: ignore[no-untyped-call]
        builder.call(function, arguments)
        return context.get_dummy_value()

    def typed(*arguments: Any) -> Any:
        tiles = [one for one, kind in zip(arguments, parameters, strict=True) if kind == "t"]
        if not all(isinstance(tile, types.Literal) for tile in tiles):
            return None  # a tile's number is part of the instruction: numba asks again with the number as the type
        kept = (one if kind == "t" else types.intp for one, kind in zip(arguments, parameters, strict=True))
        return types.void(*kept), build

    return typed


# numba wants the parameters by name; addresses and strides (in bytes) are integers, tiles are literal numbers.
tile_config: Any = intrinsic(lambda typing, address: _instruction("ldtilecfg", "p")(address))
tile_release: Any = intrinsic(lambda typing: _instruction("tilerelease", "")())
tile_load: Any = intrinsic(lambda typing, tile, rows, stride: _instruction("tileloadd64", "tps")(tile, rows, stride))
tile_store: Any = intrinsic(lambda typing, tile, rows, stride: _instruction("tilestored64", "tps")(tile, rows, stride))
tile_dot: Any = intrinsic(lambda typing, sums, left, right: _instruction("tdpbf16ps", "ttt")(sums, left, right))
