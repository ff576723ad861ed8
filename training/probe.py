"""Choose the device and the number type, and say why."""

from __future__ import annotations

import time

import numpy as np
import torch

from training.errors import TrainingError
from training.files import write_json
from training.jobs import ProbeJob, Setting
from training.networks import as_input, make_network
from training.train import Stepper

_BATCH = 64
_ROUNDS = 4


def choose(job: ProbeJob) -> None:
    """Write `device`, `dtype` and `reason` to the job's file."""
    device = _device(job.setting.device)
    wanted = job.setting.preset.dtype
    if wanted != "auto":
        dtype, reason = wanted, "the preset says so"
    elif device == "mps":
        dtype, reason = "float32", "bfloat16 is not tried on this kind of device"
    else:
        dtype, reason = _faster(job.setting, device)
    write_json(job.done, {"device": device, "dtype": dtype, "reason": reason})


def _device(wanted: str) -> str:
    present = ["cpu"]
    if torch.backends.mps.is_available():
        present.insert(0, "mps")
    if torch.cuda.is_available():
        present.insert(0, "cuda")
    if wanted == "auto":
        return present[0]
    if wanted not in present:
        raise TrainingError(f"There is no device '{wanted}' here: use auto or one of {', '.join(present)}.")
    return wanted


def _faster(setting: Setting, device: str) -> tuple[str, str]:
    """The faster type for a few training steps of the identity network, each measured in turn, best of four."""
    batch = min(setting.preset.batch, _BATCH)
    size = setting.preset.size
    images = as_input(np.zeros((batch, size, size, 3), dtype=np.uint8), device)
    classes = setting.classes["identity"]
    labels = torch.zeros(batch, 1, dtype=torch.int64, device=device)
    best = {"float32": float("inf"), "bfloat16": float("inf")}
    for _ in range(_ROUNDS):
        for dtype in ("float32", "bfloat16"):
            network = make_network(setting.preset, setting.preset.identity_features, classes, seed=0).to(device)
            stepper = Stepper(network, setting.preset, device, dtype, (classes,))
            stepper.step(images, labels, 0.0).item()
            start = time.perf_counter()
            stepper.step(images, labels, 0.0).item()  # .item() waits for a device that works asynchronously
            best[dtype] = min(best[dtype], time.perf_counter() - start)
    winner = min(best, key=lambda dtype: best[dtype])
    loser = next(dtype for dtype in best if dtype != winner)
    times = {dtype: f"{seconds / batch * 1e6:.0f} µs" for dtype, seconds in best.items()}
    return winner, (
        f"the faster here: an image of the identity network takes {times[winner]} to train on, "
        f"{times[loser]} in {loser} (best of {_ROUNDS}, one thread, {device})"
    )
