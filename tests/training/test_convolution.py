"""Convolution, pooling and ReLU in one: the same values and gradients as torch's own, one after the other."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional as F

import training
from training.kernels import convolve_and_pool
from training.kernels.pooling import pool
from training.kernels.sparse import gradient_of_filters, gradient_of_images
from training.kernels.vectors import Lists, add_products
from training.learn.flops import primitives, roofline, step_flops
from training.learn.networks import as_input, make_network
from training.learn.stepper import Stepper
from training.presets import load_preset

TYPES = (torch.float32, torch.bfloat16)


def laid_out(values: Tensor) -> Tensor:
    return values.contiguous(memory_format=torch.channels_last)


def some_maps(dtype: torch.dtype, size: tuple[int, int], levels: int) -> Tensor:
    """Random maps; with levels of so few different values that most windows have a tie, many of them at zero."""
    maps = torch.randn(3, 37, *size, generator=torch.Generator().manual_seed(size[0]))
    if levels:
        maps = (maps * levels).round().clamp(-1, 1)
    return laid_out(maps.to(dtype))


SIZES = [(8, 8), (7, 9), (2, 3), (16, 5)]


@pytest.mark.parametrize("dtype", TYPES)
@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("levels", [0, 3])
def test_values_and_places_are_those_of_torch_to_the_bit(
    dtype: torch.dtype, size: tuple[int, int], levels: int
) -> None:
    maps = some_maps(dtype, size, levels).requires_grad_()
    expected = F.relu(F.max_pool2d(maps, 2))
    found, places = pool(maps.detach())
    assert torch.equal(found, expected)
    expected.backward(torch.ones_like(expected))
    assert maps.grad is not None
    height, width = 2 * expected.shape[2], 2 * expected.shape[3]
    windows = maps.grad[:, :, :height, :width].unflatten(2, (-1, 2)).unflatten(4, (-1, 2)).movedim(3, 4).flatten(4)
    counted = torch.where(windows.sum(4) > 0, windows.argmax(4), 4)  # 4: nothing above zero
    assert torch.equal(places, counted.to(torch.uint8))


@pytest.mark.parametrize("dtype", TYPES)
@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize(("channels", "kernel"), [(3, (5, 5)), (16, (5, 1)), (7, (3, 3)), (33, (5, 5)), (48, (3, 3))])
def test_gradients_from_the_places_are_those_of_the_whole_maps(
    dtype: torch.dtype, size: tuple[int, int], channels: int, kernel: tuple[int, int]
) -> None:
    """Against torch in double precision, through pooling and ReLU of the very maps that the places are of."""
    random = torch.Generator().manual_seed(channels)
    made, places = pool(some_maps(dtype, size, 0))
    gradient = laid_out(torch.randn(made.shape, generator=random).to(dtype))
    gradient[0, :3] = 0
    images = laid_out(torch.randn(3, channels, *size, generator=random).to(dtype))
    filters = laid_out(torch.randn(37, channels, *kernel, generator=random).to(dtype))
    maps = some_maps(dtype, size, 0).double().requires_grad_()
    F.relu(F.max_pool2d(maps, 2)).backward(gradient.double())
    assert maps.grad is not None
    padding = (kernel[0] // 2, kernel[1] // 2)
    leaf, weight = images.double().requires_grad_(), filters.double().requires_grad_()
    bias = torch.zeros(37, dtype=torch.float64, requires_grad=True)
    F.conv2d(leaf, weight, bias, padding=padding).backward(maps.grad)
    of_weight, of_bias = gradient_of_filters(gradient, places, images, filters)
    back = gradient_of_images(gradient, places, images, filters)
    assert leaf.grad is not None and weight.grad is not None and bias.grad is not None
    torch.testing.assert_close(of_weight.double(), weight.grad, rtol=1e-5, atol=1e-4)
    torch.testing.assert_close(of_bias.double(), bias.grad, rtol=1e-5, atol=1e-4)
    assert back.dtype == dtype
    # The nearest number of the type, but for a sum in float32 that lies between two of them.
    torch.testing.assert_close(back.double(), leaf.grad, rtol=1e-5 if dtype == torch.float32 else 2**-8, atol=1e-4)


@pytest.mark.parametrize("dtype", TYPES)
def test_a_number_that_is_none_is_not_lost_and_infinity_is_the_largest(dtype: torch.dtype) -> None:
    maps = laid_out(torch.zeros(1, 3, 2, 2, dtype=dtype))
    maps[0, 0, 1, 0] = -torch.tensor(torch.nan, dtype=dtype)
    maps[0, 0, 0, 0] = torch.inf
    maps[0, 1, 1, 1], maps[0, 1, 0, 1] = torch.inf, 3
    maps[0, 2] = -torch.inf
    found, places = pool(maps)
    assert found[0, 0].isnan().all()
    assert found[0, 1:].flatten().tolist() == [torch.inf, 0]
    assert places.flatten().tolist() == [2, 3, 4]


def both_ways(convolution: nn.Conv2d, images: Tensor, dtype: torch.dtype) -> list[list[Tensor]]:
    """What each way makes of the images, and its gradients of weight, bias and images."""
    found = []
    for ours in (True, False):
        convolution.zero_grad()
        leaf = images.clone().requires_grad_()
        with torch.autocast("cpu", dtype=torch.bfloat16, enabled=dtype == torch.bfloat16):
            made = convolve_and_pool(convolution, leaf, "auto" if ours else "torch")
        assert made.dtype == dtype
        (made.float() ** 2).sum().backward()  # type: ignore[no-untyped-call]
        assert convolution.weight.grad is not None and convolution.bias is not None
        assert convolution.bias.grad is not None and leaf.grad is not None
        found.append([made.detach(), convolution.weight.grad, convolution.bias.grad, leaf.grad])
    return found


@pytest.mark.parametrize("dtype", TYPES)
@pytest.mark.parametrize(("channels", "kernel"), [(3, 5), (1, 5), (8, 5), (16, 3)])
def test_the_convolution_and_its_gradients_are_those_of_torch_within_rounding(
    dtype: torch.dtype, channels: int, kernel: int
) -> None:
    torch.manual_seed(channels)
    convolution = nn.Conv2d(channels, 24, kernel, padding=kernel // 2).to(memory_format=torch.channels_last)
    images = laid_out(torch.randn(11, channels, 18, 13))  # more than are taken at a time
    for ours, theirs in zip(*both_ways(convolution, images, dtype), strict=True):
        assert ours.shape == theirs.shape
        # Where rounding moves a maximum, a gradient goes to the other corner: the whole is compared.
        off = float((ours.float() - theirs.float()).norm() / theirs.float().norm())
        assert off < (1e-5 if dtype == torch.float32 else 2e-2)


def test_gradients_in_bfloat16_are_as_near_the_truth_as_those_of_torch() -> None:
    torch.manual_seed(0)
    convolution = nn.Conv2d(3, 32, 5, padding=2).to(memory_format=torch.channels_last)
    images = laid_out(torch.randn(40, 3, 32, 32))
    (_, *ours), (_, *theirs) = both_ways(convolution, images, torch.bfloat16)
    _, (_, *truth) = both_ways(convolution, images, torch.float32)
    for mine, other, true in zip(ours, theirs, truth, strict=True):
        assert (mine.float() - true).norm() < 1.2 * (other.float() - true).norm()


def test_other_number_types_take_the_plain_way() -> None:
    convolution = nn.Conv2d(3, 4, 5, padding=2).double()
    images = torch.randn(2, 3, 8, 8, dtype=torch.float64)
    expected = F.relu(F.max_pool2d(convolution(images), 2))
    assert torch.equal(convolve_and_pool(convolution, images), expected)
    assert torch.equal(convolve_and_pool(convolution, images, "torch"), expected)


def lists(offsets: list[list[int]], targets: list[int]) -> Lists:
    some = np.array(offsets, np.int32)
    return Lists(some, np.ones(some.shape, np.float32), np.full(len(some), some.shape[1], np.uint64), np.array(targets))


def test_products_are_added_list_by_list_and_move_by_move() -> None:
    sums, numbers = np.zeros(80, np.float32), np.arange(100, dtype=np.float32)
    add_products(sums, numbers, np.array([[0, 0, 1], [16, 40, 2]]), 20, lists([[0, 3], [4, 4]], [0, 32]))
    expected, line = np.zeros(80, np.float32), np.arange(16)
    expected[:16] = 2 * line + 3
    expected[16:32] += 2 * line + 83
    expected[32:48] += 2 * line + 123
    expected[32:48] += 2 * line + 8
    expected[48:64] += 2 * line + 88
    expected[64:80] += 2 * line + 128
    assert sums.tolist() == expected.tolist()


@pytest.mark.parametrize(
    ("move", "apart", "offset", "target"),
    [
        ((0, 0, 1), 16, 49, 0),  # the last of sixteen numbers would be the 65th of 64
        ((0, 0, 1), 16, -1, 0),
        ((0, 1, 1), 16, 48, 0),
        ((0, -1, 1), 16, 1, 0),
        ((0, 0, 2), 33, 16, 0),
        ((0, 0, 2), -16, 16, 0),
        ((0, 0, 1), 16, 0, 17),
        ((0, 0, 1), 16, 0, -1),
        ((1, 0, 2), 16, 0, 0),
        ((-1, 0, 1), 16, 0, 1),
        ((0, 0, 0), 16, 0, 0),
        ((0, 0, 13), 0, 0, 0),
    ],
)
def test_products_outside_of_an_array_are_refused_before_anything_is_written(
    move: tuple[int, int, int], apart: int, offset: int, target: int
) -> None:
    sums, numbers = np.zeros(32, np.float32), np.ones(64, np.float32)
    with pytest.raises(IndexError, match="products"):
        add_products(sums, numbers, np.array([move]), apart, lists([[0], [offset]], [0, target]))
    assert not sums.any()


@pytest.mark.parametrize("sums", [np.zeros(32), np.zeros(64, np.float32)[::2]])
def test_products_for_sums_of_another_kind_are_refused(sums: NDArray[np.float32]) -> None:
    with pytest.raises(IndexError, match="products"):
        add_products(sums, np.ones(64, np.float32), np.array([[0, 0, 1]]), 16, lists([[0]], [0]))
    assert not sums.any()


def test_more_products_than_a_list_has_are_refused() -> None:
    some = lists([[0, 0]], [0])
    some.counts[0] = 3
    with pytest.raises(IndexError, match="products"):
        add_products(np.zeros(32, np.float32), np.ones(64, np.float32), np.array([[0, 0, 1]]), 16, some)


@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
def test_a_step_with_torch_alone_is_the_same_within_rounding(dtype: str) -> None:
    preset = load_preset("quick")
    images = as_input(np.random.default_rng(0).integers(0, 256, (24, 32, 32, 3), dtype=np.uint8), "cpu", dtype)
    labels = torch.arange(24)[:, None] % 8
    found = []
    for kernels in ("auto", "torch"):
        chosen = replace(preset, kernels=kernels)
        stepper = Stepper(make_network(chosen, 20, 8, seed=0), chosen, "cpu", dtype, (8,))
        features = stepper.look(images)[0]
        stepper.step(images, labels, 0.01)
        gradients = [weight.grad.flatten() for weight in stepper.network.parameters() if weight.grad is not None]
        found.append((features, torch.cat(gradients)))
    for ours, plain in zip(*found, strict=True):
        assert float((ours - plain).norm() / plain.norm()) < (1e-5 if dtype == "float32" else 2e-2)


def test_nothing_else_knows_what_is_behind_the_door() -> None:
    """Of the rooms only tests and benchmarks of the kernels themselves look inside, and the kernels look at no room."""
    root = Path(training.__file__).parents[1]
    inside = root / "training" / "kernels"
    for folder in ("training", "facecorpus", "review_ui", "manifests"):
        for file in (root / folder).rglob("*.py"):
            text = file.read_text(encoding="utf-8")
            if inside in file.parents:
                assert not re.search(r"(from|import) (facecorpus|training)\b(?!\.kernels\.)", text), file
            else:
                assert not re.search(
                    r"training\.kernels\.|from training\.kernels import (?!convolve_and_pool\n)", text
                ), file


def test_the_roofline_is_the_arithmetic_where_memory_is_quick_and_the_bytes_where_it_is_slow() -> None:
    preset = load_preset("paper")
    products = primitives(preset, 200, 77)
    arithmetic = step_flops(preset, 200, 77) / 1e12
    assert roofline(products, 2, 1e12, 1e30) == pytest.approx(arithmetic)
    first, second = 64 * 64 * 3 + 32 * 32 * 32, 32 * 32 * 32 + 16 * 16 * 64
    third, fourth, last = 16 * 16 * 64 + 8 * 8 * 128, 8 * 8 * 128 + 200, 200 + 77
    assert roofline(products, 2, 1e30, 1e9) == pytest.approx(
        2 * (2 * first + 3 * (second + third + fourth + last)) / 1e9
    )
    assert roofline(products, 2, 1e12, 10e9) > arithmetic
