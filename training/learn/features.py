"""Blocks of features that heads learn from, read from the disk row by row: the whole may be larger than the memory."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from training.plan.jobs import HeadsJob
from training.plan.networks_and_heads import DESCRIPTOR, STANDARDISED, UNTRAINED, task_networks

_CHUNK = 8192  # rows read at once for the mean and deviation


@dataclass(frozen=True)
class Block:
    """Features (n, width) memory-mapped, and for each image of a split, train then test, the row it has there.

    A `scaled` block's features are brought to mean 0 and deviation 1 over the images that heads learn on.
    """

    values: NDArray[np.float32]
    places: NDArray[np.int64]
    scaled: bool = False


class Features:
    """Blocks side by side: as they are, as the paper concatenates them, but for the scaled ones.

    `columns` are the places of each block, `squares` the mean squares of its features over the images that heads learn
    on. A feature is taken less `mean`, then divided by `deviation`, which are 0 and 1 where it is as it was.
    """

    def __init__(self, blocks: dict[str, Block], learned_on: NDArray[np.int64], device: str) -> None:
        self.blocks = blocks
        self.device = device
        self.columns: dict[str, range] = {}
        place = 0
        for name, block in blocks.items():
            self.columns[name] = range(place, place + block.values.shape[1])
            place += block.values.shape[1]
        moments = [_moments(block, learned_on) for block in blocks.values()]
        self.squares = {name: _mean_square(block, learned_on) for name, block in blocks.items() if not block.scaled}
        self.mean = torch.from_numpy(np.concatenate([mean for mean, _ in moments])).to(device)
        self.deviation = torch.from_numpy(np.concatenate([deviation for _, deviation in moments])).to(device)

    def at(self, images: NDArray[np.int64]) -> Tensor:
        """The features (n, width) of images of the split, numbered train then test."""
        pieces = [block.values[block.places[images]] for block in self.blocks.values()]
        values = torch.from_numpy(np.concatenate(pieces, axis=1)).to(self.device)
        return (values - self.mean) / self.deviation


def read_blocks(job: HeadsJob, images: NDArray[np.int64]) -> dict[str, Block]:
    """The blocks of a split, whose images (train then test) have these numbers among all images."""
    setting = job.setting
    in_split = np.arange(len(images))
    blocks = {
        network.name: Block(np.load(job.folder.network(network.name).features, mmap_mode="r"), in_split)
        for network in job.networks
    }
    if job.kind != "all":
        return blocks
    untrained = np.load(setting.run.untrained, mmap_mode="r")
    place = 0
    tasks = task_networks(setting.tasks, setting.preset)
    for network in tasks:
        blocks[UNTRAINED + network.name] = Block(untrained[:, place : place + network.width], images)
        place += network.width
        if len(job.networks) > len(tasks):  # a control, so where the controls are
            blocks[STANDARDISED + network.name] = replace(blocks[network.name], scaled=True)
    if setting.run.descriptors.is_file() and not job.siblings:
        photographs = images // setting.preset.variants
        # Of another source, so of another scale than the features beside it.
        blocks[DESCRIPTOR] = Block(np.load(setting.run.descriptors, mmap_mode="r"), photographs, scaled=True)
    return blocks


def _moments(block: Block, learned_on: NDArray[np.int64]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Mean and deviation of each feature, in two passes so that no large number swallows a small one."""
    if not block.scaled:
        width = block.values.shape[1]
        return np.zeros(width, np.float32), np.ones(width, np.float32)
    count = len(learned_on)
    mean = sum(chunk.sum(axis=0) for chunk in _chunks(block, learned_on)) / count
    variance = sum(((chunk - mean) ** 2).sum(axis=0) for chunk in _chunks(block, learned_on)) / count
    deviation = np.sqrt(variance)
    deviation[deviation < 1e-6] = 1.0  # a feature that is always the same, such as a ReLU that never opens
    return np.asarray(mean, dtype=np.float32), deviation.astype(np.float32)


def _mean_square(block: Block, learned_on: NDArray[np.int64]) -> float:
    total = sum(float((chunk**2).sum()) for chunk in _chunks(block, learned_on))
    return total / (len(learned_on) * int(block.values.shape[1]))


def _chunks(block: Block, rows: NDArray[np.int64]) -> Iterator[NDArray[np.float64]]:
    for start in range(0, len(rows), _CHUNK):
        yield block.values[block.places[rows[start : start + _CHUNK]]].astype(np.float64)
