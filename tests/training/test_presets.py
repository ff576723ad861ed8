"""Presets: their keys and reasons, what the paper states, and what is refused."""

from __future__ import annotations

from pathlib import Path

import pytest
from tiny_preset import TINY
from training_shards import TASKS

from training import TrainingError
from training.presets import PRESETS, Preset, load_preset


def preset_file(folder: Path, old: str, new: str) -> str:
    path = folder / "changed.toml"
    path.write_text(TINY.read_text(encoding="utf-8").replace(old, new), encoding="utf-8")
    return str(path)


@pytest.mark.parametrize("name", ["paper", "quick"])
def test_every_key_of_a_preset_has_its_reason_above_it(name: str) -> None:
    lines = (PRESETS / f"{name}.toml").read_text(encoding="utf-8").splitlines()
    keys = [number for number, line in enumerate(lines) if " = " in line and not line.startswith("#")]
    assert [lines[number].split(" = ")[0] for number in keys] == list(Preset.__dataclass_fields__)
    assert all(lines[number - 1].startswith("# ") for number in keys)


def test_the_paper_preset_is_what_the_paper_states() -> None:
    preset = load_preset("paper")
    assert (preset.variants, preset.test_share, preset.batch, preset.iterations) == (10, 0.3, 200, 20_000)
    assert [preset.features(task) for task in TASKS] == [200, 50, 50, 50]


def test_the_learning_rate_is_first_large_then_lowered() -> None:
    preset = load_preset("paper")
    rates = [preset.rate(1.0, step, 100) for step in range(100)]
    assert rates[0] == 1.0
    assert rates[59] == 1.0
    assert rates[60] == pytest.approx(0.1)
    assert rates[99] == pytest.approx(0.01)


def test_an_unknown_preset_names_the_known_ones() -> None:
    with pytest.raises(TrainingError, match="no preset 'fast'; use one of paper, quick, or the path"):
        load_preset("fast")


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ("batch = 24", "batches = 24", "unknown key 'batches'"),
        ("batch = 24\n", "", "lacks the key 'batch'"),
        ("batch = 24", "batch = 0", "batch = 0; expected a whole number from 1"),
        ("batch = 24", "batch = true", "batch = True; expected a whole number"),
        ("batch = 24", "batch = ", "not valid TOML"),
        ("[16, 16]", "[16]", r"hidden = \[16\]; expected 2 whole numbers"),
        ('"float32"', '"half"', "dtype = 'half'; expected one of auto"),
        ('kernels = "', 'kernels = "cuda', "kernels = 'cuda.*'; expected one of auto, torch"),
        ("turn = 12", "turn = 270", "affine.turn = 270; expected a number from 0 to 180"),
        ("shift = 0.06", "jump = 0.06", "expected all of mirror, turn, scale, shear, shift"),
        ("noise = [4, 10]", "snow = [4, 10]", "expected some of blur, brighter"),
        ("noise = [4, 10]", "noise = [4]", r"image_filters.noise = \[4\]; expected 2 numbers"),
        ('["photo"]', '["people"]', r"control_protocols = \['people'\]; expected a list of photo, paper, identity"),
        ("out_of_fold = 2", "out_of_fold = 1", "out_of_fold = 1; expected 0 for none, or 2 folds"),
    ],
)
def test_a_faulty_preset_is_refused(tmp_path: Path, old: str, new: str, sentence: str) -> None:
    with pytest.raises(TrainingError, match=sentence):
        load_preset(preset_file(tmp_path, old, new))
