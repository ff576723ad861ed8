"""Tensors as the functions that numba compiles see them: arrays over the same memory."""

from __future__ import annotations

from typing import Any

import torch
from numpy.typing import NDArray
from torch import Tensor

NOWHERE = 4
"""The place of a window without a number above zero; 0 to 3 are its corners, row by row."""


def channels_last(values: Tensor) -> NDArray[Any]:
    """Maps (B, C, H, W), channels-last, as an array (B, H, W, C)."""
    array: NDArray[Any] = values.permute(0, 2, 3, 1).numpy()
    return array


def bits(values: Tensor) -> NDArray[Any]:
    """The same of numbers in bfloat16 or float32, as the integers of their bits."""
    return channels_last(values.view(torch.int16 if values.element_size() == 2 else torch.int32))
