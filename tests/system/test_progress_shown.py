"""Progress: what is said of the time that is left, and when."""

import re

import pytest

from facecorpus.system import console
from facecorpus.system.console import stage_of_path, track


class Clock:
    """Seconds that pass when somebody says so."""

    def __init__(self) -> None:
        self.now = 1000.0

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    made = Clock()
    monkeypatch.setattr(console, "time", made)
    return made


def test_the_time_in_which_models_load_is_no_part_of_a_forecast(
    clock: Clock, capsys: pytest.CaptureFixture[str]
) -> None:
    with track("faces", 100, "loading models") as tracker:
        assert capsys.readouterr().err == "faces: loading models\n"
        clock.now += 28
        tracker.advance()
        assert capsys.readouterr().err == "faces: 1 of 100\n"  # 46 min by the seconds so far
        for _ in range(12):
            clock.now += 0.5
            tracker.advance()
        assert capsys.readouterr().err == "faces: 11 of 100 · 2.0/s · 44 s left\n"


def test_the_rate_is_that_of_the_last_minute(clock: Clock, capsys: pytest.CaptureFixture[str]) -> None:
    with track("fetch", 1000) as tracker:
        for _ in range(100):
            clock.now += 1
            tracker.advance()
        for _ in range(70):
            clock.now += 1
            tracker.advance(5)
    assert re.search(r"5\.0/s · 1 min 50 s left\n$", capsys.readouterr().err)


def test_a_stage_says_its_place_on_the_path(clock: Clock, capsys: pytest.CaptureFixture[str]) -> None:
    with stage_of_path(3, 5), track("faces", 2) as tracker:
        clock.now += 6
        tracker.advance()
    with track("verify", 2) as tracker:
        clock.now += 6
        tracker.advance()
    told = capsys.readouterr().err.splitlines()
    assert told[0].startswith("faces (3 of 5): 1 of 2")
    assert told[-1].startswith("verify: 1 of 2")
