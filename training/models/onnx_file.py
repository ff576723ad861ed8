"""A run's models as one ONNX file, for other tools and languages."""

from __future__ import annotations

import json
import warnings
from copy import deepcopy
from pathlib import Path

import torch

from training.errors import TrainingError
from training.files import write_whole
from training.learn.networks import TaskNetwork
from training.models.fused import FusedModel


def write_onnx(model: FusedModel, out: Path) -> None:
    """Write all networks and fused heads as one graph.

    Input `images` (N, size, size, 3) uint8 RGB, outputs `TASK_features` (N, width) and `TASK` (N, classes), calibrated
    probabilities; the metadata has the classes. Raises TrainingError where the package onnx is not installed.
    """
    try:
        import onnx
    except ImportError:
        raise TrainingError("An ONNX file needs the package onnx: pip install 'facecorpus[onnx]'.") from None
    module = deepcopy(model.module)
    for network in module.networks.values():
        assert isinstance(network, TaskNetwork)
        network.kernels = "torch"  # the graph is made of torch's own operations
    outputs = [f"{task}_features" for task in model.tasks] + list(model.tasks)
    example = torch.zeros((2, model.size, model.size, 3), dtype=torch.uint8)

    def write(partial: Path) -> None:
        with warnings.catch_warnings():
            # torch's newer exporter needs two more packages, and traces the same graph.
            warnings.simplefilter("ignore", DeprecationWarning)
            torch.onnx.export(
                module,
                (example,),
                str(partial),
                input_names=["images"],
                output_names=outputs,
                dynamic_axes={name: {0: "images"} for name in ("images", *outputs)},
                dynamo=False,
            )
        graph = onnx.load(str(partial))
        onnx.helper.set_model_props(
            graph, {"classes": json.dumps(model.classes, ensure_ascii=False), "made_by": "facecorpus"}
        )
        onnx.save(graph, str(partial))

    write_whole(out, write, listed=False)
