"""Many heads as one stack of matrices: each learns exactly what it would learn alone, all in batched products."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from training.plan.networks_and_heads import Head
from training.presets import Preset

_NEVER = -1e4  # the score of a class that a head's target does not have


class Layers(nn.Module):
    """Two fully connected layers and an output layer for each head: (heads, B, inputs) to (heads, B, most classes).

    `seen` is the number of inputs of each head that are not padding.
    """

    never: Tensor

    def __init__(
        self, heads: Sequence[Head], seen: Sequence[int], preset: Preset, classes: Mapping[str, int], seed: int
    ) -> None:
        super().__init__()
        most = max(classes[head.target] for head in heads)
        has = torch.arange(most) < torch.tensor([[classes[head.target]] for head in heads])
        self.register_buffer("never", torch.where(has, 0.0, _NEVER)[:, None, :])
        self.weights, self.biases = nn.ParameterList(), nn.ParameterList()
        for layer, (inputs, outputs) in enumerate(pairwise([max(seen), *preset.hidden, most])):
            self.weights.append(torch.zeros(len(heads), inputs, outputs))
            self.biases.append(torch.zeros(len(heads), 1, outputs))
            for n, head in enumerate(heads):
                rows = inputs if layer else seen[n]
                columns = classes[head.target] if layer == len(preset.hidden) else outputs
                gaussian = torch.randn(rows, columns, generator=generator(head, seed, layer))
                self.weights[-1].data[n, :rows, :columns] = gaussian * (2 / rows) ** 0.5

    def forward(self, values: Tensor) -> Tensor:
        last = len(self.weights) - 1
        for n, (weight, bias) in enumerate(zip(self.weights, self.biases, strict=True)):
            values = torch.baddbmm(bias, values, weight)
            values = F.relu(values) if n < last else values
        return values + self.never


class _Reading(nn.Module):
    """What readers see of the features: each its own columns, `read`, times its factor."""

    reads: Tensor
    factors: Tensor

    def __init__(self, read: Sequence[Sequence[int]], factors: Sequence[float]) -> None:
        super().__init__()
        self.register_buffer("reads", _padded(read))
        self.register_buffer("factors", _factors(read, factors))

    def values(self, features: Tensor) -> Tensor:
        """(readers, B, most columns) of features (B, width of all blocks)."""
        return features[:, self.reads].transpose(0, 1) * self.factors


class HeadStack(_Reading):
    """Heads on concatenated features: (B, width of all blocks) to (heads, B, most classes).

    `squares` are the mean squares of the blocks' features, of those that are not 1: see `factor`.
    """

    def __init__(
        self,
        heads: Sequence[Head],
        columns: Mapping[str, range],
        preset: Preset,
        classes: Mapping[str, int],
        seed: int,
        squares: Mapping[str, float],
    ) -> None:
        read = [_read(head, columns) for head in heads]
        super().__init__(read, [factor(head, columns, squares) for head in heads])
        self.heads, self.hidden, self.outputs = list(heads), list(preset.hidden), dict(classes)
        self.layers = Layers(heads, [len(one) for one in read], preset, classes, seed)

    def forward(self, features: Tensor) -> Tensor:
        scores: Tensor = self.layers(self.values(features))
        return scores

    def alone(self, number: int) -> nn.Sequential:
        """One head by itself: the features of its sources (B, inputs), side by side, to scores (B, classes).

        What they are multiplied with becomes part of the first layer's weights.
        """
        factors = self.factors[number, 0]
        factors = factors[factors != 0]
        shapes = [len(factors), *self.hidden, self.outputs[self.heads[number].target]]
        made: list[nn.Module] = []
        for weight, bias, (inputs, outputs) in zip(
            self.layers.weights, self.layers.biases, pairwise(shapes), strict=True
        ):
            layer = nn.Linear(inputs, outputs)
            layer.weight.data = weight.data[number, :inputs, :outputs].T.contiguous()
            layer.bias.data = bias.data[number, 0, :outputs].clone()
            made += [layer, nn.ReLU()]
        first = made[0]
        assert isinstance(first, nn.Linear)
        first.weight.data *= factors
        return nn.Sequential(*made[:-1])


class MixStack(_Reading):
    """Heads that project the features of each source to one width and mix the projections, all with as many sources."""

    def __init__(
        self,
        heads: Sequence[Head],
        columns: Mapping[str, range],
        preset: Preset,
        classes: Mapping[str, int],
        seed: int,
        squares: Mapping[str, float],
    ) -> None:
        read = [list(columns[source]) for head in heads for source in head.sources]
        super().__init__(read, [factor(head, columns, squares) for head in heads for _ in head.sources])
        self.heads = list(heads)
        self.mix = _MIXES[heads[0].mix]
        self.projection = nn.Parameter(torch.zeros(len(read), max(map(len, read)), preset.fusion_width))
        self.gate = nn.Parameter(torch.zeros(len(read), max(map(len, read)), 1))  # every source counts alike at first
        for n, one in enumerate(read):
            head, source = heads[n // len(heads[0].sources)], n % len(heads[0].sources)
            gaussian = torch.randn(len(one), preset.fusion_width, generator=generator(head, seed, 100 + source))
            self.projection.data[n, : len(one)] = gaussian / len(one) ** 0.5
        self.layers = Layers(heads, [preset.fusion_width] * len(heads), preset, classes, seed)

    def forward(self, features: Tensor) -> Tensor:
        values = self.values(features)
        shape = (len(self.heads), -1, len(features))
        projected = torch.bmm(values, self.projection).reshape(*shape, self.projection.shape[2])
        gates = torch.bmm(values, self.gate).reshape(*shape, 1)
        scores: Tensor = self.layers(self.mix(projected, gates))
        return scores


def generator(head: Head, seed: int, layer: int) -> torch.Generator:
    """The random stream of a layer of a head, which does not depend on the other heads of its stack."""
    name = f"{seed}/{layer}/{head.row}/{head.target}/{head.mix}/{','.join(head.sources)}"
    return torch.Generator().manual_seed(int.from_bytes(hashlib.sha256(name.encode()).digest()[:7], "big"))


def factor(head: Head, columns: Mapping[str, range], squares: Mapping[str, float]) -> float:
    """What all features of a head are multiplied with, so that their mean square is 1: their proportions stay.

    Weights as wide as He et al. derive expect that. Without it heads on features ten times as large fell apart.
    """
    widths = [len(columns[source]) for source in head.sources]
    whole = sum(width * squares.get(source, 1.0) for width, source in zip(widths, head.sources, strict=True))
    return float((sum(widths) / whole) ** 0.5) if whole > 0 else 1.0


def make_stacks(
    heads: Sequence[Head],
    columns: Mapping[str, range],
    preset: Preset,
    classes: Mapping[str, int],
    seed: int,
    squares: Mapping[str, float],
) -> list[HeadStack | MixStack]:
    """The heads in as few stacks as do without much padding: by number of classes and inputs, and by kind of mix."""
    stacks: list[HeadStack | MixStack] = []
    plain = [head for head in heads if head.mix == "concatenation"]
    for deep in _alike(plain, lambda head: head.depth):
        hidden = [*preset.hidden, *preset.hidden[-1:] * deep[0].depth][: deep[0].depth]
        for alike in _alike(deep, lambda head: classes[head.target], spread=8):
            for some in _alike(alike, lambda head: len(_read(head, columns)), spread=1.5):
                stacks.append(HeadStack(some, columns, replace(preset, hidden=hidden), classes, seed, squares))
    for mix in _MIXES:
        for some in _alike([head for head in heads if head.mix == mix], lambda head: len(head.sources)):
            stacks.append(MixStack(some, columns, preset, classes, seed, squares))
    return stacks


def _read(head: Head, columns: Mapping[str, range]) -> list[int]:
    """The columns that a head reads: of all its sources, or as many of these as it is wide, the same in every stack."""
    every = [column for source in head.sources for column in columns[source]]
    if head.width is None:
        return every
    return [
        every[place] for place in sorted(torch.randperm(len(every), generator=generator(head, 0, -1))[: head.width])
    ]


def _alike(heads: Sequence[Head], size: Callable[[Head], int], spread: float = 1.0) -> list[list[Head]]:
    """The heads in groups whose largest is at most `spread` times as large as the smallest."""
    groups: list[list[Head]] = []
    for head in sorted(heads, key=size):
        if groups and size(head) <= spread * size(groups[-1][0]):
            groups[-1].append(head)
        else:
            groups.append([head])
    return groups


def _factors(rows: Sequence[Sequence[int]], each: Sequence[float]) -> Tensor:
    """The factor of each row at its columns, 0 at its padding: (rows, 1, inputs)."""
    widest = max(len(row) for row in rows)
    return torch.tensor([[one] * len(row) + [0.0] * (widest - len(row)) for row, one in zip(rows, each, strict=True)])[
        :, None, :
    ]


def _padded(rows: Sequence[Sequence[int]]) -> Tensor:
    widest = max(len(row) for row in rows)
    return torch.tensor([[*row, *[0] * (widest - len(row))] for row in rows])


def _sum(projected: Tensor, gates: Tensor) -> Tensor:
    """Each source through a ReLU of its own, then added."""
    return F.relu(projected).sum(1)


def _gating(projected: Tensor, gates: Tensor) -> Tensor:
    """Weighted by how much each source says of itself: gated multimodal units (Arevalo et al. 2017, 1702.01992)."""
    return (gates.softmax(1) * torch.tanh(projected)).sum(1)


def _bilinear(projected: Tensor, gates: Tensor) -> Tensor:
    """Products of all pairs of sources, of low rank (Kim et al. 2017, arXiv 1610.04325), as half of (Σp)² − Σp²."""
    bounded = torch.tanh(projected)
    sources = projected.shape[1]
    pairs = sources * (sources - 1) / 2
    products: Tensor = (bounded.sum(1) ** 2 - (bounded**2).sum(1)) / (2 * pairs**0.5)
    return products


_MIXES: dict[str, Callable[[Tensor, Tensor], Tensor]] = {"sum": _sum, "gating": _gating, "bilinear": _bilinear}
