"""A copy of the project, in which a test changes files as a contributor would."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


class Project:
    """A copy of the project, to be changed as a contributor would."""

    def __init__(self, root: Path) -> None:
        self.root = root
        rooms = (
            "facecorpus",
            "training",
            "review_ui",
            "manifests",
            "tests",
            "scripts",
            "docs",
            "benchmarks",
            ".github",
        )
        for name in rooms:
            shutil.copytree(ROOT / name, root / name, ignore=shutil.ignore_patterns("__pycache__", "world.zip"))
        for file in [*ROOT.glob("[!.]*"), ROOT / ".pre-commit-config.yaml"]:
            if file.is_file():
                shutil.copy(file, root)
        self._before = self._files()

    def create(self, path: str, text: str) -> None:
        (self.root / path).write_text(text, encoding="utf-8")

    def edit(self, path: str, old: str, new: str) -> None:
        """Put `new` in the place of `old`, which stands there once."""
        text = (self.root / path).read_text(encoding="utf-8")
        assert text.count(old) == 1, f"{path} has {text.count(old)} times: {old}"
        (self.root / path).write_text(text.replace(old, new), encoding="utf-8")

    def add(self, path: str, after: str, text: str) -> None:
        """Put text behind `after`, which stands there once."""
        self.edit(path, after, after + text)

    def changed(self) -> set[str]:
        """The files that are new or other than they were."""
        return {path for path, data in self._files().items() if data != self._before.get(path)}

    def run(self, *arguments: str) -> str:
        """Run python in the copy, which must end well; what it printed."""
        ended = subprocess.run(
            [sys.executable, *arguments],
            cwd=self.root,
            env=os.environ | {"PYTHONPATH": f"{self.root}:{self.root / 'tests' / 'helpers'}"},
            capture_output=True,
            text=True,
            check=False,
        )
        assert ended.returncode == 0, ended.stdout + ended.stderr
        return ended.stdout

    def _files(self) -> dict[str, bytes]:
        files = (path for path in self.root.rglob("*") if path.is_file() and "__pycache__" not in path.parts)
        return {path.relative_to(self.root).as_posix(): path.read_bytes() for path in files}
