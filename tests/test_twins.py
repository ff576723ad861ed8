"""What stands twice, in training and in the toolkit, because neither may import the other: here the twins are equal."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from facecorpus.engines import local
from facecorpus.settings import FacesSettings
from facecorpus.store import write_atomically
from facecorpus.system import console, cores
from training.files import write_bytes
from training.folder import WRITTEN
from training.machine import budget, workers
from training.machine import cores as cores_of_training

Write = Callable[[Path, bytes], None]

WRITERS = pytest.mark.parametrize("write", [write_atomically, write_bytes], ids=["facecorpus", "training"])
KILLED = """
import os, pathlib, signal, sys
from {module} import {name} as write
path, step = pathlib.Path(sys.argv[1]), sys.argv[2]
owner, _, name = step.partition(".")
setattr({{"os": os, "Path": pathlib.Path}}[owner], name, lambda *_: os.kill(os.getpid(), signal.SIGKILL))
write(path, b"new" * 100_000)
"""


@given(st.floats(0, 10**7))
def test_a_length_of_time_has_the_same_words(seconds: float) -> None:
    assert budget.duration(seconds) == console.duration(seconds)


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0.4, "0 s"), (59.6, "1 min 0 s"), (185, "3 min 5 s"), (3599.7, "1 h 0 min"), (7_799, "2 h 9 min")],
)
def test_a_length_of_time_has_the_words_of_a_person(seconds: float, words: str) -> None:
    assert budget.duration(seconds) == words


def test_the_cores_are_those_that_this_process_may_use(monkeypatch: pytest.MonkeyPatch) -> None:
    assert cores_of_training.available_cores() == cores.available_cores() >= 1
    monkeypatch.setattr(os, "sched_getaffinity", lambda pid: {0, 3, 5}, raising=False)
    assert cores_of_training.available_cores() == cores.available_cores() == 3
    monkeypatch.delattr(os, "sched_getaffinity")
    monkeypatch.setattr(os, "cpu_count", lambda: 7)
    assert cores_of_training.available_cores() == cores.available_cores() == 7
    monkeypatch.setattr(os, "cpu_count", lambda: None)
    assert cores_of_training.available_cores() == cores.available_cores() == 1


@WRITERS
def test_a_file_and_its_folder_are_made_and_replaced(write: Write, tmp_path: Path) -> None:
    path = tmp_path / "a" / "b"
    for content in (b"old", b"new"):
        write(path, content)
        assert [(one.name, one.read_bytes()) for one in path.parent.iterdir() if one.name != WRITTEN] == [
            ("b", content)
        ]


@WRITERS
@pytest.mark.parametrize("umask", [0o022, 0o002, 0o077])
def test_a_file_is_as_shared_as_any_other(write: Write, umask: int, tmp_path: Path) -> None:
    before = os.umask(umask)
    try:
        write(tmp_path / "written", b"")
        (tmp_path / "other").touch()
    finally:
        os.umask(before)
    assert (tmp_path / "written").stat().st_mode == (tmp_path / "other").stat().st_mode


@WRITERS
def test_the_bytes_are_on_the_disk_before_the_file_has_its_name(
    write: Write, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    flushed: list[tuple[int, int]] = []
    sync, replace = os.fsync, os.replace

    def fsync(handle: int) -> None:
        listing = tmp_path / WRITTEN
        if not listing.exists() or os.fstat(handle).st_ino != listing.stat().st_ino:
            flushed.append((os.fstat(handle).st_ino, os.fstat(handle).st_size))
        sync(handle)

    def rename(source: Any, target: Any) -> None:
        assert flushed == [(os.stat(source).st_ino, 3)]
        replace(source, target)

    monkeypatch.setattr(os, "fsync", fsync)
    monkeypatch.setattr(os, "replace", rename)
    write(tmp_path / "file", b"new")
    assert len(flushed) == 1


@WRITERS
@pytest.mark.parametrize("step", ["fsync", "replace"])
def test_a_write_that_fails_leaves_the_old_file_and_nothing_else(
    write: Write, step: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_bytes(b"old")

    def fail(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, step, fail)
    with pytest.raises(OSError, match="No space left"):
        write(tmp_path / "file", b"new")
    assert [(one.name, one.read_bytes()) for one in tmp_path.iterdir() if one.name != WRITTEN] == [("file", b"old")]


@pytest.mark.parametrize("step", ["os.fsync", "os.replace"])
@WRITERS
def test_a_writer_that_is_killed_leaves_the_old_file(write: Write, step: str, tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"old")
    code = KILLED.format(module=write.__module__, name=write.__name__)
    ended = subprocess.run([sys.executable, "-c", code, str(path), step], check=False)
    assert ended.returncode == -signal.SIGKILL
    assert path.read_bytes() == b"old"
    assert all(one.name.startswith(".") for one in tmp_path.iterdir() if one not in (path, tmp_path / WRITTEN))
    write(path, b"new")
    assert path.read_bytes() == b"new"


def test_a_worker_is_spawned_ends_with_its_parent_and_its_end_is_heard(monkeypatch: pytest.MonkeyPatch) -> None:
    spawned = []

    class Process:
        def __init__(self, daemon: bool = False, **_: object) -> None:
            spawned.append(daemon)

        def start(self) -> None:
            """Nothing runs: the parent's end of the pipe is all there is."""

    monkeypatch.setattr(get_context("spawn"), "Process", Process)
    for start in (lambda: workers._start(False), lambda: local._start(FacesSettings(), 1)):
        with start().pipe as pipe, pytest.raises(EOFError):
            pipe.recv()
    assert spawned == [True, True]
