"""Compiled code is kept in the user's cache folder, never beside the source."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[2] / "training"
PROGRAM = (
    "import numpy as np\n"
    "from training.kernels.pooling import _ranked\n"
    "from numba import config\n"
    "_ranked(*np.arange(3, dtype=np.int32))\n"
    "print(sum(_ranked.stats.cache_hits.values()), repr(config.CACHE_DIR))"
)


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """A copy of the package, as in a fresh installation."""
    shutil.copytree(PACKAGE, tmp_path / "source" / "training", ignore=shutil.ignore_patterns("__pycache__"))
    return tmp_path / "source"


def look(source: Path, **environment: str) -> str:
    """Use compiled code in a process of its own; how often kept code was used."""
    inherited = {key: os.environ[key] for key in os.environ if key not in ("XDG_CACHE_HOME", "NUMBA_CACHE_DIR")}
    return subprocess.run(
        [sys.executable, "-c", PROGRAM],
        cwd=source,
        env=inherited | {"PYTHONPATH": str(source)} | environment,
        check=True,
        capture_output=True,
        text=True,
    ).stdout.strip()


def kept(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.suffix in (".nbi", ".nbc")]


def test_compiled_code_is_kept_in_the_users_cache_and_used_again(source: Path, tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir()
    assert look(source, HOME=str(home)) == "0 ''"
    assert kept(home / ".cache" / "facecorpus" / "numba")
    assert (home / ".cache" / "facecorpus" / "numba").stat().st_mode & 0o777 == 0o700
    assert kept(source) == []
    assert look(source, HOME=str(home)) == "1 ''"


@pytest.mark.parametrize("variable", ["XDG_CACHE_HOME", "NUMBA_CACHE_DIR"])
def test_a_cache_that_the_user_names_is_taken(source: Path, tmp_path: Path, variable: str) -> None:
    named, home = tmp_path / "named", tmp_path / "home"
    home.mkdir()
    look(source, HOME=str(home), **{variable: str(named)})
    assert kept(named)
    assert kept(source) == kept(home) == []


def test_without_a_cache_that_is_ones_own_nothing_is_kept(source: Path, tmp_path: Path) -> None:
    open_to_all = tmp_path / "everybodys"
    (open_to_all / "facecorpus" / "numba").mkdir(parents=True)
    (open_to_all / "facecorpus" / "numba").chmod(0o777)
    for named in (str(open_to_all), "/proc/nowhere"):
        assert look(source, XDG_CACHE_HOME=named) == "0 ''"
    assert kept(source) == kept(open_to_all) == []
