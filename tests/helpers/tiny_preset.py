"""The preset of the tests: the smallest networks, and few steps."""

from __future__ import annotations

from pathlib import Path

from training.presets import load_preset

TINY = Path(__file__).parents[1] / "data" / "training_tiny.toml"
PRESET = load_preset(str(TINY))


def changed_preset(folder: Path, **values: object) -> str:
    """The path of the same preset with other values, written into the folder."""
    lines = []
    for line in TINY.read_text(encoding="utf-8").splitlines():
        key = line.split(" = ")[0]
        lines.append(f"{key} = {values[key]}" if key in values else line)
    path = folder / "changed.toml"
    path.write_text("\n".join(lines), encoding="utf-8")
    return str(path)
