"""Whatever lies in the working directory, the commands run what was installed."""

import json
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from build_corpus import Shot, picture, ready_corpus, shots
from little_training import little_preset

COMMAND = [str(Path(sys.executable).with_name("facecorpus"))]
MODULE = [sys.executable, "-m", "facecorpus"]


@pytest.fixture
def workplace(tmp_path: Path) -> Path:
    """A folder of a user whose own packages have the names of ours, and end whoever imports them."""
    for name in ("training", "manifests", "review_ui", "facecorpus"):
        (tmp_path / name).mkdir()
    _fill(tmp_path, "training", "manifests", "review_ui")
    return tmp_path


def _fill(folder: Path, *names: str) -> None:
    for name in names:
        (folder / name / "__init__.py").write_text(f"raise SystemExit('imported the user\\'s own {name}')\n")


def run(command: list[str], *arguments: str, cwd: Path) -> str:
    ended = subprocess.run([*command, *arguments], cwd=cwd, capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stderr
    return ended.stdout


def test_folders_of_the_same_names_do_not_disturb_the_command(workplace: Path) -> None:
    _fill(workplace, "facecorpus")  # `python -m facecorpus` would find it before any line of ours runs
    run(COMMAND, "init", "c", cwd=workplace)
    assert "Next:" in run(COMMAND, "status", "-C", "c", cwd=workplace)
    assert "demo-corpus" in run(COMMAND, "demo", "--help", cwd=workplace)


def test_nor_do_they_disturb_python_m_and_its_workers(workplace: Path) -> None:
    album = workplace / "album" / "kim_yuna"
    album.mkdir(parents=True)
    (album / "1.png").write_bytes(picture(Shot("ada", 1)))
    run(MODULE, "init", "c", cwd=workplace)
    settings = workplace / "c" / "corpus.toml"
    text = settings.read_text().replace('sources = ["commons"]', 'sources = ["folder"]')
    settings.write_text(text.replace('folder = ""', f"folder = {json.dumps(str(album.parent))}"))
    assert "1 photographs analysed" in run(MODULE, "crawl", "-C", "c", cwd=workplace)


def test_nor_do_they_disturb_a_build_and_a_training(workplace: Path) -> None:
    ready_corpus(workplace / "c", shots(each=7), workers=2)
    assert "Built 28 faces" in run(MODULE, "build", "-C", "c", cwd=workplace)
    preset = little_preset(workplace / "little.toml")
    shown = run(MODULE, "train-all", "-C", "c", "--preset", preset.name, "--protocol", "photo", cwd=workplace)
    assert "Table 1, protocol photo" in shown


@pytest.mark.parametrize("command", [COMMAND, MODULE], ids=["facecorpus", "python -m facecorpus"])
def test_nor_do_they_disturb_the_review_page(command: list[str], workplace: Path) -> None:
    ready_corpus(workplace / "c", shots(each=1))
    options = ("review", "-C", "c", "--port", "0", "--no-browser")
    with subprocess.Popen([*command, *options], cwd=workplace, stdout=subprocess.PIPE, text=True) as serving:
        assert serving.stdout is not None
        try:
            assert serving.stdout.readline().startswith("Review as me: http://127.0.0.1:")
        finally:
            serving.send_signal(signal.SIGINT)
            serving.communicate()


def test_in_a_script_a_hidden_package_is_named_in_one_sentence(workplace: Path) -> None:
    ready_corpus(workplace / "c", shots(each=1))
    (workplace / "facecorpus").rmdir()
    script = workplace / "script.py"
    script.write_text(
        "import facecorpus as fc\n\ncorpus = fc.open('c')\nprint(corpus.faces().num_rows)\n"
        "try:\n    corpus.train()\nexcept fc.FacecorpusError as error:\n    print(error)\n"
    )
    shown = run([sys.executable], "script.py", cwd=workplace).splitlines()
    hidden = workplace / "training" / "__init__.py"
    assert shown == [
        "4",
        f"The package training of facecorpus is hidden by another one ({hidden}); rename that, or work in another"
        " folder.",
    ]
