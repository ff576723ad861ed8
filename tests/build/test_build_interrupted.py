"""A build that is killed or finds the disk full: the shards are the old or the new ones, whole."""

import os
import random
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from build_corpus import ready_corpus, set_build, shots, tree

from facecorpus.build.stage import build_shards
from facecorpus.corpus import Corpus
from facecorpus.errors import BuildError
from facecorpus.shards import shard_files
from facecorpus.system import folder as folders
from facecorpus.system.folder import replaced_folder, settle

BUILD = """
import os, signal, sys
from pathlib import Path

def kill_at(moment):
    seen = 0
    def count(event, arguments):
        nonlocal seen
        if event in EVENTS and any("shards" in str(argument) or "renameat2" in str(argument) for argument in arguments):
            if seen == moment:
                os.kill(os.getpid(), signal.SIGKILL)
            seen += 1
            print(seen, flush=True)
    sys.addaudithook(count)

EVENTS = {"open", "os.mkdir", "os.rename", "os.remove", "os.rmdir", "os.listdir", "os.scandir", "ctypes.dlsym/handle",
          "ctypes.dlsym", "shutil.rmtree"}

if __name__ == "__main__":
    from facecorpus.build.stage import build_shards
    from facecorpus.corpus import Corpus
    kill_at(int(sys.argv[2]))
    build_shards(Corpus(Path(sys.argv[1])))
"""


def build_apart(corpus: Corpus, kill_at: int = -1) -> subprocess.CompletedProcess[str]:
    """Build in a process of its own, which ends itself with SIGKILL at its n-th step on the file system."""
    script = corpus.root.parent / "build.py"
    script.write_text(BUILD)
    return subprocess.run(
        [sys.executable, script, corpus.root, str(kill_at)], capture_output=True, text=True, check=False
    )


def test_a_kill_at_any_moment_leaves_the_old_or_the_new_whole_and_the_next_build_ends_it(tmp_path: Path) -> None:
    corpus = ready_corpus(tmp_path / "c", shots(each=3), crop=64)
    build_shards(corpus)
    old = tree(corpus.shards)
    set_build(corpus, seed=5)
    shutil.copytree(corpus.root, tmp_path / "twin")
    undisturbed = build_apart(Corpus(tmp_path / "twin"))
    assert undisturbed.returncode == 0, undisturbed.stderr
    new = tree(tmp_path / "twin" / "shards")
    assert new.keys() == old.keys()
    assert new != old
    steps = len(undisturbed.stdout.splitlines())
    # The last steps, in which the folders change places, and a sample of those before.
    moments = sorted({*range(steps - 6, steps), *random.Random(0).sample(range(steps), 6)})
    found = []
    for moment in moments:
        assert build_apart(corpus, kill_at=moment).returncode == -signal.SIGKILL
        found.append(tree(corpus.shards))
        assert found[-1] in (old, new)
        build_shards(Corpus(corpus.root))
        assert tree(corpus.shards) == new
        assert [path.name for path in corpus.root.iterdir() if path.name.startswith("shards")] == ["shards"]
        shutil.rmtree(corpus.shards)
        corpus.shards.mkdir()
        (corpus.shards / "data").mkdir()
        for name, data in old.items():
            (corpus.shards / name).write_bytes(data)
    assert old in found
    assert new in found


def test_a_killed_build_goes_on_with_the_shards_that_it_had_finished(tmp_path: Path) -> None:
    corpus = ready_corpus(tmp_path / "c", shots(each=30), crop=128, shard_megabytes=1)
    ended = subprocess.run([sys.executable, "-c", KILLED_AFTER_TWO_SHARDS, corpus.root], check=False)
    assert ended.returncode == -signal.SIGKILL
    finished = {path.stat().st_ino for path in (corpus.root / "shards.tmp").glob("*.parquet")}
    assert len(finished) == 2
    summary = build_shards(corpus)
    assert summary.shards_written == summary.shards - 2
    assert finished < {path.stat().st_ino for path in shard_files(corpus.shards)}
    assert not (corpus.root / "shards.tmp").exists()


KILLED_AFTER_TWO_SHARDS = """
import os, signal, sys
from pathlib import Path
from facecorpus.build import stage
from facecorpus.corpus import Corpus

def counted(*arguments):
    if len(list(arguments[0].parent.glob("*.parquet"))) == 2:
        os.kill(os.getpid(), signal.SIGKILL)
    write_shard(*arguments)

write_shard, stage.write_shard = stage.write_shard, counted
stage.build_shards(Corpus(Path(sys.argv[1])))
"""


def test_a_killed_build_leaves_no_worker_behind(tmp_path: Path) -> None:
    corpus = ready_corpus(tmp_path / "c", shots(each=40), crop=400, workers=2)
    script = tmp_path / "build.py"
    script.write_text(BUILD)
    process = subprocess.Popen(
        [sys.executable, script, corpus.root, "-1"], start_new_session=True, stdout=subprocess.DEVNULL
    )
    partial = corpus.root / "shards.tmp"
    while process.poll() is None and not (partial.exists() and any(partial.iterdir())):
        time.sleep(0.01)
    process.kill()
    assert process.wait() == -signal.SIGKILL
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        try:
            os.killpg(process.pid, 0)
        except ProcessLookupError:
            break
        time.sleep(0.05)
    else:
        pytest.fail("A worker still runs a minute after the main process was killed.")


def test_where_folders_cannot_be_exchanged_an_interrupted_swap_is_undone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(folders, "_exchange", lambda one, other: False)
    target = tmp_path / "shards"
    for text in ("old", "new"):
        with replaced_folder(target) as fresh:
            (fresh / "file").write_text(text)
        assert (target / "file").read_text() == text
    # What a kill between the two renames leaves.
    target.rename(tmp_path / "shards.old")
    (tmp_path / "shards.tmp").mkdir()
    settle(target)
    assert [path.name for path in tmp_path.iterdir()] == ["shards"]
    assert (target / "file").read_text() == "new"


def test_a_full_disk_is_one_sentence_and_the_old_shards_stay(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    corpus = ready_corpus(tmp_path / "c", shots(each=2))
    build_shards(corpus)
    before = tree(corpus.shards)
    set_build(corpus, seed=1)

    def full(handle: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(BuildError, match=r"could not be written .*No space left on device.*unchanged"):
        build_shards(Corpus(corpus.root))
    monkeypatch.undo()
    assert tree(corpus.shards) == before
    assert not (corpus.root / "shards.tmp").exists()
