"""Decisions from elsewhere: what is refused, which word counts afterwards, and how all of it is taken back."""

import csv
import json
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from review_corpus import ADA, BEN, Browser, face_ids, make_corpus, served

from facecorpus.corpus import Corpus
from facecorpus.errors import FacecorpusError
from facecorpus.judging.exchange import export_decisions, import_decisions, withdraw_decisions
from facecorpus.judging.policy import auto_review

YESTERDAY = (datetime.now(UTC) - timedelta(days=1)).isoformat(timespec="milliseconds")


@pytest.fixture
def corpus(tmp_path: Path) -> Corpus:
    return make_corpus(tmp_path / "review", {ADA: 12, BEN: 6})


def say(corpus: Corpus, face: str, reviewer: str, verdict: str, kind: str = "verdict") -> None:
    with corpus.catalog() as catalog:
        catalog.decisions.add([face], identity_id=ADA, reviewer=reviewer, verdict=verdict, kind=kind)


def counted(corpus: Corpus) -> set[str]:
    """The faces that a build would take."""
    with corpus.catalog() as catalog:
        return {face.face_id for face in catalog.faces.accepted()}


def word(corpus: Corpus, face: str, verdict: str = "accept", **said: str) -> dict[str, str]:
    """A line of an import, by bob, yesterday, where nothing else is said."""
    with corpus.catalog() as catalog:
        (sha256,) = catalog.query("SELECT photo_sha256 FROM face WHERE face_id = ?", (face,)).fetchone()
    line = {"face_id": face, "photo_sha256": sha256, "identity_id": ADA, "shown_as": ADA, "reviewer": "bob"}
    return line | {"kind": "verdict", "verdict": verdict, "reason": "", "decided_at": YESTERDAY} | said


def written(folder: Path, *words: dict[str, str], name: str = "d.jsonl") -> Path:
    (folder / name).write_text("".join(json.dumps(one) + "\n" for one in words))
    return folder / name


def poison(corpus: Corpus, face: str, **said: str) -> None:
    """What earlier versions took over: a row with any kind, name and time."""
    line = word(corpus, face, **said)
    columns = [name for name in line if name != "photo_sha256"]
    with corpus.catalog() as catalog, catalog.transaction() as connection:
        connection.execute(
            f"INSERT INTO decision ({', '.join(columns)}) VALUES ({', '.join('?' * len(columns))})",
            [line[name] for name in columns],
        )


def run(corpus: Corpus, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "facecorpus", "review", arguments[0], "-C", str(corpus.root), *arguments[1:]]
    return subprocess.run(command, capture_output=True, text=True, check=False)


# ---- Which word counts


def test_the_word_received_last_counts_whatever_time_another_claims(corpus: Corpus) -> None:
    face = face_ids(corpus, ADA)[0]
    poison(corpus, face, decided_at="9999-01-01T00:00:00.000+00:00", verdict="accept")
    say(corpus, face, "ada", "reject")
    assert face not in counted(corpus)
    with served(corpus) as base:
        (shown,) = [one for one in Browser(base, "sesame").faces() if one["face_id"] == face]
        assert (shown["verdict"], shown["reviewer"]) == ("reject", "ada")


def test_a_settlement_from_the_year_9999_gives_way_to_a_later_one(corpus: Corpus) -> None:
    face = face_ids(corpus, ADA)[0]
    poison(corpus, face, kind="settle", decided_at="9999-01-01T00:00:00.000+00:00")
    say(corpus, face, "ada", "reject", kind="settle")
    assert face not in counted(corpus)


def test_a_reviewer_who_is_said_to_have_spoken_in_9999_can_still_be_imported(corpus: Corpus, tmp_path: Path) -> None:
    face = face_ids(corpus, ADA)[0]
    poison(corpus, face, decided_at="9999-01-01T00:00:00.000+00:00")
    poison(corpus, face_ids(corpus, ADA)[1], decided_at=YESTERDAY)
    file = written(tmp_path, word(corpus, face, "reject"))
    assert import_decisions(corpus, file, own_name=True).added == 1
    assert face not in counted(corpus)


def test_an_undo_takes_back_no_word_of_another_that_claims_the_same_moment(corpus: Corpus, tmp_path: Path) -> None:
    one, two, three = face_ids(corpus, ADA)[:3]
    lines = [
        word(corpus, one, reviewer="ada"),
        word(corpus, two, reviewer="bob"),
        word(corpus, three, reviewer="ada"),
    ]
    import_decisions(corpus, written(tmp_path, *lines))
    say(corpus, one, "ada", "reject")
    with corpus.catalog() as catalog:
        assert catalog.decisions.undo(ADA, "ada") == [one]
        assert catalog.decisions.undo(ADA, "ada") == []  # an import is taken back by review withdraw
    assert counted(corpus) == {one, two, three}


# ---- What is refused

BAD = [
    ({"decided_at": "9999-01-01T00:00:00.000+00:00"}, "lies in the future"),
    ({"decided_at": (datetime.now(UTC) + timedelta(hours=2)).isoformat()}, "lies in the future"),
    ({"decided_at": "2026-01-01T00:00:00"}, "decided_at is .* it must be a time like"),
    ({"decided_at": "0001-01-01T00:00:00+23:00"}, "decided_at is .* it must be a time like"),
    ({"extra": "x"}, "expected face_id"),
    ({"reviewer": "bob\x1b[2J"}, "no reviewer's name"),
    ({"reviewer": "b" * 65}, "no reviewer's name"),
    ({"reviewer": "\ud800"}, "no reviewer's name"),
    ({"verdict": "reject", "reason": "because\x1b"}, "is no reason"),
    ({"reason": "quality"}, "is no reason"),
    ({"face_id": "../../x-0"}, "the face is not one of the photograph"),
    ({"photo_sha256": "x", "face_id": "x"}, "the face is not one of the photograph"),
]


@pytest.mark.parametrize(("said", "sentence"), BAD)
def test_what_no_export_writes_is_refused_with_its_line(
    corpus: Corpus, tmp_path: Path, said: dict[str, str], sentence: str
) -> None:
    one, two = face_ids(corpus, ADA)[:2]
    file = written(tmp_path, word(corpus, one), word(corpus, two) | said)
    with pytest.raises(FacecorpusError, match=f"line 2: .*{sentence}"):
        import_decisions(corpus, file)
    assert counted(corpus) == set()


@pytest.mark.parametrize("text", ["1" * 5000, "[" * 100_000, '{"face_id": NaN}', "null", '"x"'])
def test_json_that_is_none_is_refused(corpus: Corpus, tmp_path: Path, text: str) -> None:
    (tmp_path / "d.jsonl").write_text(text)
    with pytest.raises(FacecorpusError, match="line 1: expected"):
        import_decisions(corpus, tmp_path / "d.jsonl")


def test_a_column_too_many_and_a_cell_too_long_are_refused_in_csv_too(corpus: Corpus, tmp_path: Path) -> None:
    line = word(corpus, face_ids(corpus, ADA)[0])
    file = tmp_path / "d.csv"
    for fields, cells in (([*line, "path"], [*line.values(), "/x"]), ([*line], [*line.values(), "/x"])):
        with file.open("w", newline="") as open_file:
            csv.writer(open_file).writerows([fields, cells])
        with pytest.raises(FacecorpusError, match=r"line [12]: expected"):
            import_decisions(corpus, file)
    file.write_text(f"{','.join(line)}\n{'x' * 200_000}\n")
    with pytest.raises(FacecorpusError, match="cannot be read"):
        import_decisions(corpus, file)


def test_nobody_speaks_in_the_name_of_who_reviews_here_unless_said(corpus: Corpus, tmp_path: Path) -> None:
    one, two = face_ids(corpus, ADA)[:2]
    say(corpus, one, "ada", "accept")
    file = written(tmp_path, word(corpus, two, reviewer="ada"))
    ended = run(corpus, "import", str(file))
    assert ended.returncode == 2
    assert "ada" in ended.stderr
    assert "--own-name" in ended.stderr
    assert len(ended.stderr.splitlines()) == 1
    assert counted(corpus) == {one}
    assert run(corpus, "import", str(file), "--own-name").returncode == 0
    assert counted(corpus) == {one, two}


def test_what_settles_is_refused_unless_said(corpus: Corpus, tmp_path: Path) -> None:
    face = face_ids(corpus, ADA)[0]
    file = written(tmp_path, word(corpus, face, kind="settle"))
    with pytest.raises(FacecorpusError, match="--settled"):
        import_decisions(corpus, file)
    assert import_decisions(corpus, file, settled=True).added == 1
    assert import_decisions(corpus, file).known == 1  # what changes nothing needs no word


def test_ones_own_export_comes_back_without_a_word(corpus: Corpus, tmp_path: Path) -> None:
    say(corpus, face_ids(corpus, ADA)[0], "ada", "accept")
    export_decisions(corpus, tmp_path / "d.csv")
    assert import_decisions(corpus, tmp_path / "d.csv").known == 1


def test_of_two_words_of_one_reviewer_in_a_file_the_newer_counts(corpus: Corpus, tmp_path: Path) -> None:
    face = face_ids(corpus, ADA)[0]
    older = (datetime.now(UTC) - timedelta(days=2)).isoformat()
    found = import_decisions(
        corpus, written(tmp_path, word(corpus, face, "accept"), word(corpus, face, "reject", decided_at=older))
    )
    assert (found.added, found.older) == (1, 1)
    assert counted(corpus) == {face}


# ---- Looking first


def test_a_dry_run_shows_who_said_what_and_changes_nothing(corpus: Corpus, tmp_path: Path) -> None:
    one, two, three = face_ids(corpus, ADA)[:3]
    say(corpus, one, "ada", "accept")
    lines = [
        word(corpus, two, reviewer="ada"),
        word(corpus, two, "accept"),
        word(corpus, one, "reject", reason="quality"),
        word(corpus, three, kind="settle"),
    ]
    ended = run(corpus, "import", str(written(tmp_path, *lines)), "--dry-run")
    assert ended.returncode == 0, ended.stderr
    assert "bob: 1 accept, 1 reject, 1 settle accept; 3 new" in ended.stdout
    assert "ada, who reviews here: 1 accept; 1 new" in ended.stdout
    assert "Nothing was taken over" in ended.stdout
    assert counted(corpus) == {one}
    with corpus.catalog() as catalog:
        assert catalog.exchange.imports() == []


# ---- Taking back


def test_all_that_a_reviewer_said_is_taken_back_and_nothing_deleted(corpus: Corpus) -> None:
    one, two = face_ids(corpus, ADA)[:2]
    poison(corpus, one, kind="settle", decided_at="9999-01-01T00:00:00.000+00:00")
    poison(corpus, two, decided_at="9999-01-01T00:00:00.000+00:00")
    say(corpus, two, "ada", "accept")
    ended = run(corpus, "withdraw", "bob")
    assert ended.returncode == 0, ended.stderr
    assert "2 decisions of bob" in ended.stdout
    assert counted(corpus) == {two}
    with corpus.catalog() as catalog:
        assert [row.verdict for row in catalog.decisions.all()] == ["accept"] * 3 + ["undecided"] * 2
    assert "0 decisions" in run(corpus, "withdraw", "bob").stdout


def test_one_import_is_taken_back_and_what_stood_before_it_counts_again(corpus: Corpus, tmp_path: Path) -> None:
    one, two, three = face_ids(corpus, ADA)[:3]
    import_decisions(corpus, written(tmp_path, word(corpus, one), word(corpus, two)))
    newer = datetime.now(UTC).isoformat(timespec="milliseconds")
    lines = [word(corpus, one, "reject", decided_at=newer), word(corpus, three, reviewer="eve")]
    second = import_decisions(corpus, written(tmp_path, *lines, name="bad.jsonl"))
    assert counted(corpus) == {two, three}
    listed = run(corpus, "withdraw")
    assert listed.returncode == 2
    assert f"--import {second.number}" in listed.stderr
    assert "bad.jsonl" in listed.stderr
    assert run(corpus, "withdraw", "--import", str(second.number)).returncode == 0
    assert counted(corpus) == {one, two}
    assert import_decisions(corpus, tmp_path / "bad.jsonl").added == 0  # what was taken back does not return


def test_what_was_said_after_an_import_stays(corpus: Corpus, tmp_path: Path) -> None:
    face = face_ids(corpus, ADA)[0]
    number = import_decisions(corpus, written(tmp_path, word(corpus, face, reviewer="ada"))).number
    say(corpus, face, "ada", "reject")
    assert withdraw_decisions(corpus, number=number).decisions == 0
    assert counted(corpus) == set()


def test_a_withdrawal_is_undone_on_each_page_by_itself(corpus: Corpus) -> None:
    here, there = face_ids(corpus, ADA)[:2], face_ids(corpus, BEN)[0]
    for face, who in ((here[0], ADA), (here[1], ADA), (there, BEN)):
        with corpus.catalog() as catalog:
            catalog.decisions.add([face], identity_id=who, reviewer="ada", verdict="accept")
            catalog.decisions.add([face], identity_id=who, reviewer="ada", verdict="remove", kind="removal")
    withdraw_decisions(corpus, "ada")
    assert counted(corpus) == set()
    with corpus.catalog() as catalog:
        assert catalog.review.marked() == []
        for _ in ("the verdicts", "the marks"):
            assert catalog.decisions.undo(BEN, "ada") == [there]
        assert len(catalog.review.marked()) == 1
        for _ in ("the verdicts", "the marks"):
            assert sorted(catalog.decisions.undo(ADA, "ada")) == sorted(here)
        assert len(catalog.review.marked()) == 3


def test_the_automatic_policy_judges_again_what_was_taken_back(corpus: Corpus, tmp_path: Path) -> None:
    face = face_ids(corpus, ADA, "right")[0]
    number = import_decisions(corpus, written(tmp_path, word(corpus, face, "reject"))).number
    withdraw_decisions(corpus, number=number)
    auto_review(corpus)
    assert face in counted(corpus)


def test_a_withdrawal_does_not_travel_in_the_name_of_who_did_not_say_it(corpus: Corpus, tmp_path: Path) -> None:
    import_decisions(corpus, written(tmp_path, word(corpus, face_ids(corpus, ADA)[0])))
    withdraw_decisions(corpus, "bob")
    assert export_decisions(corpus, tmp_path / "out.jsonl").decisions == 0


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["eve"], "'eve' has said nothing here"),
        (["--import", "7"], "There is no import 7"),
        (["ada", "--import", "1"], "either a reviewer or --import"),
    ],
)
def test_nobody_and_nothing_to_withdraw_is_one_sentence(corpus: Corpus, arguments: list[str], sentence: str) -> None:
    say(corpus, face_ids(corpus, ADA)[0], "ada", "accept")
    ended = run(corpus, "withdraw", *arguments)
    assert ended.returncode == 2
    assert sentence in ended.stderr
    assert len(ended.stderr.splitlines()) == 1
