"""How long a run takes, from the speed that was measured; and what to say when that is more than there is."""

from __future__ import annotations

import re
import time
from dataclasses import dataclass

from training.errors import TrainingError
from training.presets import PRESETS, Preset, load_preset

_UNITS = (3600, 60, 1)


@dataclass(frozen=True)
class Budget:
    """The time a run has: seconds, and when they end (of time.time()); None for as long as it takes."""

    seconds: float | None = None
    deadline: float | None = None

    @classmethod
    def of(cls, max_time: str | None) -> Budget:
        """The time from now on, given as `--max-time` is."""
        if max_time is None:
            return cls()
        seconds = parse_time(max_time)
        return cls(seconds, time.time() + seconds)

    def warning(self, preset: Preset, classes: int, networks: int, workers: int, seconds_an_image: float) -> str | None:
        """A sentence where the networks that are left may not be finished in time, with the preset that would be.

        `seconds_an_image` is what the identity network takes in training, on one worker.
        """
        needed = network_seconds(preset, networks, workers, seconds_an_image)
        if self.seconds is None or needed <= self.seconds:
            return None
        each = seconds_an_image / _flops(preset, classes)
        times = {}
        for file in PRESETS.glob("*.toml"):
            other = load_preset(file.stem)
            times[file.stem] = network_seconds(other, networks, workers, each * _flops(other, classes))
        fitting = {name: seconds for name, seconds in times.items() if seconds <= self.seconds}
        if fitting:
            name = max(fitting, key=lambda one: fitting[one])
            advice = f"preset {name} can, it takes up to {duration(fitting[name])}"
        else:
            name = min(times, key=lambda one: times[one])
            advice = f"no preset can, the shortest is {name} with up to {duration(times[name])}"
        return (
            f"The networks take up to {duration(needed)} here and may not be finished in the {duration(self.seconds)} "
            f"of --max-time: {advice}. This run stops at a checkpoint in time; the same command goes on from there."
        )


def parse_time(text: str) -> float:
    """Seconds of a time such as `2h`, `90m`, `1h30m` or `45s`; raises TrainingError for anything else."""
    found = re.fullmatch(r"(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?", text.strip())
    parts = [int(part or 0) for part in found.groups()] if found else []
    if not any(parts):
        raise TrainingError(f"--max-time {text!r} is not a time: write it as 2h, 90m, 1h30m or 45s.")
    return float(sum(number * unit for number, unit in zip(parts, _UNITS, strict=True)))


def network_seconds(preset: Preset, networks: int, workers: int, seconds_an_image: float) -> float:
    """The longest that training `networks` networks can take, as wide as the identity network and at full schedule."""
    return -(-networks // workers) * preset.iterations * preset.batch * seconds_an_image


def duration(seconds: float) -> str:
    """A length of time in words a person reads at a glance: "42 s", "3 min 5 s", "2 h 10 min"."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours} h {minutes} min"
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"


def _flops(preset: Preset, classes: int) -> float:
    from training.learn.flops import step_flops

    return step_flops(preset, preset.features("identity"), classes)
