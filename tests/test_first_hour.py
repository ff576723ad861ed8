"""docs/first-hour.md is a session: each of its commands runs in turn, and prints what the page says it prints."""

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

from demo_album import write_album
from little_training import little_preset

PAGE = Path(__file__).parent.parent / "docs" / "first-hour.md"
NUMBER = re.compile(r"\d[\d,.]*\d|\d")


def session() -> list[tuple[str, list[str]]]:
    """Each command of the page with the lines under it."""
    commands: list[tuple[str, list[str]]] = []
    for block in re.findall(r"```console\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL):
        for line in block.splitlines():
            if line.startswith("$ "):
                commands.append((line[2:], []))
            else:
                commands[-1][1].append(line)
    return commands


def pattern(lines: list[str]) -> re.Pattern[str]:
    """The lines as they may be printed: any number for a number, anything for "…", which may be whole lines."""
    parts = [re.escape(NUMBER.sub("0", " ".join(line.split()))).replace("…", r"[^\n]*") for line in lines]
    return re.compile("".join(r"(?:[^\n]*\n)*?" if part == r"[^\n]*" else f"{part}\n" for part in parts))


def test_the_session_of_the_page_runs_from_folders_to_a_report(tmp_path: Path) -> None:
    write_album(tmp_path / "album", 15)
    preset = little_preset(tmp_path / "little.toml")
    environment = os.environ | {"PATH": f"{tmp_path}{os.pathsep}{os.environ['PATH']}"}
    (tmp_path / "facecorpus").write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} -m facecorpus "$@"\n')
    (tmp_path / "facecorpus").chmod(0o755)
    for command, lines in session():
        words = shlex.split(command.replace("--preset quick", f"--preset {preset.name}"))
        ended = subprocess.run(words, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
        assert ended.returncode == 0, f"{command}: {ended.stderr}"
        printed = "".join(f"{' '.join(NUMBER.sub('0', line).split())}\n" for line in ended.stdout.splitlines())
        assert pattern(lines).fullmatch(printed), f"{command} printed:\n{ended.stdout}"
    assert (tmp_path / "mycorpus" / "runs" / "first" / "report.html").is_file()
    card = (tmp_path / "mycorpus" / "shards" / "README.md").read_text(encoding="utf-8")
    assert "labelled by identity; not stated of anybody: gender, age group and race." in card
    assert "Of 4 people no birth date is stated: **nothing checked that they were no minors**" in card
