"""Machine code that is kept on disk goes when any file that it was made of has changed."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import training
from training.kernels import compiled

PACKAGE = Path(training.__file__).parent

INSTRUCTION = """
from numba import types
from numba.extending import intrinsic

@intrinsic
def answer(typing):
    return types.intp(), lambda context, builder, signature, values: context.get_constant(types.intp, {number})
"""

USER = """
from kit.compiled import compiled
from kit.sixteen import answer

@compiled
def ask():
    return answer()

print(ask(), sum(ask.stats.cache_hits.values()))
"""


def test_an_instruction_of_another_file_that_changed_is_compiled_anew(tmp_path: Path) -> None:
    kit = tmp_path / "kit"
    kit.mkdir()
    for name in ("__init__.py", *compiled.INSTRUCTIONS):
        (kit / name).touch()
    shutil.copy(PACKAGE / "compiled.py", kit)
    (kit / "user.py").write_text(USER)

    def asked(number: int) -> str:
        """What a process says of the answer, and how many functions it found on disk."""
        (kit / "sixteen.py").write_text(INSTRUCTION.format(number=number))
        command = [sys.executable, "-c", "import kit.user"]
        return subprocess.run(command, cwd=tmp_path, check=True, capture_output=True, text=True).stdout.strip()

    assert asked(4) == "4 0"
    assert asked(4) == "4 1"
    assert asked(5) == "5 0"
    assert asked(4) == "4 1"


def test_every_file_of_instructions_is_named() -> None:
    named = {path.name for path in PACKAGE.glob("*.py") if "import intrinsic" in path.read_text()}
    assert named == set(compiled.INSTRUCTIONS)
