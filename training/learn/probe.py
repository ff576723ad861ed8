"""Choose the device and the number type, and say why."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from functools import partial

import numpy as np
import torch

from training.errors import TrainingError
from training.files import write_json
from training.learn.flops import Primitive, bandwidth, best, peak, primitives, roofline
from training.learn.networks import make_network
from training.learn.stepper import Stepper
from training.plan.jobs import ProbeJob, Setting

_ROUNDS = 4
_TYPES = {"float32": torch.float32, "bfloat16": torch.bfloat16}


@dataclass(frozen=True)
class Speed:
    """Training of the identity network in one number type: seconds an image, and operations a second against the peak.

    `floor_seconds` an image is the least that the peak and the memory's `gbytes` a second leave (flops.roofline). On a
    CPU one thread is measured, in CPU time.
    """

    seconds_an_image: float
    gflops: float
    peak_gflops: float
    share_of_peak: float
    gbytes: float
    floor_seconds: float


def choose(job: ProbeJob) -> None:
    """Write `device`, `dtype`, `reason` and the `speeds` of the types that were tried to the job's file."""
    device = choose_device(job.setting.device)
    wanted = job.setting.preset.dtype
    tried: tuple[str, ...] = ("float32", "bfloat16")
    if wanted != "auto":
        tried, reason = (wanted,), "the preset says so"
    elif not _multiplies_bfloat16(device):
        tried, reason = ("float32",), f"torch knows of no bfloat16 in the hardware of this {device}"
    elif job.setting.deterministic:  # without the clock, whose answer could be another one next time
        tried, reason = ("bfloat16",), f"this {device} multiplies it in hardware (by rule, not by the clock)"
    speeds = measure(job.setting, device, tried)
    dtype = min(speeds, key=lambda name: speeds[name].seconds_an_image)
    if len(speeds) > 1:
        reason = _why(dtype, speeds, device)
    write_json(
        job.done,
        {
            "device": device,
            "dtype": dtype,
            "reason": reason,
            "speeds": {name: asdict(speed) for name, speed in speeds.items()},
        },
    )


def choose_device(wanted: str) -> str:
    """CUDA, else MPS, else the CPU; or the device that is wanted, if it is here."""
    present = ["cpu"]
    if torch.backends.mps.is_available():
        present.insert(0, "mps")
    if torch.cuda.is_available():
        present.insert(0, "cuda")
    if wanted == "auto":
        return present[0]
    if wanted not in present:
        raise TrainingError(f"There is no device '{wanted}' here; use auto or one of {', '.join(present)}.")
    return wanted


def measure(setting: Setting, device: str, types: tuple[str, ...]) -> dict[str, Speed]:
    """Time steps of the identity network in each type, and the peak, in turn; the best of four rounds counts."""
    preset, classes = setting.preset, setting.classes["identity"]
    width = preset.identity_features
    shape = (preset.batch, preset.size, preset.size, 3)
    # Of noise: on blank images the processor gets less warm, and is faster than in training.
    pixels = np.random.default_rng(0).integers(0, 256, shape, dtype=np.uint8)
    labels = torch.zeros(preset.batch, 1, dtype=torch.int64, device=device)
    steps = {}
    for dtype in types:
        network = make_network(preset, width, classes, seed=0).to(device)
        stepper = Stepper(network, preset, device, dtype, (classes,))
        steps[dtype] = partial(stepper.step, stepper.as_input(pixels), labels, 0.0)
    seconds, peaks = dict.fromkeys(types, float("inf")), dict.fromkeys(types, 0.0)
    for _ in range(_ROUNDS):
        # Where others use the machine, its speed changes from second to second: for both alike.
        for dtype, step in steps.items():
            seconds[dtype] = min(seconds[dtype], best(step, device))
            peaks[dtype] = max(peaks[dtype], peak(_TYPES[dtype], device))
    products, moved = primitives(preset, width, classes), bandwidth(device)
    return {dtype: _speed(seconds[dtype] / preset.batch, peaks[dtype], moved, products, dtype) for dtype in types}


def _speed(seconds: float, most: float, moved: float, products: list[Primitive], dtype: str) -> Speed:
    reached = sum(one.flops for one in products) / seconds
    floor = roofline(products, _TYPES[dtype].itemsize, most, moved)
    return Speed(seconds, reached / 1e9, most / 1e9, reached / most, moved / 1e9, floor)


def _multiplies_bfloat16(device: str) -> bool:
    if device == "cuda":
        return bool(torch.cuda.is_bf16_supported(including_emulation=False))
    # torch has no public question for it: a version that has lost this one answers no.
    return device == "cpu" and bool(getattr(torch.cpu, "_is_avx512_bf16_supported", bool)())


def _why(winner: str, speeds: dict[str, Speed], device: str) -> str:
    loser = next(name for name in speeds if name != winner)
    times = {name: f"{speed.seconds_an_image * 1e6:.0f} µs" for name, speed in speeds.items()}
    fastest = speeds[winner]
    share, most = f"{fastest.share_of_peak:.0%}", f"{fastest.peak_gflops:.0f}"
    return (
        f"the faster here: an image of the identity network takes {times[winner]} to train on, "
        f"{times[loser]} in {loser} (best of {_ROUNDS}, one thread, {device}); as dense products that is "
        f"{fastest.gflops:.0f} GFLOP/s, {share} of the {most} that a plain product or convolution reaches"
    )
