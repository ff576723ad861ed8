"""Every number of a preset has a range."""

from __future__ import annotations

import re
from dataclasses import fields
from pathlib import Path

import pytest
from tiny_preset import TINY

from training import TrainingError
from training.presets import _RULES, Preset, load_preset


def test_every_number_has_a_rule() -> None:
    numbers = {one.name for one in fields(Preset) if one.type in ("int", "float", "list[int]", "list[float]")}
    assert numbers == set(_RULES)


@pytest.mark.parametrize("key", sorted(_RULES))
def test_what_is_outside_a_range_is_refused_with_the_range(tmp_path: Path, key: str) -> None:
    rule = _RULES[key]
    for value in (rule.high * 2 + 1, rule.low - 1):
        wrong = [value] * rule.count if rule.count else value
        lines = [f"{key} = {wrong}" if line.startswith(f"{key} =") else line for line in TINY.read_text().splitlines()]
        path = tmp_path / "wrong.toml"
        path.write_text("\n".join(lines))
        with pytest.raises(TrainingError, match=rf"has {key} = .*; expected {re.escape(str(rule))}\."):
            load_preset(str(path))


def test_a_byte_order_mark_does_not_matter_and_a_key_that_is_misspelt_is_named(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text("\ufeff" + TINY.read_text())
    assert load_preset(str(path)) == load_preset(str(TINY))
    path.write_text(TINY.read_text() + "\nmomentun = 1\n")
    with pytest.raises(TrainingError, match=r"unknown key 'momentun'; did you mean 'momentum'\?"):
        load_preset(str(path))
