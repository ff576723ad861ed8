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
_BINS = 15


@torch.no_grad()
def save_fused(
    path: Path,
    stacks: Sequence[HeadStack | MixStack],
    features: Features,
    labels: NDArray[np.int64],
    tested: NDArray[np.int64],
) -> dict[str, dict[str, float]]:
    """Keep the heads on all features as safetensors: for each target an nn.Sequential, and a temperature.

    `labels` (images, targets) are of all images of the split, in the order of the heads' targets, -1 where not known;
    the temperature follows from those of the images `tested`. Gives by target the `temperature`, and the expected
    calibration error without it (`ece`) and with one fitted on other images (`ece_calibrated`).
    """
    tensors: dict[str, Tensor] = {}
    found: dict[str, dict[str, float]] = {}
    for stack in stacks:
        for number, head in enumerate(stack.heads):
            if head.row != FUSED or not isinstance(stack, HeadStack):
                continue
            layers = stack.alone(number).cpu()
            columns = [column for source in head.sources for column in features.columns[source]]
            parts = [tested[start : start + _AT_ONCE] for start in range(0, len(tested), _AT_ONCE)]
            scores = torch.cat([layers(features.at(part).cpu()[:, columns]) for part in parts]).numpy()
            known = labels[tested, list(stack.outputs).index(head.target)]
            value = temperature(scores, known)
            tensors |= {f"{head.target}.{name}": tensor for name, tensor in layers.state_dict().items()}
            tensors[f"{head.target}.temperature"] = torch.tensor(value)
            if (known >= 0).any():
                found[head.target] = {"temperature": value, **_errors(scores[known >= 0], known[known >= 0])}
    write_whole(path, lambda partial: save_file(tensors, partial))
    return found


def _errors(scores: NDArray[np.float32], labels: NDArray[np.int64]) -> dict[str, float]:
    """Of scores whose labels are known: each half of the images is calibrated by the other's temperature."""
    first = np.arange(len(labels)) < len(labels) // 2
    calibrated = np.empty_like(scores)
    for half in (first, ~first):
        calibrated[half] = scores[half] / temperature(scores[~half], labels[~half])
    return {"ece": calibration_error(scores, labels), "ece_calibrated": calibration_error(calibrated, labels)}


def calibration_error(scores: NDArray[np.float32], labels: NDArray[np.int64]) -> float:
    """The expected calibration error of scores (n, classes), labels (n,) known: Guo et al. 2017, eq. 3, 15 bins.

    How far the likeliest class's probability is from how often it is right, on average over the images.
    """
    shares = np.exp(scores - scores.max(axis=1, keepdims=True).astype(np.float64))
    shares /= shares.sum(axis=1, keepdims=True)
    sure, right = shares.max(axis=1), shares.argmax(axis=1) == labels
    bins = np.minimum((sure * _BINS).astype(int), _BINS - 1)
    off = np.bincount(bins, sure, _BINS) - np.bincount(bins, right, _BINS)
    return float(np.abs(off).sum() / len(labels))


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
