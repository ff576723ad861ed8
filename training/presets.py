"""Presets: every number of an experiment in one documented TOML file."""

from __future__ import annotations

import hashlib
import json
import tomllib
from collections.abc import Mapping
from dataclasses import MISSING, asdict, dataclass, fields
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from training.errors import TrainingError

PRESETS = Path(__file__).parent / "presets"

Value = int | float | str | list[int] | list[float] | list[str] | dict[str, float] | dict[str, list[float]]


@dataclass(frozen=True)
class Preset:
    """One experiment's numbers; `presets/paper.toml` says what each one is and where it is from."""

    size: int
    variants: int
    affine: dict[str, float]
    image_filters: dict[str, list[float]]
    test_share: float
    identity_rounds: int
    control_protocols: list[str]
    out_of_fold: int
    filters: list[int]
    identity_features: int
    attribute_features: int
    iterations: int
    batch: int
    learning_rate: float
    momentum: float
    weight_decay: float
    largest_gradient: float
    lower_at: list[float]
    lower_by: float
    validation_share: float
    patience: int
    least_gain: float
    hidden: list[int]
    fusion_width: int
    head_iterations: int
    head_learning_rate: float
    evaluate_every: int
    curve_images: int
    dtype: str
    kernels: str = "auto"  # presets, runs and results of earlier versions lack it

    def features(self, task: str) -> int:
        """Width of the high-level feature layer of `task`'s network."""
        return self.identity_features if task == "identity" else self.attribute_features

    def rate(self, first: float, step: int, steps: int) -> float:
        """Learning rate at `step` (from 0) of `steps`: `first`, lowered once for each share gone by."""
        return first * self.lower_by ** sum(step >= share * steps for share in self.lower_at)

    def values(self) -> dict[str, Value]:
        """The preset as plain values, for JSON."""
        return asdict(self)

    def sha256(self) -> str:
        """A hash of all values, whatever file they were read from."""
        return hashlib.sha256(json.dumps(self.values(), sort_keys=True).encode()).hexdigest()


@dataclass(frozen=True)
class _Number:
    """What a number may be: its kind, its closed range, and for lists how many there are."""

    kind: type[int] | type[float]
    low: float
    high: float
    count: int | None = None

    def accepts(self, value: object) -> bool:
        if isinstance(self.count, int):
            return isinstance(value, list) and len(value) == self.count and all(map(self._accepts_one, value))
        return self._accepts_one(value)

    def _accepts_one(self, value: object) -> bool:
        allowed = (int,) if self.kind is int else (int, float)
        return isinstance(value, allowed) and not isinstance(value, bool) and self.low <= value <= self.high

    def __str__(self) -> str:
        noun = "whole number" if self.kind is int else "number"
        some = f"{self.count} {noun}s" if self.count else f"a {noun}"
        return f"{some} from {self.low:g} to {self.high:g}"


_RULES = {
    "size": _Number(int, 16, 224),
    "variants": _Number(int, 2, 100),
    "test_share": _Number(float, 0.05, 0.95),
    "identity_rounds": _Number(int, 1, 10),
    "out_of_fold": _Number(int, 0, 10),
    "filters": _Number(int, 1, 1024, count=3),
    "identity_features": _Number(int, 1, 4096),
    "attribute_features": _Number(int, 1, 4096),
    "iterations": _Number(int, 1, 10_000_000),
    "batch": _Number(int, 1, 100_000),
    "learning_rate": _Number(float, 1e-8, 10),
    "momentum": _Number(float, 0, 0.9999),
    "weight_decay": _Number(float, 0, 1),
    "largest_gradient": _Number(float, 1e-6, 1e6),
    "lower_at": _Number(float, 0, 1, count=2),
    "lower_by": _Number(float, 0, 1),
    "validation_share": _Number(float, 0, 0.5),
    "patience": _Number(int, 0, 1000),
    "least_gain": _Number(float, 0, 1),
    "hidden": _Number(int, 1, 4096, count=2),
    "fusion_width": _Number(int, 1, 4096),
    "head_iterations": _Number(int, 1, 10_000_000),
    "head_learning_rate": _Number(float, 1e-8, 10),
    "evaluate_every": _Number(int, 1, 1_000_000),
    "curve_images": _Number(int, 1, 10_000_000),
}
_AFFINE = {
    "mirror": _Number(float, 0, 1),
    "turn": _Number(float, 0, 180),
    "scale": _Number(float, 0, 0.9),
    "shear": _Number(float, 0, 1),
    "shift": _Number(float, 0, 1),
}
_STRENGTHS = {
    "blur": _Number(float, 0.1, 20, count=2),
    "brighter": _Number(float, 0.05, 1, count=2),
    "sharpen": _Number(float, 0, 10, count=2),
    "darker": _Number(float, 1, 20, count=2),
    "noise": _Number(float, 0, 255, count=2),
    "contrast": _Number(float, 0.05, 20, count=2),
    "grey": _Number(float, 0, 1, count=2),
    "median": _Number(float, 3, 5, count=2),
    "tint": _Number(float, 0, 1, count=2),
}
PROTOCOL_NAMES = ("photo", "paper", "identity")
_CHOICES = {"dtype": ("auto", "float32", "bfloat16"), "kernels": ("auto", "torch")}
DEFAULTS = {field.name: field.default for field in fields(Preset) if field.default is not MISSING}
"""Values of the keys that presets and runs of earlier versions lack."""


def load_preset(name: str) -> Preset:
    """Read a preset by its name (`paper`, `quick`) or by the path of a TOML file.

    Raises TrainingError for an unknown name, unreadable TOML, and unknown, missing or impossible values.
    """
    path = PRESETS / f"{name}.toml"
    if name.endswith(".toml"):
        path = Path(name)
    if not path.is_file():
        known = ", ".join(sorted(file.stem for file in PRESETS.glob("*.toml")))
        raise TrainingError(f"There is no preset '{name}'; use one of {known}, or the path of a .toml file.")
    try:
        values = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except (ValueError, RecursionError) as error:  # a number of thousands of digits, lists in lists without an end
        raise TrainingError(f"The preset {path} is not valid TOML ({error}); mend that line and run again.") from error
    return preset_of(values, f"The preset {path}")


def preset_of(values: Mapping[str, Any], whose: str = "The preset") -> Preset:
    """The preset of plain values, such as a run's results have them; `whose` begins the sentence of a TrainingError."""
    whole = DEFAULTS | dict(values)
    _check(whole, whose)
    return Preset(**whole)


def _check(values: dict[str, Any], whose: str) -> None:
    known = [field.name for field in fields(Preset)]
    if unknown := sorted(set(values) - set(known)):
        near = get_close_matches(unknown[0], known, 1)
        meant = f"did you mean '{near[0]}'?" if near else f"known are {', '.join(known)}."
        raise TrainingError(f"{whose} has an unknown key '{unknown[0]}'; {meant}")
    if missing := [key for key in known if key not in values]:
        raise TrainingError(f"{whose} lacks the key '{missing[0]}'; copy it from {PRESETS / 'paper.toml'}.")
    for key, rule in _RULES.items():
        if not rule.accepts(values[key]):
            raise TrainingError(f"{whose} has {key} = {values[key]!r}; expected {rule}.")
    _check_table("affine", values["affine"], _AFFINE, whose, whole=True)
    _check_table("image_filters", values["image_filters"], _STRENGTHS, whose, whole=False)
    chosen = values["control_protocols"]
    if not isinstance(chosen, list) or not set(map(str, chosen)) <= set(PROTOCOL_NAMES):
        raise TrainingError(
            f"{whose} has control_protocols = {chosen!r}; expected a list of {', '.join(PROTOCOL_NAMES)}."
        )
    if values["out_of_fold"] == 1:
        raise TrainingError(f"{whose} has out_of_fold = 1; expected 0 for none, or 2 folds and more.")
    for key, choices in _CHOICES.items():
        if values[key] not in choices:
            raise TrainingError(f"{whose} has {key} = {values[key]!r}; expected one of {', '.join(choices)}.")


def _check_table(key: str, table: object, rules: dict[str, _Number], whose: str, *, whole: bool) -> None:
    """See that a table of the preset holds numbers that its rules allow: all of them, or at least one."""
    known = f"{'all' if whole else 'some'} of {', '.join(rules)}"
    if not isinstance(table, dict) or not table or not set(table) <= set(rules) or (whole and set(table) < set(rules)):
        raise TrainingError(f"{whose} has {key} = {table!r}; expected {known}.")
    for name, value in table.items():
        if not rules[name].accepts(value):
            raise TrainingError(f"{whose} has {key}.{name} = {value!r}; expected {rules[name]}.")
