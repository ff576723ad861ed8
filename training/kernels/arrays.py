"""Tensors as the functions that numba compiles see them: arrays over the same memory."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor


def channels_last(values: Tensor) -> NDArray[Any]:
    """Maps (B, C, H, W), channels-last, as an array (B, H, W, C)."""
    array: NDArray[Any] = values.permute(0, 2, 3, 1).numpy()
    return array


def bits(values: Tensor) -> NDArray[np.int16] | NDArray[np.int32]:
    """The same of numbers in bfloat16 or float32, as the integers of their bits."""
    return channels_last(values.view(torch.int16 if values.element_size() == 2 else torch.int32))


def zeros(shape: tuple[int, ...], dtype: torch.dtype = torch.int16) -> NDArray[Any]:
    """Zeros in torch's memory, which begins where vectors and tiles are loaded fast."""
    array: NDArray[Any] = torch.zeros(shape, dtype=dtype).numpy()
    return array


def rounded_up(number: int, to: int) -> int:
    """The least multiple of `to` that is not less."""
    return -(-number // to) * to
