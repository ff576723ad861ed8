"""When to lower the learning rate, and when to stop: pure functions of what was measured so far.

The rate is lowered at fixed shares of the schedule, as the paper says: first large, then lowered. Where the loss on a
validation part of the training side no longer falls, the next stage of the schedule begins at once, and after the last
stage training ends. The test side has no say in it.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from training.presets import Preset

Check = tuple[int, float]  # step, loss on the validation part


def stage_lengths(preset: Preset) -> tuple[int, ...]:
    """The most steps each stage of the schedule may take; together they are all iterations."""
    ends = [0, *(math.ceil(share * preset.iterations) for share in preset.lower_at), preset.iterations]
    return tuple(int(steps) for steps in np.diff(ends))


def stage_at(step: int, checks: Sequence[Check], lengths: Sequence[int], patience: int, least_gain: float) -> int:
    """The stage that `step` (from 0) is in, given the checks up to it; len(lengths) when training is over.

    A stage ends after its length, or once `patience` checks in a row have not brought the loss below the best so far by
    the share `least_gain`. With patience 0 only the length counts.
    """
    stage, began, best, without_gain = 0, 0, math.inf, 0
    for checked, loss in [*checks, (step, None)]:
        while stage < len(lengths) and checked - began >= lengths[stage]:
            began += lengths[stage]
            stage, without_gain = stage + 1, 0
        if loss is None or not patience:
            continue
        gained = loss < best * (1 - least_gain)
        best, without_gain = (loss, 0) if gained else (best, without_gain + 1)
        if without_gain >= patience and stage < len(lengths):
            stage, began, without_gain = stage + 1, checked, 0
    return stage
