"""`facecorpus publish`, by the Hub's own client against a double of the Hub."""

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from build_corpus import PEOPLE, Shot, face_id, ready_corpus, set_build, sha256, shots, tree
from loopback_hub import TOKEN, HubDouble

from facecorpus.cli import run
from facecorpus.consent import Consent
from facecorpus.corpus import Corpus
from facecorpus.errors import PublishError
from facecorpus.manifest import write_manifest
from facecorpus.pipeline import build_stage
from facecorpus.publish.leaving import leaving
from facecorpus.records import Download
from facecorpus.shards import shard_files
from facecorpus.takedown.stage import forget
from facecorpus.words import Outcome

# What the Hub's client says to itself of its HTTP library.
pytestmark = pytest.mark.filterwarnings("ignore:Use 'content=")

Publish = Callable[..., dict[str, Any]]
ADA, BEN = Shot("ada", 0), Shot("ben", 3)


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Corpus:
    """Versions v1 with images; w1 and w2 without, in the second of which one of ada's faces is rejected."""
    corpus = ready_corpus(tmp_path_factory.mktemp("kept") / "c", shots(each=12))
    build_stage(corpus, tag="v1")
    build_stage(corpus, without_images=True, tag="w1")
    with corpus.catalog() as catalog:
        catalog.decisions.add([face_id(ADA)], identity_id="ada", reviewer="me", verdict="reject")
    build_stage(corpus, without_images=True, tag="w2")
    return corpus


@pytest.fixture
def own(kept: Corpus, tmp_path: Path) -> Corpus:
    """A copy that a test may change."""
    shutil.copytree(kept.root, tmp_path / "own")
    return Corpus(tmp_path / "own")


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[HubDouble]:
    (tmp_path / "hub").mkdir()
    with HubDouble(tmp_path / "hub") as served:
        yield served


@pytest.fixture
def publish(hub: HubDouble, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Publish:
    """Run the command in this process; what it says with --json, its exit code, and what stood on stderr."""
    from huggingface_hub import constants

    monkeypatch.setattr(constants, "ENDPOINT", hub.url)
    monkeypatch.setattr(constants, "HF_HUB_DISABLE_XET", True)
    monkeypatch.setenv("HF_TOKEN", TOKEN)

    def command(corpus: Corpus, *options: str) -> dict[str, Any]:
        code = run(["publish", "me/faces", *options, "-C", str(corpus.root), "--json"])
        said = capsys.readouterr()
        return json.loads(said.out) | {"code": code, "stderr": said.err}

    return command


def started(hub: HubDouble, corpus: Corpus, cache: Path, *options: str, xet: bool = False) -> subprocess.Popen[bytes]:
    """The command in a process of its own."""
    command = [sys.executable, "-m", "facecorpus", "publish", "me/faces", *options, "-C", str(corpus.root)]
    return subprocess.Popen(command, env=os.environ | hub.environment(cache, xet), stdout=subprocess.DEVNULL)


def is_large(name: str) -> bool:
    """Whether the Hub is told to store a file in parts."""
    return name.endswith(".parquet") or name.startswith(("attribution", "build.", "checksums", "croissant"))


def test_it_says_what_leaves_and_sends_nothing_without_a_yes(kept: Corpus, hub: HubDouble, publish: Publish) -> None:
    told = publish(kept, "w1")
    assert told["code"] == 2 and "add --yes" in told["error"]
    assert "48 addresses of faces (no pictures) of 4 people" in told["stderr"]
    assert "will be private and gated; it does not exist yet" in told["stderr"]
    dry = publish(kept, "--dry-run")
    assert (dry["version"], dry["faces"], dry["licences"], dry["before"]) == ("w2", 47, {"BY": 47}, None)
    assert hub.repos == {} and not hub.received["large"]


def test_versions_become_tags_and_share_what_is_the_same(kept: Corpus, hub: HubDouble, publish: Publish) -> None:
    first = publish(kept, "w1", "--yes")
    assert (first["code"], first["changed"]) == (0, True)
    repo = hub.repos["me/faces"]
    assert (repo.private, repo.gated) == (True, "manual")
    sent = hub.received["large"]
    old, new = ({data for name, data in tree(kept.versions / tag).items() if is_large(name)} for tag in ("w1", "w2"))
    assert sent == sum(map(len, old))
    assert publish(kept, "w2", "--yes", "--public", "--ungated")["code"] == 0
    assert (repo.private, repo.gated) == (False, False)
    assert hub.received["large"] - sent == sum(map(len, new - old)) < sent
    for tag in ("w1", "w2"):
        files = hub.files("me/faces", tag)
        assert files.pop(".gitattributes")
        assert files == tree(kept.versions / tag)
    again = publish(kept, "w2", "--yes")
    assert (again["code"], again["changed"]) == (0, False)
    assert (repo.private, repo.gated) == (True, "manual")


def test_images_leave_only_when_asked_for(kept: Corpus, hub: HubDouble, publish: Publish) -> None:
    told = publish(kept, "v1", "--yes")
    assert told["code"] == 2 and "Version v1 has images; say --with-images" in told["error"]
    assert publish(kept, "--with-images", "--yes")["version"] == "v1"
    taken = publish(kept, "w1", "--yes", "--with-images")
    assert taken["code"] == 2 and "has no images" in str(taken["error"])


def test_a_kill_in_the_middle_costs_nothing_that_was_sent(
    kept: Corpus, hub: HubDouble, publish: Publish, tmp_path: Path
) -> None:
    sizes = [len(data) for name, data in tree(kept.versions / "w1").items() if is_large(name)]
    running: list[subprocess.Popen[bytes]] = []
    hub.before_storing = lambda: running[0].kill() if hub.stored > 2 else None
    running.append(started(hub, kept, tmp_path, "w1", "--yes"))
    assert running[0].wait() == -signal.SIGKILL
    repo = hub.repos["me/faces"]
    assert repo.tags == {} and {*repo.tree("main")} == {".gitattributes"}
    assert (repo.private, repo.gated) == (True, "manual")
    hub.before_storing = lambda: None
    sent = hub.received["large"]
    assert publish(kept, "w1", "--yes")["code"] == 0
    assert hub.received["large"] - sent <= sum(sizes) - 2 * min(sizes)
    assert hub.files("me/faces", "w1").keys() - {".gitattributes"} == tree(kept.versions / "w1").keys()


def test_with_xet_nothing_is_sent_as_a_whole_file(kept: Corpus, hub: HubDouble, tmp_path: Path) -> None:
    for tag in ("w1", "w2"):
        assert started(hub, kept, tmp_path, tag, "--yes", xet=True).wait() == 0
    assert hub.received["xorbs"] and not hub.received["large"]
    assert {*hub.repos["me/faces"].tags} == {"w1", "w2"}


def test_what_was_forgotten_leaves_the_tag_and_the_history(own: Corpus, hub: HubDouble, publish: Publish) -> None:
    for tag in ("w1", "w2"):
        assert publish(own, tag, "--yes")["code"] == 0
    forget(own, photo=face_id(BEN))
    for tag in ("w1", "w2"):
        assert publish(own, tag, "--yes")["changed"]
    repo = hub.repos["me/faces"]
    for commit in {*repo.reachable}:
        assert "attribution.html" not in repo.tree(commit)
        assert not any(face_id(BEN).encode() in data for data in hub.files("me/faces", commit).values())


def test_a_tag_of_another_build_and_a_repository_of_something_else_stay(
    kept: Corpus, own: Corpus, hub: HubDouble, publish: Publish
) -> None:
    assert publish(kept, "w1", "--yes")["code"] == 0
    shutil.rmtree(own.versions / "w1")
    build_stage(own, without_images=True, tag="w1", licences="free")
    before = hub.files("me/faces")
    told = publish(own, "w1", "--yes")
    assert told["code"] == 2 and "has a tag w1 already, of another build" in told["error"]
    assert hub.files("me/faces") == before
    repo = hub.repos["me/faces"]
    del repo.tree("main")["build.json"]
    told = publish(kept, "w2", "--yes")
    assert told["code"] == 2 and "holds files that facecorpus did not publish" in told["error"]


def test_what_the_hub_says_is_one_sentence(
    kept: Corpus, hub: HubDouble, publish: Publish, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as without:
        without.setitem(sys.modules, "huggingface_hub.errors", None)
        assert publish(kept, "w1")["error"].endswith("install it with: pip install 'facecorpus[hub]'")
    monkeypatch.setenv("HF_TOKEN", "hf_wrong")
    assert "does not let you write to me/faces" in publish(kept, "w1", "--yes")["error"]
    monkeypatch.setattr("huggingface_hub.constants.ENDPOINT", "http://127.0.0.1:9")
    told = publish(kept, "w1", "--yes")
    assert told["code"] == 2 and "could not be published (ConnectError" in told["error"]
    assert hub.repos == {}


def test_a_version_that_holds_what_was_taken_down_is_refused(own: Corpus, tmp_path: Path) -> None:
    shutil.copytree(own.versions / "w1", tmp_path / "stale")
    forget(own, photo=sha256(BEN))
    shutil.rmtree(own.versions / "w1")
    shutil.copytree(tmp_path / "stale", own.versions / "w1")
    with pytest.raises(PublishError, match="w1 must not be published, for it holds 1 faces of what was taken down"):
        leaving(own, "w1", False)
    assert leaving(own, "w2", False).faces == 46


def test_who_opted_out_since_is_refused(own: Corpus) -> None:
    with own.catalog() as catalog:
        catalog.candidates.log(Download(BEN.url, "2026-02-01", 0.1, 200, Outcome.OPTED_OUT, detail="noai"))
    with pytest.raises(PublishError, match="holds 1 faces of photographs whose owners have opted out since"):
        leaving(own, "w2", False)
    with own.catalog() as catalog:
        catalog.candidates.log(Download(BEN.url, "2026-03-01", 0.1, 304, Outcome.UNCHANGED))
    assert leaving(own, "w2", False).faces == 47


def test_whose_consent_ended_and_who_left_the_manifest_is_refused(own: Corpus) -> None:
    withdrawn = Consent(basis="consent", withdrawn="2026-01-31")
    people = [replace(one, consent=withdrawn) if one.identity_id == "ben" else one for one in PEOPLE[:3]]
    write_manifest(own.root / "manifest.csv", people)
    expected = r"people whose consent has ended \(ben\), people who are not in manifest.csv any more \(dan\)"
    with pytest.raises(PublishError, match=expected):
        leaving(Corpus(own.root), "w2", False)


def test_descriptors_are_not_published(own: Corpus) -> None:
    set_build(own, embeddings=True)
    build_stage(Corpus(own.root), tag="e1")
    with pytest.raises(PublishError, match="holds descriptors, which are biometric templates"):
        leaving(own, "e1", True)


def test_a_damaged_version_and_none_are_refused(own: Corpus) -> None:
    shard = shard_files(own.versions / "w1")[0]
    data = shard.read_bytes()
    shard.unlink()
    shard.write_bytes(data[:-9] + bytes(9))
    with pytest.raises(PublishError, match="w1 is not as it was kept"):
        leaving(own, "w1", False)
    with pytest.raises(PublishError, match="shards is the last build"):
        leaving(own, "shards", False)
    shutil.rmtree(own.versions)
    with pytest.raises(
        PublishError, match=r"No version without images was kept in .*; keep one with: facecorpus build"
    ):
        leaving(own, None, False)
