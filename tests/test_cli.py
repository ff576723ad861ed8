"""The command line: help, errors, JSON, and what it imports."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from facecorpus import __version__
from facecorpus.corpus import Corpus

COMMANDS = ("init", "crawl", "fetch", "faces", "dedup", "review", "build", "train-all", "status", "explain")
COMMANDS += ("forget", "demo")


def run(*arguments: str, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "facecorpus", *arguments], capture_output=True, text=True, check=False, cwd=cwd
    )


def test_help_lists_every_command() -> None:
    shown = run("--help").stdout
    assert all(re.search(rf"│ {command} ", shown) for command in COMMANDS)


def test_the_version_stands_in_one_place() -> None:
    assert run("--version").stdout == f"facecorpus {__version__}\n"
    assert 'dynamic = ["version"]' in (Path(__file__).parent.parent / "pyproject.toml").read_text()


def test_a_shell_completes_commands_and_options() -> None:
    def completed(words: str) -> list[str]:
        asked = {"_FACECORPUS_COMPLETE": "complete_bash", "COMP_WORDS": words, "COMP_CWORD": str(words.count(" "))}
        ended = subprocess.run(
            [sys.executable, "-m", "facecorpus"], env=os.environ | asked, capture_output=True, text=True, check=False
        )
        return ended.stdout.split()

    assert completed("facecorpus tr") == ["train-all"]
    assert completed("facecorpus crawl --dry") == ["--dry-run"]
    assert "--install-completion" in run("--help").stdout


@pytest.mark.parametrize("command", COMMANDS)
def test_every_commands_help_has_an_example(command: str) -> None:
    shown = run(command, "--help")
    assert shown.returncode == 0
    assert f"Example: facecorpus {command}" in shown.stdout


def test_help_loads_nothing_heavy() -> None:
    program = (
        "import sys; sys.argv = ['facecorpus', '--help']\nfrom facecorpus.cli import main\n"
        "try: main()\nexcept SystemExit: pass\nprint('LOADED', *sys.modules, file=sys.stderr)"
    )
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    loaded = set(ended.stderr.split())
    assert not loaded & {
        "torch",
        "cv2",
        "dlib",
        "pyarrow",
        "numpy",
        "sqlite3",
        "requests",
        "starlette",
        "sklearn",
        "matplotlib",
        "huggingface_hub",
        "rich.progress",
        "importlib.metadata",  # which looks for plugins
        "facecorpus.settings",  # a table of a hundred keys
    }


@pytest.mark.parametrize("command", [command for command in COMMANDS if command not in ("init", "demo")])
def test_a_folder_that_is_no_corpus_is_one_sentence_and_exit_code_2(command: str, tmp_path: Path) -> None:
    more = {"forget": ("--identity", "ada", "--yes"), "explain": ("http://h/a.jpg",)}.get(command, ())
    ended = run(command, "-C", str(tmp_path / "nowhere"), *more)
    assert ended.returncode == 2
    assert ended.stderr == (
        f"facecorpus: {tmp_path / 'nowhere'} is no corpus folder (it has no corpus.toml);"
        f" make one with: facecorpus init {tmp_path / 'nowhere'}\n"
    )


def test_init_takes_a_shipped_manifest_by_name_and_says_what_is_next(tmp_path: Path) -> None:
    ended = run("init", str(tmp_path / "mine"))
    assert ended.returncode == 0
    assert ended.stdout.splitlines()[-1] == f"Next: facecorpus crawl -C {tmp_path / 'mine'}"
    assert len(Corpus(tmp_path / "mine").manifest.identities) == 77


def test_status_of_a_fresh_corpus_as_table_and_as_json(corpus: Corpus) -> None:
    table = run("status", "-C", str(corpus.root))
    assert "female/adult/asian" in table.stdout
    assert "\x1b" not in table.stdout
    assert table.stdout.splitlines()[-1] == f"Next: facecorpus crawl -C {corpus.root}"
    state = json.loads(run("status", "-C", str(corpus.root), "--json").stdout)
    assert state["total"]["identities"] == 3
    assert [group["name"] for group in state["subgroups"]] == [
        "female/adult/asian",
        "female/adult/white",
        "male/adult/asian",
    ]
