"""Descriptors as users bring them: dlib's network as an ONNX file, and little ones, each with its TOML file."""

import warnings
from collections.abc import Mapping
from pathlib import Path
from unittest.mock import patch

import numpy as np
import onnx
import torch
from onnx import helper, numpy_helper
from torch import Tensor

from facecorpus.faces import models
from facecorpus.faces.align import CHIP, CHIP_PADDING, mean_face
from facecorpus.faces.dlib import embed
from facecorpus.faces.dlib.embed import TorchEmbedder
from facecorpus.faces.models import model_file

DLIBS_POINTS = mean_face(CHIP, CHIP_PADDING).tolist()


class _Network(torch.nn.Module):
    def __init__(self, embedder: TorchEmbedder) -> None:
        super().__init__()
        self.embedder = embedder

    def forward(self, pixels: Tensor) -> Tensor:
        """(1, 128) of (1, 3, 150, 150)."""
        return self.embedder._features(pixels) @ self.embedder._projection


def write_dlibs(path: Path, **changes: object) -> Path:
    """dlib's own network, exported by torch; name any key of the TOML file to change it."""
    with patch.object(embed, "_packs", lambda: False):  # packed weights cannot be exported
        network = _Network(TorchEmbedder(model_file(models.DESCRIPTOR)))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of the exporter that needs no further package
        torch.onnx.export(network, (torch.zeros(1, 3, CHIP, CHIP),), path, dynamo=False)
    mean = network.embedder._mean.flatten().tolist()
    return write_recipe(path, {"name": "dlib", "template": "dlib", "mean": mean, "scale": 1 / 256} | changes)


def write_little(path: Path, numbers: int = 5, **changes: object) -> Path:
    """A network of 16 × 16 pixels that gives their three mean values, and zeros up to so many numbers."""
    weights = np.zeros((3, numbers), np.float32)
    weights[:, :3] = np.eye(3)
    nodes = [
        helper.make_node("GlobalAveragePool", ["shown"], ["means"]),
        helper.make_node("Flatten", ["means"], ["flat"]),
        helper.make_node("MatMul", ["flat", "weights"], ["made"]),
    ]
    graph = helper.make_graph(
        nodes,
        "little",
        [helper.make_tensor_value_info("shown", onnx.TensorProto.FLOAT, [1, 3, 16, 16])],
        [helper.make_tensor_value_info("made", onnx.TensorProto.FLOAT, [1, numbers])],
        [numpy_helper.from_array(weights, "weights")],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
    onnx.save(model, path)
    points = [[13, 5], [10, 5], [2, 5], [6, 5], [8, 10]]
    return write_recipe(path, {"name": "little", "size": 16, "template": points} | changes)


def write_recipe(path: Path, changes: Mapping[str, object]) -> Path:
    """The TOML file of a network; None leaves a key out."""
    keys = {
        "name": "a network",
        "size": CHIP,
        "template": "dlib",
        "channels": "RGB",
        "mean": 0,
        "scale": 1,
        "normalise": False,
        "same_person": 0.6,
    }
    lines = [f"{key} = {_toml(value)}\n" for key, value in (keys | changes).items() if value is not None]
    path.with_suffix(".toml").write_text("".join(lines))
    return path


def _toml(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else repr(value)
