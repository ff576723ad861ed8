"""When the learning rate is lowered and training ends: by schedule, or where the loss is flat."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tiny_preset import PRESET

from training.learn.plateau import stage_at, stage_lengths

CHECKS = st.lists(st.floats(0.01, 5), max_size=40).map(lambda losses: [(10 * n, x) for n, x in enumerate(losses, 1)])


@settings(max_examples=60, deadline=None)
@given(checks=CHECKS, patience=st.integers(0, 6))
def test_stages_only_go_forward_and_never_last_longer_than_the_schedule(
    checks: list[tuple[int, float]], patience: int
) -> None:
    lengths = (150, 60, 40)
    stages = [stage_at(step, [c for c in checks if c[0] <= step], lengths, patience, 0.01) for step in range(0, 251, 5)]
    assert stages == sorted(stages)
    assert stages[-1] == 3
    for stage, length in enumerate(lengths):
        assert 5 * stages.count(stage) <= length


@settings(max_examples=30, deadline=None)
@given(checks=CHECKS)
def test_the_full_schedule_does_not_look_at_the_loss(checks: list[tuple[int, float]]) -> None:
    lengths = stage_lengths(PRESET)
    for step in range(PRESET.iterations):
        before = [check for check in checks if check[0] <= step]
        rate = PRESET.learning_rate * PRESET.lower_by ** stage_at(step, before, lengths, 0, 0.01)
        assert rate == pytest.approx(PRESET.rate(PRESET.learning_rate, step, PRESET.iterations))


def test_a_flat_loss_lowers_the_rate_and_then_ends_training() -> None:
    flat = [(10 * n, 1.0) for n in range(1, 20)]
    stages = [stage_at(step, flat[: step // 10], (1000, 1000, 1000), 3, 0.01) for step in (30, 40, 60, 70, 90, 100)]
    assert stages == [0, 1, 1, 2, 2, 3]


def test_a_loss_that_falls_is_left_alone() -> None:
    falling = [(10 * n, 0.9**n) for n in range(1, 90)]
    assert stage_at(890, falling, (1000, 1000, 1000), 3, 0.01) == 0
