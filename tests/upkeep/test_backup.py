"""Backup and restore: nothing lost that a crawl does not bring back, nothing taken on trust, nothing forgotten back."""

import hashlib
import io
import json
import shutil
import sqlite3
import stat
import subprocess
import sys
import zipfile
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from build_corpus import PEOPLE, Shot, _analysed, face_id, ready_corpus, sha256, shots, tree

from facecorpus.catalog.schema import MIGRATIONS
from facecorpus.corpus import FOLDER_LIST, Corpus
from facecorpus.crawl.sources.folder_list import ListedFile, written
from facecorpus.errors import CorpusError, SourceError
from facecorpus.manifest import write_manifest
from facecorpus.takedown.stage import forget
from facecorpus.upkeep.backup import RECORD, backup, restore, restore_from_log
from facecorpus.upkeep.verify import verify

ADA = Shot("ada", 0)


@pytest.fixture
def corpus(tmp_path: Path) -> Corpus:
    return ready_corpus(tmp_path / "c", shots(each=2))


def decided(corpus: Corpus) -> dict[str, str]:
    with corpus.catalog() as catalog:
        return {row.face_id: row.verdict for row in catalog.decisions.all()}


def say(corpus: Corpus, shot: Shot, verdict: str) -> None:
    with corpus.catalog() as catalog:
        catalog.decisions.add([face_id(shot)], identity_id=shot.identity_id, reviewer="ada", verdict=verdict)


def agree(corpus: Corpus) -> bool:
    with corpus.catalog() as catalog:
        return catalog.log is not None and not list(catalog.log.differences())


def lose_catalog(corpus: Corpus) -> None:
    for path in corpus.root.glob("catalog.sqlite*"):
        path.unlink()


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-m", "facecorpus", *arguments], capture_output=True, text=True, check=False)


def test_a_corpus_is_restored_into_a_new_folder(corpus: Corpus, tmp_path: Path) -> None:
    file, there = tmp_path / "b.zip", tmp_path / "there"
    ended = run("backup", str(file), "-C", str(corpus.root))
    assert ended.returncode == 0, ended.stderr
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    ended = run("restore", str(file), "-C", str(there))
    assert ended.returncode == 0, ended.stderr
    assert "8 decisions" in ended.stdout
    again = Corpus(there)
    assert decided(again) == decided(corpus)
    assert agree(again)
    assert (there / "corpus.toml").read_bytes() == (corpus.root / "corpus.toml").read_bytes()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["b.zip", "c", "c.csv", "there"]
    assert not [path for path in there.iterdir() if path.name.endswith(".tmp")]


def test_the_list_of_an_imported_set_is_saved_and_restored(corpus: Corpus, tmp_path: Path) -> None:
    listed = corpus.root / FOLDER_LIST
    listed.write_bytes(written([ListedFile("ada", "ada/1.jpg", "2011")]))
    backup(corpus, tmp_path / "b.zip")
    assert restore(tmp_path / "there", tmp_path / "b.zip").kept == ()
    assert (tmp_path / "there" / FOLDER_LIST).read_bytes() == listed.read_bytes()
    listed.write_text("of my own\nx\n")
    assert restore(corpus.root, tmp_path / "b.zip", replace=True).kept == (FOLDER_LIST,)
    assert listed.read_text() == "of my own\nx\n"
    backup(corpus, tmp_path / "b.zip")
    with pytest.raises(SourceError, match=r"pictures.csv, line 2: expected a CSV file with the columns identity_id"):
        restore(tmp_path / "elsewhere", tmp_path / "b.zip")
    assert not (tmp_path / "elsewhere" / "catalog.sqlite").exists()


def test_the_same_corpus_gives_the_same_backup(corpus: Corpus, tmp_path: Path) -> None:
    files = [tmp_path / name for name in ("one.zip", "two.zip")]
    for file in files:
        backup(corpus, file)
    assert files[0].read_bytes() == files[1].read_bytes()


def test_a_backup_is_one_moment_while_somebody_reviews(corpus: Corpus, tmp_path: Path) -> None:
    program = (
        "import sys; import time; from pathlib import Path; from facecorpus.corpus import Corpus\n"
        "with Corpus(Path(sys.argv[1])).catalog() as catalog:\n"
        "    print('ready', flush=True)\n"
        "    for number in range(100_000):\n"
        "        catalog.decisions.add(sys.argv[2:], identity_id='ada', reviewer='bob',"
        " verdict=('accept', 'reject')[number % 2])\n"
        "        time.sleep(0.005)\n"
    )
    command = [sys.executable, "-c", program, str(corpus.root), face_id(ADA)]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as reviewing:
        assert reviewing.stdout
        reviewing.stdout.readline()
        for number in range(5):
            backup(corpus, tmp_path / f"{number}.zip")
        assert reviewing.poll() is None
        reviewing.kill()
    for number in range(5):
        restore(tmp_path / f"there-{number}", tmp_path / f"{number}.zip")
        assert agree(Corpus(tmp_path / f"there-{number}"))


def test_what_was_decided_since_holds(corpus: Corpus, tmp_path: Path) -> None:
    backup(corpus, tmp_path / "b.zip")
    say(corpus, ADA, "reject")
    lose_catalog(corpus)
    restore(corpus.root, tmp_path / "b.zip")
    assert decided(corpus)[face_id(ADA)] == "reject"
    assert agree(corpus)


def test_what_was_forgotten_since_does_not_come_back(corpus: Corpus, tmp_path: Path) -> None:
    backup(corpus, tmp_path / "b.zip")
    forget(corpus, photo=sha256(ADA))
    forget(corpus, identity="ben")
    write_manifest(corpus.root / "manifest.csv", [one for one in PEOPLE if one.identity_id != "ben"])
    corpus = Corpus(corpus.root)
    forget(corpus, identity="ben")
    lose_catalog(corpus)
    found = restore(corpus.root, tmp_path / "b.zip")
    assert found.forgotten == 3
    assert found.kept == ("manifest.csv",)
    for name, data in tree(corpus.root).items():
        for gone in (sha256(ADA)[:24], ADA.url, "/ben/"):
            assert gone.encode() not in data, (name, gone)
    with corpus.catalog() as catalog:
        assert sha256(ADA) in catalog.removals.taken_down()
        assert catalog.query("SELECT count(*) FROM identity WHERE identity_id = 'ben'").fetchone()[0] == 0
    assert agree(corpus)
    assert not [one for one in verify(corpus).problems if one.kind not in ("crop", "left over")]


def test_a_catalog_that_works_stays_unless_said(corpus: Corpus, tmp_path: Path) -> None:
    backup(corpus, tmp_path / "b.zip")
    say(corpus, ADA, "reject")
    before = tree(corpus.root)
    with pytest.raises(CorpusError, match="--replace"):
        restore(corpus.root, tmp_path / "b.zip")
    assert decided(corpus)[face_id(ADA)] == "reject"
    assert tree(corpus.root).keys() - {".lock"} == before.keys()
    restore(corpus.root, tmp_path / "b.zip", replace=True)
    assert decided(corpus)[face_id(ADA)] == "reject"  # the log knows it still
    assert agree(corpus)


def test_a_damaged_catalog_is_put_aside_and_forget_deletes_it(corpus: Corpus, tmp_path: Path) -> None:
    backup(corpus, tmp_path / "b.zip")
    lose_catalog(corpus)
    (corpus.root / "catalog.sqlite").write_bytes(b"no database, but somebody's")
    restore(corpus.root, tmp_path / "b.zip")
    aside = corpus.quarantine.root / "catalog.sqlite"
    assert aside.read_bytes() == b"no database, but somebody's"
    forget(corpus, photo=sha256(ADA))
    assert not aside.exists()


def test_nothing_is_restored_while_a_page_or_a_command_is_at_work(corpus: Corpus, tmp_path: Path) -> None:
    backup(corpus, tmp_path / "b.zip")
    with corpus.locked(), pytest.raises(CorpusError, match="Another facecorpus command"):
        restore(corpus.root, tmp_path / "b.zip", replace=True)
    with corpus.catalog() as page:
        with pytest.raises(CorpusError, match="close the review page"):
            restore(corpus.root, tmp_path / "b.zip", replace=True)
        page.decisions.add([face_id(ADA)], identity_id="ada", reviewer="ada", verdict="reject")
    assert decided(corpus)[face_id(ADA)] == "reject"


def test_the_backup_of_another_corpus_is_refused(corpus: Corpus, tmp_path: Path) -> None:
    other = ready_corpus(tmp_path / "other", shots(each=1))
    backup(other, tmp_path / "b.zip")
    lose_catalog(corpus)
    with pytest.raises(CorpusError, match="backup of another corpus"):
        restore(corpus.root, tmp_path / "b.zip")


def test_a_backup_in_its_own_corpus_is_refused(corpus: Corpus) -> None:
    with pytest.raises(CorpusError, match="another disk"):
        backup(corpus, corpus.root / "b.zip")


def test_a_lost_catalog_begins_again_from_the_log(corpus: Corpus) -> None:
    before = decided(corpus)
    forget(corpus, url=Shot("ben", 1).url)
    lose_catalog(corpus)
    refused = run("status", "-C", str(corpus.root))
    assert refused.returncode == 2
    assert "facecorpus restore" in refused.stderr
    ended = run("restore", "-C", str(corpus.root))
    assert ended.returncode == 0, ended.stderr
    assert decided(corpus) == {face: said for face, said in before.items() if face != face_id(Shot("ben", 1))}
    assert agree(corpus)
    with pytest.raises(CorpusError, match="works"):
        restore_from_log(corpus)


def test_the_verdicts_of_the_log_meet_the_faces_that_are_found_again(corpus: Corpus) -> None:
    def accepted() -> set[str]:
        with corpus.catalog() as catalog:
            return {face.face_id for face in catalog.faces.accepted()}

    say(corpus, ADA, "reject")
    before = accepted()
    lose_catalog(corpus)
    restore_from_log(corpus)
    assert accepted() == set()
    with corpus.catalog() as catalog, catalog.transaction():
        for shot in shots(each=2):
            catalog.faces.assign({_analysed(corpus, catalog, shot).face_id: shot.identity_id})
    assert accepted() == before
    forget(corpus, photo=sha256(Shot("ben", 0)))
    assert agree(corpus)


def test_forget_reaches_verdicts_whose_faces_are_not_found_again_yet(corpus: Corpus) -> None:
    lose_catalog(corpus)
    restore_from_log(corpus)
    forget(corpus, photo=sha256(ADA))
    assert face_id(ADA) not in decided(corpus)
    assert sha256(ADA)[:24] not in corpus.log.read_text()


# ---- What somebody else may have written


def rewritten(change: Callable[[dict[str, bytes]], object]) -> Callable[[Path], None]:
    """Changes the files of a backup, and makes its record agree, as whoever writes one can."""

    def write(file: Path) -> None:
        with zipfile.ZipFile(file) as archive:
            files = {name: archive.read(name) for name in archive.namelist()}
        change(files)
        record = json.loads(files[RECORD])
        for name in record["files"]:
            if name in files:
                record["files"][name] = {
                    "bytes": len(files[name]),
                    "sha256": hashlib.sha256(files[name]).hexdigest(),
                }
        files[RECORD] = json.dumps(record).encode()
        with zipfile.ZipFile(file, "w") as archive:
            for name, data in files.items():
                archive.writestr(name, data)

    return write


def sql(files: dict[str, bytes], statement: str) -> None:
    with closing(sqlite3.connect(":memory:")) as connection:
        connection.deserialize(files["catalog.sqlite"])
        connection.execute(statement)
        connection.commit()
        files["catalog.sqlite"] = connection.serialize()


def flipped(file: Path) -> None:
    data = bytearray(file.read_bytes())
    data[len(data) // 2] ^= 1
    file.write_bytes(data)


def unproved(file: Path) -> None:
    with zipfile.ZipFile(file) as archive:
        files = {name: archive.read(name) for name in archive.namelist()}
    with zipfile.ZipFile(file, "w") as archive:
        for name, data in files.items():
            archive.writestr(name, data + b"\n" * (name == "manifest.csv"))


def bomb(file: Path) -> None:
    record = {"format": 1, "files": {}}
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in ("catalog.sqlite", "decisions.jsonl", "corpus.toml", "manifest.csv"):
            record["files"][name] = {"bytes": 10, "sha256": "0" * 64}  # type: ignore[index]
            archive.writestr(name, bytes(50_000_000))
        archive.writestr(RECORD, json.dumps(record))


HOSTILE = {
    "no zip": lambda file: file.write_bytes(b"PK"),
    "cut short": lambda file: file.write_bytes(file.read_bytes()[:-100]),
    "a flipped bit": flipped,
    "not as recorded": unproved,
    "a bomb": bomb,
    "a path": rewritten(lambda files: files.update({"../evil": b"x"})),
    "a file less": rewritten(lambda files: files.pop("manifest.csv")),
    "a number for a hash": rewritten(lambda files: files.update({RECORD: b'{"format": 1, "files": []}'})),
    "a deep record": rewritten(lambda files: files.update({"corpus.toml": b"[" * 100_000})),
    "a foreign setting": rewritten(lambda files: files.update({"corpus.toml": b"evil = 1\n"})),
    "no database": rewritten(lambda files: files.update({"catalog.sqlite": b"x" * 5000})),
    "a trigger": rewritten(
        lambda files: sql(files, "CREATE TRIGGER t AFTER INSERT ON photo BEGIN DELETE FROM removal; END")
    ),
    "a changed verdict": rewritten(
        lambda files: sql(
            files,
            "INSERT INTO decision SELECT 99, face_id, identity_id, reviewer, kind, verdict,"
            " reason, decided_at, shown_as, NULL FROM decision LIMIT 1",
        )
    ),
    "a log of numbers": rewritten(lambda files: files.update({"decisions.jsonl": b'{"before": "", "secret": 7}\n'})),
    "no log": rewritten(lambda files: files.update({"decisions.jsonl": b""})),
    "a newer catalog": rewritten(lambda files: sql(files, f"PRAGMA user_version = {len(MIGRATIONS) + 1}")),
}


@pytest.mark.parametrize("how", HOSTILE)
def test_a_file_that_no_backup_wrote_changes_nothing(corpus: Corpus, tmp_path: Path, how: str) -> None:
    backup(corpus, tmp_path / "b.zip")
    HOSTILE[how](tmp_path / "b.zip")
    lose_catalog(corpus)
    with corpus.locked():
        before = tree(corpus.root)
    ended = run("restore", str(tmp_path / "b.zip"), "-C", str(corpus.root))
    assert ended.returncode == 2, ended.stdout + ended.stderr
    assert len(ended.stderr.splitlines()) == 1
    assert tree(corpus.root) == before
    assert not (tmp_path / "evil").exists()
    assert not (corpus.root / ".restore.tmp").exists()


def test_a_member_twice_is_refused(corpus: Corpus, tmp_path: Path) -> None:
    backup(corpus, tmp_path / "b.zip")
    data = io.BytesIO((tmp_path / "b.zip").read_bytes())
    with zipfile.ZipFile(data, "a") as archive, pytest.warns(UserWarning, match="Duplicate"):
        archive.writestr("manifest.csv", b"x")
    (tmp_path / "b.zip").write_bytes(data.getvalue())
    with pytest.raises(CorpusError, match="other files"):
        restore(tmp_path / "there", tmp_path / "b.zip")


def test_an_older_backup_is_brought_to_this_version(corpus: Corpus, tmp_path: Path) -> None:
    backup(corpus, tmp_path / "b.zip")
    shutil.rmtree(corpus.photos.root)
    restore(tmp_path / "there", tmp_path / "b.zip")
    with Corpus(tmp_path / "there").catalog() as catalog:
        assert catalog.query("PRAGMA user_version").fetchone()[0] == len(MIGRATIONS)
