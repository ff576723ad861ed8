"""A corpus that can only be read, as a mounted backup: what reads works, what writes says so."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from build_corpus import ready_corpus, shots, tree
from trained_run import trained

from facecorpus.build.stage import build_shards
from facecorpus.corpus import Corpus
from facecorpus.errors import CorpusError
from facecorpus.judging.exchange import export_decisions
from facecorpus.pipeline import reading_in
from facecorpus.upkeep.explain import explain
from facecorpus.upkeep.status import status
from facecorpus.upkeep.verify import verify

ENVIRONMENT = os.environ | {"PYTHONPATH": str(Path(__file__).parents[2])}
READING = ("status", "explain x.jpg", "verify", "export imagefolder {out}/images", "review export {out}/said.csv")
READING += ("report {corpus}/runs/done",)
WRITING = ("build", "verify --repair", "forget --identity ada --yes")


@pytest.fixture
def built(whole: Corpus) -> Corpus:
    build_shards(whole)
    return whole


Run = Callable[[str], "subprocess.CompletedProcess[str]"]


@pytest.fixture(scope="module")
def a_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished run: of another corpus, which does not matter to its report."""
    corpus = ready_corpus(tmp_path_factory.mktemp("trained") / "c", shots(each=2))
    build_shards(corpus)
    return trained(corpus, "done")


# Root is refused nothing, unless it gives its rights away.
WITHOUT_RIGHTS = ("setpriv", "--bounding-set=-all", "--inh-caps=-all") if os.geteuid() == 0 else ()


@pytest.fixture(params=["a user without the right", "a disk mounted for reading"])
def run(request: pytest.FixtureRequest, built: Corpus, a_run: Path, tmp_path: Path) -> Iterator[tuple[Run, Path]]:
    """Runs commands on a corpus that cannot be written; its folder."""
    built.runs.mkdir()
    (built.runs / "done").symlink_to(a_run)
    out = tmp_path / "out"
    out.mkdir()
    root, mounted = built.root, request.param.startswith("a disk")
    if mounted:
        for options in (["--bind", str(root), str(root)], ["-o", "remount,ro,bind", str(root)]):
            done = subprocess.run(["mount", *options], capture_output=True, text=True, check=False)
            if done.returncode:
                pytest.skip(f"nothing can be mounted here: {done.stderr.strip()}")
    else:
        if WITHOUT_RIGHTS and not shutil.which(WITHOUT_RIGHTS[0]):
            pytest.skip("this runs as root, and setpriv is not installed")
        for path in (root, *root.rglob("*")):
            path.chmod(0o500 if path.is_dir() else 0o400)

    def command(line: str) -> "subprocess.CompletedProcess[str]":
        words = line.format(out=out, corpus=root).split()
        before = () if mounted else WITHOUT_RIGHTS
        program = [*before, sys.executable, "-m", "facecorpus", *words, "-C", str(root)]
        return subprocess.run(program, capture_output=True, text=True, check=False, cwd=out, env=ENVIRONMENT)

    try:
        yield command, root
    finally:
        if mounted:
            subprocess.run(["umount", "--lazy", str(root)], check=True)
        else:
            for path in (root, *root.rglob("*")):
                path.chmod(0o700)


def test_what_reads_works_and_what_writes_says_why_it_cannot(run: tuple[Run, Path]) -> None:
    command, root = run
    before = tree(root)
    for line in READING:
        ended = command(line)
        assert (ended.returncode, ended.stderr.count("Traceback")) == (0, 0), (line, ended.stderr, ended.stdout)
        assert line != "verify" or "The corpus is sound." in ended.stdout
    for line in WRITING:
        ended = command(line)
        last = ended.stderr.strip().splitlines()[-1]
        assert ended.returncode == 2, (line, ended.stderr, ended.stdout)
        assert last.startswith("facecorpus: "), line
        assert "can only be read" in last or "have no right to" in last or "only be read" in last, (line, last)
    assert tree(root) == before


@pytest.mark.parametrize("journal", ["none", "whole", "without its index"])
def test_a_catalog_is_read_with_what_its_journal_holds(
    built: Corpus, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, journal: str
) -> None:
    if journal != "none":
        with built.catalog() as catalog:
            catalog.decisions.withdraw("ada", None)
            catalog.decisions.add(
                [catalog.checks.faces()[0].face_id], identity_id="ada", reviewer="late", verdict="accept"
            )
            shutil.copytree(built.root, tmp_path / "copy")  # the journal goes when the last connection is closed
        built = Corpus(tmp_path / "copy")
        assert (built.root / "catalog.sqlite-wal").stat().st_size > 0
    if journal == "without its index":
        (built.root / "catalog.sqlite-shm").unlink()
    real = os.access
    monkeypatch.setattr(os, "access", lambda path, mode: mode != os.W_OK and real(path, mode))
    before = tree(built.root)
    assert built.is_read_only
    assert status(built).total.accepted > 0
    assert "No source has proposed it" in explain(built, "http://h/x.jpg").answer
    assert verify(built).sound
    export_decisions(built, tmp_path / "said.csv")
    assert ("late" in (tmp_path / "said.csv").read_text()) == (journal != "none")
    changed = {name for name, data in tree(built.root).items() if before.get(name) != data}
    assert changed <= {"catalog.sqlite-shm"}  # this user could write it


def test_an_interrupted_forget_is_told_where_it_cannot_be_finished(
    built: Corpus, monkeypatch: pytest.MonkeyPatch
) -> None:
    with built.catalog() as catalog:
        catalog.removals.begin(catalog.removals.of_photographs([]), "{}")
    monkeypatch.setattr(os, "access", lambda path, mode: False)
    with pytest.raises(CorpusError, match=r"A forget was interrupted in .*; make it writable"), reading_in(built.root):
        pass
