"""What is said of a person beside their photographs goes as well: in reasons, exported decisions and finished runs."""

import json
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from build_corpus import PEOPLE, face_id, picture, ready_corpus, sha256, shots
from loopback import Loopback, Reply, jpeg, settings_for
from people import person
from taking_down import ADA, BEN, holding
from trained_run import trained

from facecorpus import shards
from facecorpus.build.stage import build_shards
from facecorpus.corpus import Corpus, init_corpus
from facecorpus.crawl.stage import fetch_candidates
from facecorpus.judging.exchange import export_decisions, import_decisions
from facecorpus.manifest import write_manifest
from facecorpus.records import Candidate, Ranking
from facecorpus.shards import shard_files
from facecorpus.takedown.stage import finish, forget, preview
from facecorpus.upkeep.backup import backup, restore
from facecorpus.words import Section, naming
from training import RunFolder, load_results


def without_ada(corpus: Corpus) -> Corpus:
    write_manifest(corpus.root / "manifest.csv", [one for one in PEOPLE if one.identity_id != "ada"])
    return Corpus(corpus.root)


def reasons(corpus: Corpus) -> tuple[str, ...]:
    with corpus.catalog() as catalog:
        (row,) = catalog.query("SELECT reasons FROM ranking WHERE face_id = ?", (face_id(BEN),))
    return tuple(json.loads(row[0]))


def test_the_name_leaves_the_reasons_of_other_people(tmp_path: Path) -> None:
    people = [replace(one, name='Åda "A." Example') if one.identity_id == "ada" else one for one in PEOPLE]
    corpus = ready_corpus(tmp_path / "c", shots(each=1), people)
    name = people[0].name
    said = ("blurred", *naming(name), f"closer to {name} Senior", "tiny (20 px)")
    with corpus.catalog() as catalog:
        catalog.faces.rank([Ranking(face_id(BEN), 0.5, Section.LOOK, said)])
    forget(corpus, photo=sha256(ADA))
    assert reasons(corpus) == said
    forget(corpus, identity="ada")
    assert reasons(corpus) == ("blurred", f"closer to {name} Senior", "tiny (20 px)")


@pytest.mark.parametrize("suffix", [".csv", ".jsonl"])
def test_exported_decisions_in_the_folder_are_written_without_it(suffix: str, tmp_path: Path) -> None:
    corpus = ready_corpus(tmp_path / "c", shots(each=2))
    file = corpus.root / "to send" / f"mine{suffix}"
    file.parent.mkdir()
    export_decisions(corpus, file)
    (corpus.root / "notes.txt").write_text(f"see {ADA.url}\n")
    (corpus.root / "other.txt").write_text(f"see {BEN.url}\n")
    backup(corpus, tmp_path / "b.zip")
    (tmp_path / "b.zip").rename(file.parent / "b.zip")
    outside = tmp_path / f"outside{suffix}"
    outside.write_bytes(before := file.read_bytes())
    summary = forget(corpus, photo=sha256(ADA))
    assert (summary.decision_files, summary.naming) == ((f"to send/mine{suffix}",), ("notes.txt", "to send/b.zip"))
    assert "notes.txt" in str(summary)
    assert holding(corpus, sha256(ADA).encode()) == []
    assert import_decisions(corpus, file).known == 7
    assert outside.read_bytes() == before
    receipt = json.loads(summary.receipt.read_text(encoding="utf-8"))
    assert receipt["exported_decisions"] == [f"to send/mine{suffix}"]
    assert receipt["files_that_name_it_or_are_packed"] == ["notes.txt", "to send/b.zip"]
    forget(corpus, identity="ben")
    assert b"ben" not in file.read_bytes()
    assert import_decisions(corpus, file).known == 5


def test_the_receipt_lists_what_was_looked_at(tmp_path: Path) -> None:
    corpus = ready_corpus(tmp_path / "c", shots(each=4))
    build_shards(corpus)
    (corpus.root / "tars").mkdir()
    (corpus.root / "tars" / ".facecorpus-export.json").write_text("{}")
    RunFolder(corpus.runs / "empty").path.mkdir(parents=True)
    receipt = json.loads(forget(corpus, photo=sha256(ADA)).receipt.read_text(encoding="utf-8"))
    assert {"photos", "crops", "catalog.sqlite", "decisions.jsonl", "shards", "runs/empty"} < set(receipt["looked_at"])
    assert receipt["not_looked_at"] == ["tars"]


def test_a_run_names_the_person_no_more(tmp_path: Path) -> None:
    corpus = ready_corpus(tmp_path / "c", shots(each=4))
    build_shards(corpus)
    run = RunFolder(trained(corpus, "first"))
    before = load_results(run.path)
    assert "ada" in before["classes"]["identity"]
    corpus = without_ada(corpus)
    summary = forget(corpus, identity="ada")
    assert summary.runs_renamed == ("first",)
    assert "runs/first" in str(summary)
    after = load_results(run.path)
    (word,) = set(after["classes"]["identity"]) - set(before["classes"]["identity"])
    assert after["classes"]["identity"].index(word) == before["classes"]["identity"].index("ada")
    key = json.loads(summary.receipt.read_text(encoding="utf-8"))["keys"]["identity"]
    assert word == f"forgotten-{key[:12]}"
    assert json.dumps(before).replace('"ada"', f'"{word}"') == json.dumps(after)
    assert not run.page.exists()
    texts = [path for path in run.path.rglob("*") if path.suffix in (".json", ".md", ".html", ".csv", ".toml")]
    assert [path for path in texts if '"ada"' in path.read_text(encoding="utf-8")] == []
    assert forget(corpus, photo=sha256(BEN)).runs_renamed == ()


def test_every_file_of_a_build_is_hashed_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    corpus = ready_corpus(tmp_path / "c", shots(each=30), shard_megabytes=1)
    build_shards(corpus)
    files = {path for path in corpus.shards.rglob("*.*") if path.name != shards.RECORD}
    hashed: Counter[Path] = Counter()
    original = shards.sha256_of

    def counted(path: Path) -> str:
        hashed[path] += 1
        return original(path)

    monkeypatch.setattr(shards, "sha256_of", counted)
    preview(corpus, photo=sha256(ADA))
    assert {hashed[path] for path in files} == {1}
    hashed.clear()
    forget(corpus, photo=sha256(ADA))
    assert {hashed[path] for path in files} == {1}


def test_a_killed_forget_looks_again_at_what_it_finds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    corpus = ready_corpus(tmp_path / "c", shots(each=30), shard_megabytes=1)
    build_shards(corpus)

    def killed(*_: Any) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr("facecorpus.takedown.stage.write_without", killed)
        with pytest.raises(KeyboardInterrupt):
            forget(corpus, photo=sha256(ADA))
    shard = sorted(shard_files(corpus.shards))[-1]
    data = bytearray(shard.read_bytes())
    data[len(data) // 2] ^= 1
    shard.write_bytes(data)
    finish(corpus)
    assert holding(corpus, sha256(ADA).encode(), picture(ADA), but="") == []
    record = shards.recorded(corpus.shards)
    assert shards.sound_files(corpus.shards, record) == record["files"].keys()


def test_a_restored_catalog_does_not_fetch_it_again(tmp_path: Path) -> None:
    write_manifest(tmp_path / "people.csv", [person("ada"), person("ben")])
    with Loopback() as web:
        corpus = init_corpus(tmp_path / "c", tmp_path / "people.csv", settings_for(web))
        url = web.serve("/a.jpg", Reply(jpeg(1)))
        proposed = Candidate("ada", "commons", url)
        with corpus.catalog() as catalog:
            catalog.candidates.propose([proposed])
        backup(corpus, tmp_path / "waiting.zip")
        assert fetch_candidates(corpus).photographs == 1
        backup(corpus, tmp_path / "fetched.zip")
        forget(corpus, url=url)
        for name in ("waiting", "fetched"):
            restore(corpus.root, tmp_path / f"{name}.zip", replace=True)
            with corpus.catalog() as catalog:
                catalog.candidates.propose([proposed, replace(proposed, identity_id="ben")])
            assert fetch_candidates(corpus).photographs == 0
        assert web.paths() == ["/a.jpg"]
    assert holding(corpus, jpeg(1), url.encode()) == []
