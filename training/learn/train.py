"""Train one network, resumable at every point of its curve."""

from __future__ import annotations

import time
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from training.data.shown import with_layers
from training.errors import TrainingError
from training.files import is_sound, write_json, write_whole
from training.job import Progress, Report
from training.learn.batches import Data, batch_rows
from training.learn.events import event_file
from training.learn.networks import TaskNetwork, as_input, make_network
from training.learn.plateau import Check, stage_at, stage_lengths
from training.learn.residual import make_residual
from training.learn.stepper import Stepper
from training.learn.targets import loss_of
from training.learn.world import World
from training.plan.jobs import NetworkJob, Setting
from training.presets import Preset

_TALK_EVERY = 0.5  # seconds between two reports


@dataclass
class State:
    """Where the training of a network stands; `curve` has (step, mean loss since the last, accuracy) rows.

    The accuracy is None where the split tests nothing that the network answers. `checks` are the losses on the
    validation part at the same steps, `losses` is the sum of those since the last. Of all `seconds` the trainer waited
    `waited` for data, and the last step took `last_seconds`.
    """

    step: int = 0
    seconds: float = 0.0
    waited: float = 0.0
    last_seconds: float = 0.0
    losses: float = 0.0
    curve: list[tuple[int, float, float | None]] = field(default_factory=list)
    checks: list[Check] = field(default_factory=list)


def train(job: NetworkJob, report: Report) -> None:
    """Train, or go on training, then leave the job's files in its folder.

    The features are of the split's train then test images, the answers of its test images, a column for each target.
    The baseline, which no head reads, leaves no features and no pictures.
    There is a checkpoint at each point of the curve, and where the run's time is over. Under torchrun all processes
    call this together, and the first writes.
    """
    setting = job.setting
    preset, world = setting.preset, World.of_environment()
    data = Data.of(job)
    seed = job.network.seed(setting.seed)
    make = make_residual if job.network.is_baseline else make_network
    network = make(preset, job.network.width, sum(job.classes), seed)
    stepper = Stepper(network.to(setting.device), preset, setting.device, setting.dtype, job.classes, world)
    checkpoint = job.folder.checkpoint
    state = _load(checkpoint, stepper)
    with event_file(job.events if world.leads else None, state.step) as record:
        while not _is_over(state, preset):
            before = state.step
            point = _train_to_next_point(job, stepper, data, seed, state, world, report)
            if point is not None:
                record(state.step, point)
            if world.leads and state.step > before:
                _save(checkpoint, stepper, state)
            if point is None:
                return
    if world.leads:
        _finish(job, stepper, data, state)
        checkpoint.unlink(missing_ok=True)
    world.agree(None)


def _is_over(state: State, preset: Preset) -> bool:
    return _stage(state, preset, state.step) == len(preset.lower_at) + 1


def _stage(state: State, preset: Preset, step: int) -> int:
    return stage_at(step, state.checks, stage_lengths(preset), preset.patience, preset.least_gain)


def _has_time(setting: Setting, state: State, world: World) -> bool:
    """Whether the next step ends in the run's time, if it takes as long as the last did; the same for all processes."""
    return setting.deadline is None or world.agree(setting.has_time(state.last_seconds))


def _train_to_next_point(
    job: NetworkJob, stepper: Stepper, data: Data, seed: int, state: State, world: World, report: Report
) -> dict[str, float] | None:
    """Train up to the next point of the curve and measure it; None where the time is over before."""
    preset, device = job.setting.preset, job.setting.device
    losses = torch.tensor(state.losses, device=device)
    last, accuracy = (state.curve[-1][0], state.curve[-1][2]) if state.curve else (0, None)
    clock = talked = begun = time.monotonic()
    rate = 0.0
    while state.step < last + preset.evaluate_every and not _is_over(state, preset):
        if not _has_time(job.setting, state, world):
            state.losses = world.mean(float(losses))  # all go on from what the first wrote
            state.seconds += time.monotonic() - clock
            return None
        rate = preset.learning_rate * preset.lower_by ** _stage(state, preset, state.step)
        asked = time.monotonic()
        rows = batch_rows(len(data.train), preset.batch, state.step, seed)
        images, labels = data.batch(world.part(rows), stepper)
        state.waited += time.monotonic() - asked
        loss = stepper.step(images, labels, rate)
        losses += loss
        state.step += 1
        begun, before = time.monotonic(), begun
        state.last_seconds = begun - before
        if begun - talked > _TALK_EVERY:
            talked = begun
            report(Progress(state.step, preset.iterations, float(loss), accuracy))
    mean_loss = world.mean(float(losses)) / (state.step - last)
    if not np.isfinite(mean_loss):
        raise TrainingError(
            f"The loss of {job.name} is no longer a number at step {state.step}: lower learning_rate "
            f"(now {preset.learning_rate:g}) in the preset and take a new run folder."
        )
    point = {"loss": mean_loss, "learning_rate": rate}
    if world.leads:
        point |= _measure(stepper, data, preset, seed)
    point = world.agree(point)
    if "validation_loss" in point:
        state.checks.append((state.step, point["validation_loss"]))
    accuracy = point.get("test_accuracy")
    state.curve.append((state.step, mean_loss, accuracy))
    state.losses = 0.0
    state.seconds += time.monotonic() - clock
    report(Progress(state.step, preset.iterations, mean_loss, accuracy))
    return point


def _measure(stepper: Stepper, data: Data, preset: Preset, seed: int) -> dict[str, float]:
    """Accuracy on some test images, for the curve alone; and the loss on some of the validation part."""
    order, found = np.random.default_rng(seed), {}
    some = order.permutation(len(data.test))[: preset.curve_images]
    accuracy = _accuracy(stepper, data.images, data.test[some], data.test_labels[some], preset.batch)
    if accuracy is not None:
        found["test_accuracy"] = accuracy
    if len(data.validation):
        some = order.permutation(len(data.validation))[: preset.curve_images]
        found["validation_loss"] = _loss(stepper, data, some, preset.batch)
    return found


def _loss(stepper: Stepper, data: Data, rows: NDArray[np.int64], batch: int) -> float:
    total = 0.0
    for start in range(0, len(rows), batch):
        some = rows[start : start + batch]
        _, scores = stepper.look(stepper.as_input(data.images[data.validation[some]]))
        labels = torch.from_numpy(data.validation_labels[some]).to(stepper.device)
        total += float(loss_of(scores, labels, stepper.classes)) * len(some)
    return total / len(rows)


def _accuracy(
    stepper: Stepper, images: NDArray[np.uint8], rows: NDArray[np.int64], labels: NDArray[np.int64], batch: int
) -> float | None:
    if not len(rows):
        return None
    _, found = stepper.look_at(images, rows, batch)
    return float((found == labels)[labels >= 0].mean())


def _finish(job: NetworkJob, stepper: Stepper, data: Data, state: State) -> None:
    batch = job.setting.preset.batch
    with np.load(job.split_file) as split:
        train, test = split["train"], split["test"]
    network = stepper.network
    before = train if isinstance(network, TaskNetwork) else train[:0]
    features, classes = stepper.look_at(data.images, np.concatenate([before, test]), batch)
    answers = classes[len(before) :].astype(np.int16)
    found = answers[np.isin(test, data.test)]
    weights = network.state_dict()
    write_whole(job.folder.weights, lambda path: torch.save(weights, path))
    write_whole(job.folder.answers, lambda path: _save_array(path, answers))
    if isinstance(network, TaskNetwork):
        write_whole(job.folder.features, lambda path: _save_array(path, features))
        pictures = _pictures(network, data.images[with_layers(test)], stepper.device)
        write_whole(job.folder.pictures, lambda path: _save_arrays(path, pictures))
    known = data.test_labels >= 0
    finished = {
        "accuracy": float((found == data.test_labels)[known].mean()) if known.any() else None,
        "parameters": sum(weight.numel() for weight in weights.values()),
        "test_images": len(data.test),
        "train_images": len(data.train),
        "validation_images": len(data.validation),
        "steps": state.step,
        "steps_saved": job.setting.preset.iterations - state.step,
        "seconds": round(state.seconds, 2),
        "waited_for_data": round(state.waited / state.seconds, 4),
        "curve": {
            "step": [step for step, _, _ in state.curve],
            "loss": [loss for _, loss, _ in state.curve],
            "accuracy": [accuracy for _, _, accuracy in state.curve],
            "validation_loss": [loss for _, loss in state.checks],
        },
    }
    write_json(job.done, finished)


@torch.no_grad()
def _pictures(network: TaskNetwork, face: NDArray[np.uint8], device: str) -> dict[str, NDArray[Any]]:
    """What Figures 4 and 5 show: the filters, a test face and what each layer makes of it.

    `filters_1` is (F, 5, 5, 3). Of a filter of layers 2 and 3 (F, side, side) it is the piece for that map of the layer
    before which weighs most in it.
    """
    layers = network.layers(as_input(face, device))
    arrays: dict[str, NDArray[Any]] = {f"layer_{n}": layer[0].cpu().numpy() for n, layer in enumerate(layers, 1)}
    for n, layer in enumerate(network.convolutions, 1):
        some = layer.get_parameter("weight").cpu().numpy()
        strongest = some[np.arange(len(some)), (some**2).sum(axis=(2, 3)).argmax(axis=1)]
        arrays[f"filters_{n}"] = some.transpose(0, 2, 3, 1) if n == 1 else strongest
    return arrays | {"face": face[0]}


def _save_array(path: Path, array: NDArray[Any]) -> None:
    with path.open("wb") as file:
        np.save(file, array)


def _save_arrays(path: Path, arrays: dict[str, NDArray[Any]]) -> None:
    with path.open("wb") as file:
        np.savez(file, allow_pickle=False, **arrays)


def _save(path: Path, stepper: Stepper, state: State) -> None:
    # No random state: nothing in a step is drawn but the batch, and that follows from seed and step.
    whole = {
        "weights": stepper.network.state_dict(),
        "optimiser": stepper.optimiser.state_dict(),
        **asdict(state),
    }
    write_whole(path, lambda partial: torch.save(whole, partial))


def _load(path: Path, stepper: Stepper) -> State:
    if not path.is_file():
        return State()
    if not is_sound(path):
        raise TrainingError(f"{path} is damaged: delete it, and its network begins anew.")
    whole = torch.load(path, map_location=stepper.device, weights_only=True)
    stepper.network.load_state_dict(whole["weights"])
    stepper.optimiser.load_state_dict(whole["optimiser"])
    # A version that stopped at points of the curve alone wrote no sum of losses: it was 0.
    return State(**{field.name: whole[field.name] for field in fields(State) if field.name in whole})
