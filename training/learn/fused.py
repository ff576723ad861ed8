"""The heads on all features as models of their own: layers that stand alone, and scores that can be believed."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors.torch import save_file
from scipy.optimize import minimize_scalar
from torch import Tensor

from training.files import write_whole
from training.learn.features import Features
from training.learn.stacks import HeadStack, MixStack

FUSED = "all"
"""The row of the heads that are kept: those on the features of all networks, the paper's result."""

_TEMPERATURES = (0.05, 20.0)
_AT_ONCE = 1000


@torch.no_grad()
def save_fused(
    path: Path,
    stacks: Sequence[HeadStack | MixStack],
    features: Features,
    labels: NDArray[np.int64],
    tested: NDArray[np.int64],
) -> None:
    """Keep the heads on all features as safetensors: for each target an nn.Sequential, and a temperature.

    `labels` (images, targets) are of all images of the split, in the order of the heads' targets, -1 where not known;
    the temperature follows from those of the images `tested`.
    """
    tensors: dict[str, Tensor] = {}
    for stack in stacks:
        for number, head in enumerate(stack.heads):
            if head.row != FUSED or not isinstance(stack, HeadStack):
                continue
            layers = stack.alone(number).cpu()
            columns = [column for source in head.sources for column in features.columns[source]]
            scores = [
                layers(features.at(tested[start : start + _AT_ONCE]).cpu()[:, columns])
                for start in range(0, len(tested), _AT_ONCE)
            ]
            known = labels[tested, list(stack.outputs).index(head.target)]
            tensors |= {f"{head.target}.{name}": tensor for name, tensor in layers.state_dict().items()}
            tensors[f"{head.target}.temperature"] = torch.tensor(temperature(torch.cat(scores).numpy(), known))
    write_whole(path, lambda partial: save_file(tensors, partial))


def temperature(scores: NDArray[np.float32], labels: NDArray[np.int64]) -> float:
    """What scores (n, classes) are divided by, so that their softmax is as sure as it is right (Guo et al. 2017).

    Least negative log likelihood of the labels (n,), of which -1 count for nothing; 1 where none is known.
    """
    known = labels >= 0
    if not known.any():
        return 1.0
    values, rows = scores[known].astype(np.float64), np.arange(known.sum())

    def unlikely(logarithm: float) -> float:
        scaled = values / np.exp(logarithm)
        scaled -= scaled.max(axis=1, keepdims=True)
        return float((np.log(np.exp(scaled).sum(axis=1)) - scaled[rows, labels[known]]).mean())

    return float(np.exp(minimize_scalar(unlikely, bounds=tuple(np.log(_TEMPERATURES)), method="bounded").x))
