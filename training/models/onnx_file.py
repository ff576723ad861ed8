"""A run's models as ONNX files, for other tools and languages: all as one, or the identity network as a descriptor."""

from __future__ import annotations

import json
import warnings
from copy import deepcopy
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from training.errors import TrainingError
from training.files import write_whole
from training.learn.networks import TaskNetwork
from training.models.fused import Fused, FusedModel


def write_onnx(model: FusedModel, out: Path) -> None:
    """Write all networks and fused heads as one graph.

    Input `images` (N, size, size, 3) uint8 RGB, outputs `TASK_features` (N, width) and `TASK` (N, classes), calibrated
    probabilities; the metadata has the classes. Raises TrainingError where the package onnx is not installed.
    """
    outputs = [f"{task}_features" for task in model.tasks] + list(model.tasks)
    images = torch.zeros((2, model.size, model.size, 3), dtype=torch.uint8)
    axes = {name: {0: "images"} for name in ("images", *outputs)}
    about = {"classes": json.dumps(model.classes, ensure_ascii=False), "made_by": "facecorpus"}
    _write(_of_torch(model), images, out, about, input_names=["images"], output_names=outputs, dynamic_axes=axes)


def write_descriptor(model: FusedModel, out: Path) -> None:
    """Write the high-level features of the identity network as a graph by which faces can be compared.

    Input (1, 3, size, size) float32: (pixels - 127.5) / 64, RGB. Output (1, width). Raises TrainingError
    as write_onnx does, and where the run has no identity network.
    """
    if "identity" not in model.tasks:
        raise TrainingError(f"The run has no network for identity, only for {', '.join(model.tasks)}; train one.")
    pixels = torch.zeros((1, 3, model.size, model.size))
    _write(_Features(_of_torch(model)), pixels, out, {"made_by": "facecorpus"}, input_names=["pixels"])


class _Features(nn.Module):
    def __init__(self, module: Fused) -> None:
        super().__init__()
        self.network = module.networks["identity"]

    def forward(self, pixels: Tensor) -> Tensor:
        return self.network.features(pixels)  # type: ignore[operator,no-any-return]


def _of_torch(model: FusedModel) -> Fused:
    """A copy whose graph is made of torch's own operations."""
    module = deepcopy(model.module)
    for network in module.networks.values():
        assert isinstance(network, TaskNetwork)
        network.kernels = "torch"
    return module


def _write(module: nn.Module, example: Tensor, out: Path, about: dict[str, str], **names: Any) -> None:
    try:
        import onnx
    except ImportError:
        raise TrainingError("An ONNX file needs the package onnx: pip install 'facecorpus[onnx]'.") from None

    def write(partial: Path) -> None:
        with warnings.catch_warnings():
            # torch's newer exporter needs two more packages, and traces the same graph.
            warnings.simplefilter("ignore", DeprecationWarning)
            torch.onnx.export(module, (example,), str(partial), dynamo=False, **names)
        graph = onnx.load(str(partial))
        onnx.helper.set_model_props(graph, about)
        onnx.save(graph, str(partial))

    write_whole(out, write, listed=False)
