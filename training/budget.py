"""How long a run takes, from the speed that was measured; and what to say when that is more than there is."""

from __future__ import annotations

import re

from training.errors import TrainingError
from training.presets import PRESETS, Preset, load_preset

_UNITS = {"h": 3600, "m": 60, "s": 1}


def parse_time(text: str) -> float:
    """Seconds of a time such as `2h`, `90m`, `1h30m` or `45s`; raises TrainingError for anything else."""
    found = re.fullmatch(r"(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?", text.strip())
    parts = [int(part or 0) for part in found.groups()] if found else []
    if not any(parts):
        raise TrainingError(f"--max-time {text!r} is not a time: write it as 2h, 90m, 1h30m or 45s.")
    return float(sum(number * unit for number, unit in zip(parts, _UNITS.values(), strict=True)))


def network_seconds(preset: Preset, networks: int, workers: int, seconds_an_image: float) -> float:
    """The longest that training `networks` networks can take, as wide as the identity network and at full schedule."""
    rounds = -(-networks // workers)
    return rounds * preset.iterations * preset.batch * seconds_an_image


def warning(
    preset: Preset, networks: int, workers: int, seconds_an_image: float, classes: int, max_time: float
) -> str | None:
    """A sentence where the networks may not be finished in `max_time` seconds, with a preset that would be."""
    needed = network_seconds(preset, networks, workers, seconds_an_image)
    if needed <= max_time:
        return None
    each = seconds_an_image / _flops(preset, classes)
    others = {file.stem: load_preset(file.stem) for file in sorted(PRESETS.glob("*.toml"))}
    times = {
        name: network_seconds(other, networks, workers, each * _flops(other, classes)) for name, other in others.items()
    }
    fitting = {name: seconds for name, seconds in times.items() if seconds <= max_time}
    if fitting:
        name = max(fitting, key=lambda one: fitting[one])
        advice = f"preset {name} can, it takes about {duration(fitting[name])}"
    else:
        name = min(times, key=lambda one: times[one])
        advice = f"no preset can, the shortest is {name} with about {duration(times[name])}"
    return (
        f"The networks take up to {duration(needed)} here and may not be finished in the {duration(max_time)} of "
        f"--max-time: {advice}. This run stops at a checkpoint in time; the same command goes on from there."
    )


def duration(seconds: float) -> str:
    """Seconds in the two units a person would use."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours} h {minutes:02d} min"
    return f"{minutes} min {rest:02d} s" if minutes else f"{rest} s"


def _flops(preset: Preset, classes: int) -> float:
    from training.flops import step_flops

    return step_flops(preset, preset.features("identity"), classes)
