"""A network with YuNet's outputs that takes light for faces, so that what it must find is known by hand."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
from onnx import helper, numpy_helper

SIDE = 32  # pixels of the squares it looks at, that lie side by side from the upper left corner on


def write_yunet(path: Path) -> Path:
    """A face is each square, of the score sqrt(brightness), the brightness a part of 1.

    The real network gives, at each place of grids of 8, 16 and 32 pixels, cls (1) and obj (1), whose geometric mean is
    the score, bbox (4: middle and logarithm of the size, in cells) and kps (10).
    Source: FaceDetectorYN, modules/objdetect/src/face_detect.cpp of OpenCV.
    """
    weights = {"thirds": np.full((1, 3, 1, 1), 1 / 765, np.float32)}
    nodes = [helper.make_node("Conv", ["input", "thirds"], ["light"])]
    outputs = []
    for output, numbers, weight, bias in (("cls", 1, 1, 0), ("obj", 1, 0, 1), ("bbox", 4, 0, None), ("kps", 10, 0, 0)):
        for side in (8, 16, SIDE):
            name = f"{output}_{side}"
            factor = weight if side == SIDE else 0  # the finer grids see nothing
            weights[f"{name}.weight"] = np.full((numbers, 1, 1, 1), factor, np.float32)
            # The box is the square: its middle, and as wide and high as a cell.
            offset = np.array([0.5, 0.5, 0, 0]) if bias is None else np.full(numbers, bias)
            weights[f"{name}.bias"] = offset.astype(np.float32)
            weights[f"{name}.shape"] = np.array([1, -1, numbers], np.int64)
            nodes += [
                helper.make_node(
                    "AveragePool", ["light"], [f"{name}.mean"], kernel_shape=[side] * 2, strides=[side] * 2
                ),
                helper.make_node("Conv", [f"{name}.mean", f"{name}.weight", f"{name}.bias"], [f"{name}.map"]),
                helper.make_node("Transpose", [f"{name}.map"], [f"{name}.last"], perm=[0, 2, 3, 1]),
                helper.make_node("Reshape", [f"{name}.last", f"{name}.shape"], [name]),
            ]
            outputs.append((name, [1, None, numbers]))
    return _write(path, nodes, weights, outputs)


def write_other_network(path: Path) -> Path:
    """A network that is sound, but of one output."""
    return _write(path, [helper.make_node("Relu", ["input"], ["made"])], {}, [("made", [1, 3, None, None])])


def _write(
    path: Path, nodes: list[onnx.NodeProto], weights: dict[str, np.ndarray], outputs: list[tuple[str, list[int | None]]]
) -> Path:
    graph = helper.make_graph(
        nodes,
        "network",
        [helper.make_tensor_value_info("input", onnx.TensorProto.FLOAT, [1, 3, None, None])],
        [helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, shape) for name, shape in outputs],
        [numpy_helper.from_array(values, name) for name, values in weights.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
    onnx.checker.check_model(model)
    onnx.save(model, path)
    return path
