"""The demo's last screen."""

from pathlib import Path

from facecorpus.demo.ending import ending
from facecorpus.records import Tally

CELL = {"images": 100}


def row(**accuracies: float) -> dict[str, dict[str, float]]:
    return {task: {"accuracy": accuracy, **CELL} for task, accuracy in accuracies.items()}


def test_it_fits_a_screen_and_has_three_figures_a_picture_and_three_commands(tmp_path: Path) -> None:
    results = {
        "tasks": ["identity", "gender"],
        "classes": {},
        "seed": 0,
        "protocols": {
            "photo": {"rows": {"own": row(identity=0.75, gender=0.947)}, "test_images": 100},
            "paper": {"rows": {"own": row(identity=0.85, gender=0.99)}, "test_images": 100},
            "identity": {"rows": {"own": row(gender=0.79)}, "test_images": 100},
        },
    }
    total = Tally("all", 77, 1540, 0, 1463, 1400, 1245, 60, 95)
    lines = ending(tmp_path / "my demo", 1540, total, 0.9987, results, 365).splitlines()
    assert len(lines) <= 24
    assert lines[0].startswith("The demo is done, in 6 min 5 s.")
    assert "1,463 photographs, 1,400 faces of 77 people, 1,245 accepted" in lines[1]
    assert [line.split()[0] for line in lines if line.lstrip()[:1].isdigit()][1:] == ["99.9%", "94.7%", "79.0%"]
    assert any(line.endswith("overview.png") for line in lines)
    assert sum("facecorpus " in line for line in lines[-3:]) == 3
    assert f"facecorpus status -C '{tmp_path / 'my demo'}'" in lines[-3]
