"""The models of a run together: every task answered by the features of all networks."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors.torch import load
from torch import Tensor, nn

from training.data.images import small_image
from training.errors import TrainingError
from training.files import read_json
from training.folder import RunFolder
from training.learn.networks import TaskNetwork
from training.models.keep import SCHEMA
from training.models.network import BATCH, Images, check_images
from training.presets import Preset, preset_of


class Fused(nn.Module):
    """Images (N, S, S, 3) uint8 RGB to the features (N, width) of each network, then the probabilities of each task."""

    def __init__(
        self, networks: dict[str, TaskNetwork], heads: dict[str, nn.Sequential], temperatures: Sequence[float]
    ) -> None:
        super().__init__()
        self.networks, self.heads = nn.ModuleDict(networks), nn.ModuleDict(heads)
        self.temperatures = temperatures

    def forward(self, images: Tensor) -> tuple[Tensor, ...]:
        """Features in the order of the networks, probabilities in that of the heads."""
        pixels = ((images.to(torch.float32) - 127.5) / 64).permute(0, 3, 1, 2)
        features = [network.features(pixels) for network in self.networks.values()]  # type: ignore[operator]
        beside = torch.cat(features, dim=1)
        scores = [head(beside) / value for head, value in zip(self.heads.values(), self.temperatures, strict=True)]
        return (*features, *(one.softmax(1) for one in scores))


@dataclass(frozen=True, eq=False)
class FusedModel:
    """The networks and fused heads of a run, on the CPU in float32."""

    tasks: tuple[str, ...]
    classes: dict[str, tuple[str, ...]]
    size: int  # pixels of an image's side
    described: dict[str, Any]  # what the fused head's JSON says, by task
    module: Fused

    def __repr__(self) -> str:
        return f"FusedModel({', '.join(self.tasks)}: {self.size} × {self.size} pixels)"

    def images(self, crops: Sequence[bytes]) -> Images:
        """Aligned faces as encoded pictures, as (N, size, size, 3) uint8 RGB: shrunk as those of the training were."""
        return np.stack([small_image(crop, self.size, f"number {number}") for number, crop in enumerate(crops)])

    def features(self, images: Images) -> dict[str, NDArray[np.float32]]:
        """The high-level features (N, width) of each task's network, of images (N, size, size, 3) uint8 RGB."""
        return dict(zip(self.tasks, self._looks(images), strict=False))

    def probabilities(self, images: Images) -> dict[str, NDArray[np.float32]]:
        """(N, classes) of each task, calibrated by its temperature; each row adds to 1."""
        return dict(zip(self.tasks, self._looks(images)[len(self.tasks) :], strict=True))

    @torch.no_grad()
    def _looks(self, images: Images) -> list[NDArray[np.float32]]:
        check_images(images, self.size)
        parts = [self.module(torch.from_numpy(images[start : start + BATCH])) for start in range(0, len(images), BATCH)]
        return [torch.cat(some).numpy() for some in zip(*parts, strict=True)]


def load_fused(folder: str | Path) -> FusedModel:
    """The models of a run folder, or of a folder `models` that was taken away.

    Raises TrainingError where there are none, one is damaged, or another version wrote them.
    """
    path = Path(folder)
    models = run if (run := RunFolder(path).models).is_dir() else path
    found = {file.stem.removeprefix("fused-"): file for file in sorted(models.glob("fused-*.json"))}
    if not found:
        raise TrainingError(
            f"{folder} has no models: name the folder of a finished run, or the folder models of one. A run of an"
            " earlier version has none; train again in a new run folder."
        )
    first = _description(next(iter(found.values())))
    tasks = tuple(first["reads"])
    if set(tasks) != set(found):
        raise TrainingError(f"{models} has fused heads of {', '.join(found)}, and they read {', '.join(tasks)}.")
    heads = {task: _description(found[task]) for task in tasks}
    preset = preset_of(first["preset"], f"The preset in {models}")
    classes = {task: tuple(first["classes"][task]) for task in tasks}
    networks = {task: _network(models, task, preset, len(classes[task])) for task in tasks}
    layers = {task: _head(models, heads[task]) for task in tasks}
    temperatures = [float(heads[task]["temperature"]) for task in tasks]
    return FusedModel(tasks, classes, preset.size, heads, Fused(networks, layers, temperatures).eval())


def _description(path: Path) -> dict[str, Any]:
    try:
        described = read_json(path)
        schema = described.get("schema")
    except (OSError, ValueError, AttributeError) as error:
        raise TrainingError(f"{path} does not describe a model ({error}): copy it again.") from None
    if schema != SCHEMA:
        raise TrainingError(
            f"{path} has schema {schema}, this program reads {SCHEMA}: train again in a new run folder."
        )
    return dict(described)


def _tensors(models: Path, described: dict[str, Any]) -> dict[str, Tensor]:
    path = models / Path(described["file"]).name
    try:
        data = path.read_bytes()
    except OSError as error:
        raise TrainingError(f"{path} cannot be read ({error.strerror}): copy it again.") from None
    if hashlib.sha256(data).hexdigest() != described["sha256"]:
        raise TrainingError(f"{path} has another sha256 than its description says: copy it again.")
    return dict(load(data))


def _network(models: Path, task: str, preset: Preset, classes: int) -> TaskNetwork:
    network = TaskNetwork(preset, preset.features(task), classes)
    network.load_state_dict(_tensors(models, _description(models / f"{task}.json")))
    return network.to(memory_format=torch.channels_last)  # type: ignore[call-overload,no-any-return]


def _head(models: Path, described: dict[str, Any]) -> nn.Sequential:
    tensors = _tensors(models, described)
    layers: list[nn.Module] = []
    for name in sorted(name for name in tensors if name.endswith(".weight")):
        outputs, inputs = tensors[name].shape
        layers += [nn.Linear(inputs, outputs), nn.ReLU()]
    head = nn.Sequential(*layers[:-1])
    head.load_state_dict(tensors)
    return head
