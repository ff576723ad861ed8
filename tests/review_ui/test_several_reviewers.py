"""Several reviewers: who counts, overlap, agreement, export and import, coming in with a password, forgetting marks."""

import csv
import json
import re
import sqlite3
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import requests
from hypothesis import given, settings
from hypothesis import strategies as st
from people import person
from review_corpus import ADA, BEN, Browser, face_ids, make_corpus, served

from facecorpus.catalog import Catalog
from facecorpus.catalog.descriptors import Described
from facecorpus.catalog.schema import MIGRATIONS
from facecorpus.catalog.standing import Said, stand
from facecorpus.corpus import Corpus
from facecorpus.errors import CorpusError, FacecorpusError
from facecorpus.judging.agreement import measure_agreement
from facecorpus.judging.exchange import export_decisions, import_decisions
from facecorpus.judging.policy import auto_review
from facecorpus.settings import RankSettings, ReviewSettings, Settings
from facecorpus.takedown.stage import forget
from review_ui import serve
from review_ui.learning import Taught, rerank


@pytest.fixture
def corpus(tmp_path: Path) -> Corpus:
    return make_corpus(tmp_path / "review", {ADA: 12, BEN: 6})


def say(corpus: Corpus, face: str, reviewer: str, verdict: str, *, kind: str = "verdict", who: str = ADA) -> None:
    """One word of a reviewer, of kind 'verdict' where nothing else is said."""
    reason = "quality" if verdict == "reject" else ""
    with corpus.catalog() as catalog:
        catalog.decisions.add(
            [face], identity_id=who, reviewer=reviewer, verdict=verdict, reason=reason, kind=kind, shown_as=ADA
        )


def counted(corpus: Corpus) -> list[str]:
    """The faces that a build would take."""
    with corpus.catalog() as catalog:
        return [face.face_id for face in catalog.faces.accepted()]


# ---- Which word counts


def test_a_settlement_stands_above_later_verdicts_and_can_be_withdrawn(corpus: Corpus) -> None:
    face = face_ids(corpus, ADA)[0]
    for reviewer, verdict in (("ada", "accept"), ("bob", "reject")):
        say(corpus, face, reviewer, verdict)
    assert counted(corpus) == []
    say(corpus, face, "cleo", "accept", kind="settle")
    say(corpus, face, "dan", "reject")
    assert counted(corpus) == [face]
    with corpus.catalog() as catalog:
        assert catalog.review.disputes()[0].settled
        assert catalog.decisions.undo(ADA, "cleo") == [face]
    assert counted(corpus) == []


def test_an_age_or_a_mark_is_no_verdict_and_is_undone_by_itself(corpus: Corpus) -> None:
    face = face_ids(corpus, ADA)[0]
    say(corpus, face, "ada", "accept")
    say(corpus, face, "ada", "old", kind="age")
    say(corpus, face, "ada", "remove", kind="removal")
    assert counted(corpus) == []  # a marked photograph is not built
    with corpus.catalog() as catalog:
        catalog.decisions.undo(ADA, "ada")
        assert list(catalog.review.age_corrections().values()) == ["old"]
        catalog.decisions.undo(ADA, "ada")
        assert catalog.review.age_corrections() == {}
    assert counted(corpus) == [face]


def test_the_automatic_policy_judges_faces_of_which_people_said_only_an_age(corpus: Corpus) -> None:
    face = face_ids(corpus, ADA, "right")[0]
    say(corpus, face, "ada", "old", kind="age")
    auto_review(corpus)
    assert face in counted(corpus)


FACE = "f" * 24 + "-0"
WORDS = st.lists(
    st.tuples(st.sampled_from(["ada", "bob", "auto"]), st.sampled_from(["verdict", "settle"]), st.booleans()),
    max_size=6,
)


@settings(deadline=None)  # a busy machine is no fault
@given(WORDS)
def test_the_page_and_the_build_agree_on_the_word_that_counts(words: list[tuple[str, str, bool]]) -> None:
    catalog = Catalog(Path(":memory:"))
    catalog.identities.replace_all([person(ADA)])
    for reviewer, kind, accept in words:
        verdict = "accept" if accept else "reject"
        catalog.decisions.add([FACE], identity_id=ADA, reviewer=reviewer, verdict=verdict, kind=kind)
    latest = [
        Said(*row)
        for row in catalog.query(
            "SELECT face_id, kind, identity_id, reviewer, verdict, reason, decided_at, decision_id FROM latest"
        )
    ]
    shown = stand(FACE, latest, "ada", ReviewSettings())
    row = catalog.query("SELECT verdict, reviewer FROM verdict").fetchone()
    assert (shown.verdict, shown.reviewer) == (tuple(row) if row else (None, ""))
    catalog.close()


def test_a_share_of_the_faces_is_left_for_a_second_person(corpus: Corpus) -> None:
    for face in face_ids(corpus, ADA):
        say(corpus, face, "ada", "accept")
    with corpus.catalog() as catalog:
        left = [
            {one.identity_id: one.left for one in catalog.progress.of(reviewer, ReviewSettings(overlap=share))}[ADA]
            for reviewer, share in (("bob", 0.0), ("bob", 1.0), ("ada", 1.0))
        ]
        some = catalog.progress.of("bob", ReviewSettings(overlap=0.5))[0].left
    assert left == [0, 11, 0]
    assert some == sum(face < "8" for face in face_ids(corpus, ADA))


def test_decisions_of_an_older_catalog_are_taken_over(tmp_path: Path) -> None:
    old = sqlite3.connect(tmp_path / "catalog.sqlite")
    with old:
        old.executescript(MIGRATIONS[0])
        old.execute("INSERT INTO identity VALUES ('ada', 0, 1, 'Ada', NULL)")
        old.execute("INSERT INTO decision VALUES (7, 'f', 'ada', 'eve', 'reject', 'quality', '2026-01-01')")
        old.execute("PRAGMA user_version = 1")
    old.close()
    catalog = Catalog(tmp_path / "catalog.sqlite")
    (row,) = catalog.decisions.all()
    assert (row.face_id, row.verdict, row.kind, row.shown_as) == ("f", "reject", "verdict", "ada")
    assert catalog.decisions.undo("ada", "eve") == ["f"]
    catalog.close()


# ---- Agreement


def test_agreement_is_kappa_over_the_faces_that_both_judged(corpus: Corpus) -> None:
    for place, face in enumerate(face_ids(corpus, ADA)[:10]):
        say(corpus, face, "ada", "accept" if place < 5 else "reject")
        say(corpus, face, "bob", "accept" if place < 4 else "reject")
    found = measure_agreement(corpus)
    (pair,) = found.pairs
    assert (pair.one, pair.two, pair.faces, pair.same) == ("ada", "bob", 10, 9)
    assert pair.kappa == pytest.approx(0.8)  # observed 0.9, by chance 0.5
    assert (found.disputed, found.settled) == (1, 0)
    assert "ada and bob: 9 of 10 faces the same, kappa 0.800." in str(found)


def test_agreement_without_a_second_person_says_what_to_set(corpus: Corpus) -> None:
    say(corpus, face_ids(corpus, ADA)[0], "ada", "accept")
    assert "set overlap in [review]" in str(measure_agreement(corpus))


# ---- Between machines


@pytest.mark.parametrize("suffix", [".csv", ".jsonl"])
def test_decisions_travel_and_a_second_import_changes_nothing(corpus: Corpus, tmp_path: Path, suffix: str) -> None:
    one, two, three = face_ids(corpus, ADA)[:3]
    say(corpus, one, "ada", "accept")
    say(corpus, two, "ada", "reject")
    say(corpus, three, "bob", "old", kind="age")
    say(corpus, two, "bob", "accept", who=BEN)
    file = tmp_path / f"decisions{suffix}"
    assert export_decisions(corpus, file).decisions == 4
    other = make_corpus(tmp_path / "other", {ADA: 12, BEN: 6})
    assert import_decisions(other, file).added == 4
    again = import_decisions(other, file)
    assert (again.added, again.known) == (0, 4)
    assert counted(other) == counted(corpus)
    assert export_decisions(other, tmp_path / f"back{suffix}").decisions == 4
    assert (tmp_path / f"back{suffix}").read_bytes() == file.read_bytes()


def test_a_newer_word_here_is_not_overwritten_by_an_older_one_from_elsewhere(corpus: Corpus, tmp_path: Path) -> None:
    face = face_ids(corpus, ADA)[0]
    say(corpus, face, "ada", "accept")
    export_decisions(corpus, tmp_path / "old.jsonl")
    say(corpus, face, "ada", "reject")
    assert import_decisions(corpus, tmp_path / "old.jsonl").older == 1
    assert counted(corpus) == []


def test_what_an_import_does_not_find_is_counted(corpus: Corpus, tmp_path: Path) -> None:
    face, other = face_ids(corpus, ADA)[:2]
    say(corpus, face, "ada", "accept")
    say(corpus, other, "ada", "accept")
    export_decisions(corpus, tmp_path / "all.csv")
    rows = list(csv.DictReader((tmp_path / "all.csv").read_text().splitlines()))
    rows[0] |= {"face_id": "0" * 24 + "-0", "photo_sha256": "0" * 64}
    rows[1] |= {"identity_id": "nobody", "reviewer": "eve"}
    (tmp_path / "some.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    found = import_decisions(corpus, tmp_path / "some.jsonl")
    assert (found.without_face, found.without_person, found.added) == (1, 1, 0)
    assert "crawl the same photographs here" in str(found)


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("a.txt", "", "is named neither .csv nor .jsonl"),
        ("a.jsonl", '{"face_id": 1}\n', "a.jsonl, line 1: expected face_id"),
        ("a.jsonl", "[", "line 1: expected"),
        ("a.csv", "face_id,photo_sha256\nx,y\n", "line 1: expected"),
    ],
)
def test_a_file_that_is_no_export_is_refused_with_its_line(
    corpus: Corpus, tmp_path: Path, name: str, text: str, said: str
) -> None:
    (tmp_path / name).write_text(text)
    with pytest.raises(FacecorpusError, match=said):
        import_decisions(corpus, tmp_path / name)


def test_a_wrong_line_takes_over_nothing(corpus: Corpus, tmp_path: Path) -> None:
    faces = face_ids(corpus, ADA)[:2]
    for face in faces:
        say(corpus, face, "ada", "accept")
    export_decisions(corpus, tmp_path / "all.jsonl")
    other = make_corpus(tmp_path / "other", {ADA: 12})
    text = (tmp_path / "all.jsonl").read_text().splitlines()
    (tmp_path / "bad.jsonl").write_text("\n".join([text[0], text[1].replace("accept", "perhaps")]))
    with pytest.raises(FacecorpusError, match=r"line 2: 'perhaps' is nothing that can be said"):
        import_decisions(other, tmp_path / "bad.jsonl")
    assert counted(other) == []


def test_the_commands_export_import_and_agreement(corpus: Corpus, tmp_path: Path) -> None:
    say(corpus, face_ids(corpus, ADA)[0], "ada", "accept")
    for arguments, said in (
        (["export", str(tmp_path / "d.csv")], "Wrote 1 decisions of 1 reviewers"),
        (["import", str(tmp_path / "d.csv")], "0 decisions added, 1 were here already"),
        (["agreement"], "No face has been judged by two people"),
    ):
        command = [sys.executable, "-m", "facecorpus", "review", arguments[0], "-C", str(corpus.root), *arguments[1:]]
        ended = subprocess.run(command, capture_output=True, text=True, check=True)
        assert said in ended.stdout
        assert "Next: facecorpus review" in ended.stdout


# ---- Marked for removal


def test_forget_takes_down_what_was_marked(corpus: Corpus) -> None:
    face, other = face_ids(corpus, ADA)[:2]
    say(corpus, face, "ada", "remove", kind="removal")
    with served(corpus) as base:
        text = " ".join(Browser(base, "sesame").ask("/").text.split())
        assert f"1 photograph is marked for removal: <code>facecorpus forget --marked -C {corpus.root}</code>" in text
    assert forget(corpus, marked=True).photographs == 1
    assert face not in face_ids(corpus, ADA)
    assert other in face_ids(corpus, ADA)
    assert forget(corpus, marked=True).photographs == 0
    with pytest.raises(CorpusError, match="exactly one of"):
        forget(corpus, photo=other, marked=True)


# ---- Coming in with a password

SECRET = "correct horse"


def come_in(base: str, name: str, password: str, origin: str = "") -> requests.Response:
    form = {"name": name, "password": password}
    return requests.post(f"{base}/login", data=form, headers={"Origin": origin or base})


def test_everybody_comes_in_under_a_name_of_their_own(corpus: Corpus) -> None:
    face = face_ids(corpus, ADA)[0]
    with served(corpus, password=SECRET) as base:
        form = requests.get(base).text
        assert "Password" in form
        style = re.search(r'href="(/static/[^"]+/style.css)"', form)
        assert style
        assert requests.get(base + style[1]).ok
        for name in ("bob", "cleo"):
            cookies = come_in(base, name, SECRET).cookies
            body = {"identity_id": ADA, "face_ids": [face], "verdict": "accept"}
            answer = requests.post(f"{base}/api/decisions", json=body, headers={"Origin": base}, cookies=cookies)
            assert answer.ok
    with corpus.catalog() as catalog:
        assert [row.reviewer for row in catalog.decisions.all()] == ["bob", "cleo"]


@pytest.mark.parametrize(
    ("name", "password", "origin"),
    [
        ("bob", "wrong", ""),
        ("bob", "", ""),
        ("auto", SECRET, ""),
        ("", SECRET, ""),
        ("bob", SECRET, "http://evil.example"),
    ],
)
def test_nobody_comes_in_otherwise(corpus: Corpus, name: str, password: str, origin: str) -> None:
    with served(corpus, password=SECRET) as base:
        answer = come_in(base, name, password, origin)
        assert answer.status_code in (401, 403)
        assert not answer.cookies
        assert requests.get(f"{base}/?token=sesame").text.count("Ada Example") == 0
        assert requests.get(f"{base}/api/identity/{ADA}").status_code == 401


def test_with_a_password_foreign_host_names_are_refused_still(corpus: Corpus) -> None:
    with served(corpus, password=SECRET) as base:
        port = base.rsplit(":", 1)[1]
        assert requests.get(base, headers={"Host": f"evil.example:{port}"}).status_code == 403


@pytest.mark.parametrize(("password", "said"), [(None, "FACECORPUS_REVIEW_PASSWORD"), ("short", "5 characters")])
def test_a_page_for_others_needs_a_good_password(corpus: Corpus, password: str | None, said: str) -> None:
    with pytest.raises(FacecorpusError, match=said):
        serve(corpus, host="0.0.0.0", port=0, reviewer="ada", open_browser=False, password=password)


# ---- Learning along


def _faces(likely: list[float]) -> Described:
    """Faces on a line between two people: the first half near one, the rest near the other."""
    count = len(likely)
    descriptors = np.zeros((count, 128), np.float32)
    descriptors[: count // 2, 0] = 0.3
    descriptors[count // 2 :, 1] = 0.3
    descriptors[:, 2] = np.linspace(0, 0.02, count)
    flags = np.zeros(count, np.bool_)
    return Described(tuple(map(str, range(count))), descriptors, np.array(likely), flags, flags)


def test_accepting_some_faces_makes_those_like_them_likelier() -> None:
    faces = _faces([0.5] * 20)
    accepted = np.zeros(20, np.bool_)
    accepted[:5] = True
    likely, _ = rerank(faces, Taught(accepted, ~np.ones(20, np.bool_)), np.zeros((0, 128)), RankSettings())
    assert likely[5:10].min() > likely[10:].max()


def test_without_verdicts_the_order_stays_as_it_was_ranked() -> None:
    faces = _faces(list(np.linspace(0.05, 0.99, 20)))
    none = np.zeros(20, np.bool_)
    likely, _ = rerank(faces, Taught(none, none), np.zeros((0, 128)), RankSettings())
    assert np.allclose(likely, faces.likely, atol=1e-5)


def test_overlap_is_a_setting(corpus: Corpus) -> None:
    corpus.settings = replace(Settings(), review=ReviewSettings(overlap=1.0))
    face = face_ids(corpus, ADA)[0]
    say(corpus, face, "bob", "reject")
    with served(corpus) as base:
        ada = Browser(base, "sesame")
        (shown,) = [one for one in ada.faces() if one["face_id"] == face]
        assert (shown["verdict"], shown["reviewer"], shown["second"]) == (None, "", True)


# ---- The next person


def test_the_next_person_is_one_with_faces_left_and_the_overview_follows_the_last(tmp_path: Path) -> None:
    people = (ADA, BEN, "cleo-example")
    corpus = make_corpus(tmp_path / "review", dict.fromkeys(people, 4))

    def after(who: str) -> str:
        return browser.get(f"{browser.base}/identity/{who}/next", allow_redirects=False).headers["Location"]

    with served(corpus) as address:
        browser = Browser(address, "sesame")
        assert [after(who) for who in people] == [f"/identity/{who}" for who in (BEN, people[2], ADA)]
        for finished, leads_to in ((BEN, f"/identity/{people[2]}"), (people[2], "/")):
            answer = browser.decide([one["face_id"] for one in browser.faces(finished)], "accept", who=finished)
            assert answer.ok, answer.text
            assert after(ADA) == leads_to
        assert after(BEN) == f"/identity/{ADA}"
