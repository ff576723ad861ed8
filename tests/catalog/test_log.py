"""decisions.jsonl: what was decided survives the catalog, whatever is killed, lost, damaged or forgotten."""

import hashlib
import json
import os
import shutil
import sqlite3
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from build_corpus import Shot, face_id, ready_corpus, sha256, shots, tree
from review_corpus import ADA, face_ids, make_corpus
from whole_corpus import altered

from facecorpus.catalog import Catalog, log
from facecorpus.catalog.log_keeper import LogKeeper
from facecorpus.corpus import Corpus
from facecorpus.errors import CorpusError
from facecorpus.takedown.stage import forget
from facecorpus.upkeep.verify import verify

KILLED = """
import os, signal, sys
from pathlib import Path
from facecorpus.catalog import Catalog, log
from facecorpus.corpus import Corpus
corpus, how, *faces = Corpus(Path(sys.argv[1])), *sys.argv[2:]
kill = lambda: os.kill(os.getpid(), signal.SIGKILL)
append = log.append
def torn(path, at, lines):
    data = b"".join(lines)
    append(path, at, [data[: len(data) * int(how) // 100]])
    kill()
with corpus.catalog() as catalog:
    log.append = torn
    catalog.decisions.add(faces, identity_id="ada-example", reviewer="ada", verdict="accept")
"""


@pytest.fixture
def corpus(tmp_path: Path) -> Corpus:
    return make_corpus(tmp_path / "review", {ADA: 12})


def say(corpus: Corpus, *faces: str, verdict: str = "accept", who: str = ADA) -> None:
    with corpus.catalog() as catalog:
        catalog.decisions.add(list(faces), identity_id=who, reviewer="ada", verdict=verdict)


def lines(corpus: Corpus) -> list[dict[str, Any]]:
    """The log's lines; each names the one before."""
    raw = corpus.log.read_bytes().splitlines()
    read = [json.loads(line) for line in raw]
    before = ["", *(hashlib.sha256(line).hexdigest() for line in raw)]
    assert [line["before"] for line in read] == before[:-1]
    return read


def rows(corpus: Corpus) -> list[tuple[str, str]]:
    with corpus.catalog() as catalog:
        return [(row.face_id, row.verdict) for row in catalog.decisions.all()]


def differences(corpus: Corpus) -> list[str]:
    with corpus.catalog() as catalog:
        assert catalog.log
        return [f"{one.name}: {one.sentence}" for one in catalog.log.differences()]


def lose_catalog(corpus: Corpus) -> None:
    for path in corpus.root.glob("catalog.sqlite*"):
        path.unlink()


def test_every_decision_has_a_line_when_it_is_told_of(corpus: Corpus) -> None:
    one, two = face_ids(corpus, ADA)[:2]
    with corpus.catalog() as catalog:
        for number, face in enumerate((one, two), 1):
            catalog.decisions.add([face], identity_id=ADA, reviewer="ada", verdict="accept")
            last = lines(corpus)[-1]
            assert (last["decision_id"], last["face_id"], last["reviewer"]) == (number, face, "ada")
        assert lines(corpus)[0]["secret"] == catalog.removal_secret.hex()
    assert corpus.log.stat().st_mode == (corpus.root / "catalog.sqlite").stat().st_mode
    assert differences(corpus) == []


def test_an_undone_transaction_leaves_no_line(corpus: Corpus) -> None:
    before = corpus.log.read_bytes()
    with pytest.raises(ValueError, match="no"), corpus.catalog() as catalog, catalog.transaction():
        catalog.decisions.add(face_ids(corpus, ADA)[:1], identity_id=ADA, reviewer="ada", verdict="accept")
        raise ValueError("no")
    assert corpus.log.read_bytes() == before
    assert rows(corpus) == []


def test_what_the_disk_does_not_take_stands_nowhere(corpus: Corpus, monkeypatch: pytest.MonkeyPatch) -> None:
    before = corpus.log.read_bytes()
    faces = face_ids(corpus, ADA)

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    with corpus.catalog() as catalog:
        monkeypatch.setattr(log, "_sync", full)
        with pytest.raises(OSError, match="No space") as caught:
            catalog.decisions.add(faces, identity_id=ADA, reviewer="ada", verdict="accept")
        assert caught.value.filename == str(corpus.log)
        monkeypatch.undo()
        assert corpus.log.read_bytes() == before
        assert catalog.decisions.all() == []
        catalog.decisions.add(faces, identity_id=ADA, reviewer="ada", verdict="accept")
    assert len(rows(corpus)) == len(faces)
    assert differences(corpus) == []


@pytest.mark.parametrize("rolled_back_by_sqlite", [False, True])
def test_a_commit_that_fails_takes_its_lines_along(
    corpus: Corpus, monkeypatch: pytest.MonkeyPatch, rolled_back_by_sqlite: bool
) -> None:
    before = corpus.log.read_bytes()
    ending = LogKeeper.ending

    def fails(keeper: LogKeeper) -> None:
        ending(keeper)
        if rolled_back_by_sqlite:
            keeper._catalog.query("ROLLBACK")
        raise sqlite3.OperationalError("disk I/O error")

    with corpus.catalog() as catalog:
        monkeypatch.setattr(LogKeeper, "ending", fails)
        with pytest.raises(sqlite3.OperationalError, match="I/O"):
            catalog.decisions.add(face_ids(corpus, ADA), identity_id=ADA, reviewer="ada", verdict="accept")
        monkeypatch.undo()
        assert corpus.log.read_bytes() == before
        assert catalog.decisions.all() == []


@pytest.mark.parametrize(("percent", "kept"), [(0, 0), (1, 0), (50, 0), (99, 0), (100, 12)])
def test_a_bulk_verdict_killed_between_log_and_catalog_is_there_as_a_whole_or_not_at_all(
    corpus: Corpus, percent: int, kept: int
) -> None:
    faces = [*face_ids(corpus, ADA), *face_ids(corpus, ADA, kept=False)]
    ended = subprocess.run([sys.executable, "-c", KILLED, str(corpus.root), str(percent), *faces], check=False)
    assert ended.returncode == -9
    assert len(rows(corpus)) == kept
    assert differences(corpus) == []
    say(corpus, *faces)
    assert len(rows(corpus)) == 12
    assert len(lines(corpus)) == 13
    assert differences(corpus) == []


def test_a_kill_is_mended_by_the_next_write_of_a_page_that_stays_open(corpus: Corpus) -> None:
    one, two = face_ids(corpus, ADA)[:2]
    with corpus.catalog() as page:
        subprocess.run([sys.executable, "-c", KILLED, str(corpus.root), "100", one], check=False)
        page.decisions.add([two], identity_id=ADA, reviewer="bob", verdict="reject")
        assert [(row.face_id, row.reviewer) for row in page.decisions.all()] == [(one, "ada"), (two, "bob")]
    assert differences(corpus) == []


def test_several_writers_make_one_chain(corpus: Corpus) -> None:
    program = (
        "import sys; from pathlib import Path; from facecorpus.corpus import Corpus\n"
        "with Corpus(Path(sys.argv[1])).catalog() as catalog:\n"
        "    for number in range(40):\n"
        "        catalog.decisions.add(sys.argv[3:], identity_id='ada-example', reviewer=sys.argv[2],"
        " verdict=('accept', 'reject')[number % 2])\n"
    )
    faces = face_ids(corpus, ADA)[:2]
    running = [
        subprocess.Popen([sys.executable, "-c", program, str(corpus.root), name, *faces]) for name in ("bob", "eve")
    ]
    assert [one.wait() for one in running] == [0, 0]
    assert len(lines(corpus)) == 1 + 2 * 2 * 40
    assert differences(corpus) == []


def test_an_older_corpus_gets_its_log_at_the_first_opening(corpus: Corpus) -> None:
    say(corpus, *face_ids(corpus, ADA))
    corpus.log.unlink()
    altered(corpus, "DELETE FROM decision_log")
    assert differences(corpus) == []
    assert len(lines(corpus)) == 1 + len(rows(corpus))


# ---- What is lost


def test_a_lost_catalog_gets_its_decisions_removals_and_secret_back(tmp_path: Path) -> None:
    corpus = ready_corpus(tmp_path / "c", shots(each=2))
    forget(corpus, url=Shot("ben", 0).url)
    before = rows(corpus)
    with corpus.catalog() as catalog:
        taken_down = catalog.removals.taken_down()
    lose_catalog(corpus)
    shutil.rmtree(corpus.photos.root)
    assert rows(corpus) == before
    with corpus.catalog() as catalog:
        assert catalog.removals.taken_down() == taken_down
        assert Shot("ben", 0).url in catalog.removals.taken_down()
    assert differences(corpus) == []


def test_an_older_catalog_put_back_gets_what_was_said_since(corpus: Corpus) -> None:
    one, two, three = face_ids(corpus, ADA)[:3]
    say(corpus, one)
    copy = (corpus.root / "catalog.sqlite").read_bytes()
    say(corpus, two)
    say(corpus, three, verdict="reject")
    lose_catalog(corpus)
    (corpus.root / "catalog.sqlite").write_bytes(copy)
    assert rows(corpus) == [(one, "accept"), (two, "accept"), (three, "reject")]
    assert differences(corpus) == []


def test_a_lost_log_is_written_anew(corpus: Corpus, capsys: pytest.CaptureFixture[str]) -> None:
    say(corpus, *face_ids(corpus, ADA))
    corpus.log.unlink()
    assert differences(corpus) == []
    assert "decisions.jsonl" in capsys.readouterr().err


def test_the_log_of_another_corpus_is_refused(corpus: Corpus, tmp_path: Path) -> None:
    say(corpus, face_ids(corpus, ADA)[0])
    other = make_corpus(tmp_path / "other", {ADA: 3})
    shutil.copy(other.log, corpus.log)
    with pytest.raises(CorpusError, match="log of another corpus"):
        rows(corpus)


# ---- What is damaged


def test_verify_names_a_changed_row_and_repair_takes_the_logs(corpus: Corpus) -> None:
    faces = face_ids(corpus, ADA)[:3]
    say(corpus, *faces)
    altered(
        corpus,
        "UPDATE decision SET verdict = 'reject' WHERE decision_id = 2",
        "DELETE FROM decision WHERE decision_id = 3",
    )
    found = verify(corpus)
    assert [one.name for one in found.problems if one.kind == "decisions.jsonl"] == ["decision 2", "decision 3"]
    assert "verdict is 'reject', in the log 'accept'" in str(found)
    assert found.next_command == "verify --repair"
    assert all(one.repaired for one in verify(corpus, repair=True).problems if one.kind == "decisions.jsonl")
    assert rows(corpus) == [(face, "accept") for face in faces]
    assert differences(corpus) == []


def test_each_flipped_bit_of_the_log_is_found_and_mended_from_the_catalog(corpus: Corpus) -> None:
    say(corpus, *face_ids(corpus, ADA)[:2])
    say(corpus, face_ids(corpus, ADA)[2], verdict="reject")
    before, whole = rows(corpus), corpus.log.read_bytes()
    for place in range(0, 8 * len(whole), 37):
        damaged = bytearray(whole)
        damaged[place // 8] ^= 1 << place % 8
        corpus.log.write_bytes(damaged)
        assert differences(corpus), place
    verify(corpus, repair=True)
    assert rows(corpus) == before
    assert differences(corpus) == []
    (aside,) = corpus.quarantine.root.glob("decisions.jsonl*")
    assert aside.read_bytes() == damaged


# ---- What is forgotten


def test_forget_leaves_keyed_hashes_and_a_new_chain(tmp_path: Path) -> None:
    corpus = ready_corpus(tmp_path / "c", shots(each=2))
    gone = Shot("ada", 0)
    count = len(lines(corpus))
    forget(corpus, photo=sha256(gone))
    text = corpus.log.read_text()
    assert sha256(gone)[:24] not in text
    assert gone.url not in text
    read = lines(corpus)
    assert [set(line) for line in read if "forgotten" in line] == [{"before", "decision_id", "forgotten"}]
    assert len(read) > count  # the removals came
    assert differences(corpus) == []
    assert {one.kind for one in verify(corpus).problems} <= {"crop"}  # no crop was ever cut here


def test_what_was_forgotten_does_not_come_back_with_an_older_catalog(tmp_path: Path) -> None:
    corpus = ready_corpus(tmp_path / "c", shots(each=2))
    gone = Shot("ada", 0)
    copy = (corpus.root / "catalog.sqlite").read_bytes()
    forget(corpus, photo=sha256(gone))
    lose_catalog(corpus)
    (corpus.root / "catalog.sqlite").write_bytes(copy)
    assert face_id(gone) not in dict(rows(corpus))
    with corpus.catalog() as catalog:
        assert sha256(gone) in catalog.removals.taken_down()
        assert face_id(gone) not in [face.face_id for face in catalog.faces.accepted()]
    assert differences(corpus) == []
    assert f"forget --photo {sha256(gone)}" in [one.mend for one in verify(corpus).problems]


@pytest.mark.parametrize("step", ["replace", "after"])
def test_a_forget_killed_while_the_log_is_sealed_is_finished(tmp_path: Path, step: str) -> None:
    corpus = ready_corpus(tmp_path / "c", shots(each=2))
    gone = Shot("ada", 0)
    program = (
        "import os, signal, sys; from pathlib import Path; from facecorpus.catalog import log;"
        "from facecorpus.corpus import locked_corpus; from facecorpus.takedown.stage import forget\n"
        "real = log.replace\n"
        "def killed(*given):\n"
        "    if sys.argv[3] == 'after': real(*given)\n"
        "    os.kill(os.getpid(), signal.SIGKILL)\n"
        "log.replace = killed\n"
        "with locked_corpus(Path(sys.argv[1])) as corpus: forget(corpus, photo=sys.argv[2])\n"
    )
    ended = subprocess.run([sys.executable, "-c", program, str(corpus.root), sha256(gone), step], check=False)
    assert ended.returncode == -9
    command = [sys.executable, "-m", "facecorpus", "build", "-C", str(corpus.root)]
    assert subprocess.run(command, capture_output=True, check=False).returncode == 0
    for name, data in tree(corpus.root).items():
        assert sha256(gone)[:24].encode() not in data, name
    assert differences(corpus) == []


def test_a_catalog_without_a_log_writes_none(tmp_path: Path) -> None:
    catalog = Catalog(tmp_path / "catalog.sqlite")
    catalog.close()
    assert os.listdir(tmp_path) == ["catalog.sqlite"]
