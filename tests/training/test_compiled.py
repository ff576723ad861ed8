"""Machine code that is kept on disk goes when any file that it was made of has changed."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

from training.kernels import compiled

OTHER = """
from kit.compiled import compiled

@compiled
def answer():
    return {number}
"""

USER = """
from kit.compiled import compiled
from kit.other import answer

@compiled
def ask():
    return answer()

print(ask(), sum(ask.stats.cache_hits.values()))
"""


def test_what_calls_a_function_of_another_file_that_changed_is_compiled_anew(tmp_path: Path) -> None:
    kit = tmp_path / "kit"
    kit.mkdir()
    (kit / "__init__.py").touch()
    shutil.copy(compiled.__file__, kit)
    (kit / "user.py").write_text(USER)

    def asked(number: int) -> str:
        """What a process says of the answer, and how many functions it found on disk."""
        (kit / "other.py").write_text(OTHER.format(number=number))
        command = [sys.executable, "-c", "import kit.user"]
        return subprocess.run(command, cwd=tmp_path, check=True, capture_output=True, text=True).stdout.strip()

    assert asked(4) == "4 0"
    assert asked(4) == "4 1"
    assert asked(5) == "5 0"
    assert asked(4) == "4 1"
