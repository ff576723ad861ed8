"""A takedown that is killed, at a step or at any moment, is finished by the next command."""

import json
import random
import shutil
import signal
import subprocess
import sys
from contextlib import suppress
from itertools import cycle
from pathlib import Path

import pytest
from build_corpus import Shot, picture, ready_corpus, sha256, shots
from taking_down import ADA, BEN, holding, rows, traces, with_crops
from trained_run import kept_of, trained

from facecorpus.build.stage import build_shards
from facecorpus.corpus import Corpus
from facecorpus.crawl.stage import fetch_candidates
from facecorpus.pipeline import working_in
from facecorpus.records import Candidate
from facecorpus.shards import recorded, sound_files
from facecorpus.takedown.stage import forget

KILLED = """
import os, signal, sys
from pathlib import Path
from facecorpus.catalog import Catalog
from facecorpus.catalog.removals import Removals
from facecorpus.corpus import locked_corpus
from facecorpus.store import Crops, Store
from facecorpus.takedown import stage
root, step, name, value = sys.argv[1:]
owners = {"Crops": Crops, "Store": Store, "Removals": Removals, "Catalog": Catalog, "stage": stage}
owner, _, function = step.partition(".")
setattr(owners[owner], function, lambda *_: os.kill(os.getpid(), signal.SIGKILL))
with locked_corpus(Path(root)) as corpus:
    stage.forget(corpus, **{name: value})
"""


STEPS = (
    "Crops.remove",
    "Store.remove",
    "Removals.erase",
    "stage.write_without",
    "stage.clear",
    "stage.write_atomically",
    "Removals.end",
    "Catalog.scrub",
)


READY = """
import sys
from pathlib import Path
import facecorpus.build.stage
from facecorpus.corpus import locked_corpus
from facecorpus.takedown.stage import forget
with locked_corpus(Path(sys.argv[1])) as corpus:
    print("ready", flush=True)
    forget(corpus, identity=sys.argv[2])
"""


TARGETS = (("identity", "ada"), ("photo", sha256(ADA)), ("url", ADA.url))


@pytest.fixture(scope="module")
def taken_apart(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A corpus with a build and a run, to be copied and killed over."""
    corpus = with_crops(ready_corpus(tmp_path_factory.mktemp("killed") / "c", shots(("ada", "ben"), 3)), ADA, BEN)
    build_shards(corpus)
    trained(corpus, "first")
    return corpus.root


@pytest.mark.parametrize(("step", "target"), list(zip(STEPS, cycle(TARGETS), strict=False)), ids=str)
def test_killed_between_two_steps_it_brings_nothing_back_and_the_next_command_finishes(
    step: str, target: tuple[str, str], taken_apart: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    corpus = Corpus(shutil.copytree(taken_apart, tmp_path / "c"))
    kept = kept_of(corpus.runs / "first", corpus.shards, sha256(ADA))
    assert all(holding(corpus, one) for one in kept)
    ended = subprocess.run([sys.executable, "-c", KILLED, str(corpus.root), step, *target], check=False)
    assert ended.returncode == -signal.SIGKILL
    with corpus.catalog() as catalog:
        assert ADA.url not in {face.source_url for face in catalog.faces.accepted()}
        catalog.candidates.propose([Candidate("ben", "pages", ADA.url)])
    for looked_at in ("require_contact", "require_network"):  # before anything is asked; here nothing will be
        monkeypatch.setattr(f"facecorpus.crawl.stage.{looked_at}", lambda *_: None)
    assert fetch_candidates(corpus).outcomes == {"removed": 1}
    with working_in(corpus.root):
        pass
    assert holding(corpus, *traces(ADA), *kept, but="") == []
    assert [json.loads(path.read_text())["asked_by"] for path in (corpus.root / "receipts").iterdir()] == [target[0]]
    forget(corpus, **{target[0]: target[1]})
    assert corpus.photos.read(sha256(BEN)) == picture(BEN)
    with corpus.catalog() as catalog:
        assert BEN.url in {face.source_url for face in catalog.faces.accepted()}


@pytest.mark.parametrize("seed", range(3))
def test_killed_at_any_moment_the_next_command_finishes(seed: int, taken_apart: Path, tmp_path: Path) -> None:
    corpus = Corpus(shutil.copytree(taken_apart, tmp_path / "c"))
    kept = kept_of(corpus.runs / "first", corpus.shards, sha256(ADA))
    moment = random.Random(seed)
    for _ in range(3):
        process = subprocess.Popen(
            [sys.executable, "-c", READY, str(corpus.root), "ada"], stdout=subprocess.PIPE, text=True
        )
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        with suppress(subprocess.TimeoutExpired):
            process.wait(moment.uniform(0, 0.2))
        process.kill()
        process.communicate()
    with working_in(corpus.root):
        pass
    forget(corpus, identity="ada")
    assert holding(corpus, *traces(ADA), *kept, b"ada/1", but="") == []
    record = recorded(corpus.shards)
    assert sound_files(corpus.shards, record) == record["files"].keys()
    assert {row["photo_id"] for row in rows(corpus.shards)} == {sha256(Shot("ben", number)) for number in range(3)}
