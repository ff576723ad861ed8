"""Times as people write them, and runs that cannot finish in theirs."""

from __future__ import annotations

import pytest

from training import TrainingError
from training.machine.budget import Budget, parse_time
from training.presets import load_preset


def test_times_are_read_as_people_write_them() -> None:
    assert [parse_time(text) for text in ("2h", "90m", "1h30m", "45s")] == [7200, 5400, 5400, 45]
    for text in ("", "2", "h", "2 days", "-1h"):
        with pytest.raises(TrainingError, match="is not a time: write it as 2h, 90m"):
            parse_time(text)


def test_a_run_that_cannot_finish_names_the_preset_that_can() -> None:
    paper = load_preset("paper")
    said = Budget(3600).warning(paper, classes=77, networks=8, workers=2, seconds_an_image=0.003)
    assert said is not None
    assert (
        "take up to 13 h 20 min here and may not be finished in the 1 h 0 min of --max-time: preset quick can" in said
    )
    assert Budget(3600 * 14).warning(paper, 77, 8, 2, 0.003) is None
    hopeless = Budget(1).warning(paper, 77, 8, 2, 0.003)
    assert hopeless is not None
    assert "no preset can, the shortest is quick" in hopeless
