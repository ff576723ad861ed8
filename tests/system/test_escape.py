"""Text from outside is shown as text: in the terminal, in Markdown, in HTML and in CSV."""

import csv
import json
import os
import pty
import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from build_corpus import ready_corpus, shots
from hypothesis import given
from hypothesis import strategies as st

from facecorpus.build.stage import build_shards
from facecorpus.corpus import Corpus
from facecorpus.system.escape import for_csv, for_html, for_markdown, for_terminal, lines_for_terminal

TEXTS = st.text(st.characters(exclude_categories=()), max_size=60)
OBEYED = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")
TITLE = '=HYPERLINK("http://evil.example")\x1b]0;owned\x07\x1b[2J\x9b31m\u202egnp\x00\nNext: rm -rf ~ <b>|`x`'
FORMULAS = ("=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", " =1", "＝1", "Ada; =1", '";=1')


def spoilt(folder: Path) -> Corpus:
    """A corpus whose captions, authors, licences, reviewers and reasons were written by somebody hostile."""
    photographs = shots(("ada", "ben"), each=3)
    photographs[0] = replace(photographs[0], reviewer=f"eve{TITLE}")
    corpus = ready_corpus(folder / "c", photographs)
    with corpus.catalog() as catalog, catalog.transaction() as connection:
        connection.execute(
            "UPDATE candidate SET title = ?1, author = ?1, found_by = ?1,"
            " licence = CASE WHEN url LIKE '%/0.png' THEN licence ELSE 'CC BY' || ?1 END",
            (TITLE,),
        )
        faces = [face.face_id for face, _ in catalog.faces.with_proposals()]
        for reviewer in ("bob", f"eve{TITLE}"):
            catalog.decisions.add(faces[:-1], identity_id="ada", reviewer=reviewer, verdict="accept")
            catalog.decisions.add(
                faces[-1:], identity_id="ada", reviewer=reviewer, verdict="reject", reason=f"quality{TITLE}"
            )
    return corpus


def said(*arguments: str, terminal: bool = False) -> str:
    """What the command prints, to a pipe or to a terminal."""
    command = [sys.executable, "-m", "facecorpus", *arguments]
    if not terminal:
        return subprocess.run(command, capture_output=True, check=True).stdout.decode()
    ours, theirs = pty.openpty()
    with subprocess.Popen(command, stdout=theirs, stderr=theirs, env={**os.environ, "NO_COLOR": "1"}) as process:
        os.close(theirs)
        whole = b""
        try:
            while part := os.read(ours, 65536):
                whole += part
        except OSError:  # its end, on Linux
            pass
    os.close(ours)
    assert process.returncode == 0
    # What rich itself writes: bold, and the end of a line.
    return re.sub(r"\x1b\[[0-9;]*m", "", whole.decode().replace("\r\n", "\n")) if terminal else whole.decode()


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Corpus:
    return spoilt(tmp_path_factory.mktemp("spoilt"))


@pytest.mark.parametrize("terminal", [False, True])
@pytest.mark.parametrize("command", ["explain", "status", "agreement"])
def test_no_command_prints_what_a_terminal_obeys(corpus: Corpus, command: str, terminal: bool) -> None:
    arguments = {"explain": ["explain", "https://host.example/ada/1"], "agreement": ["review", "agreement"]}
    text = said(*arguments.get(command, [command]), "-C", str(corpus.root), terminal=terminal)
    assert not OBEYED.search(text)
    assert "\nNext: rm" not in text
    assert r"\x1b[2J\x9b31m\u202egnp\x00\nNext: rm" in " ".join(text.split())  # a terminal gets it in two lines


def test_an_error_is_shown_without_what_a_terminal_obeys(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "facecorpus", "status", "-C", str(tmp_path / "a\x1b[2Jb")]
    answer = subprocess.run(command, capture_output=True, check=False)
    assert answer.returncode == 2
    assert b"\\x1b[2Jb" in answer.stderr
    assert b"\x1b" not in answer.stderr


def test_a_card_and_an_attribution_show_hostile_text_as_text(corpus: Corpus) -> None:
    build_shards(corpus)
    for name in ("README.md", "attribution.csv", "attribution.html", "overview.html"):
        assert not OBEYED.search((corpus.shards / name).read_text(encoding="utf-8")), name
    card = (corpus.shards / "README.md").read_text(encoding="utf-8")
    assert r"| CC BY=HYPERLINK(" in card
    assert r"&lt;b&gt;\|\`x\` |" in card
    with (corpus.shards / "attribution.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            assert row["title"].startswith("'=HYPERLINK(")
            assert row["author"].startswith("'=HYPERLINK(")
    assert "&lt;b&gt;" in (corpus.shards / "attribution.html").read_text(encoding="utf-8")


def test_a_title_with_controls_is_a_title_still(tmp_path: Path) -> None:
    corpus = ready_corpus(tmp_path / "c", shots(each=2), title="TITLE")
    path = corpus.root / "corpus.toml"
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace('"TITLE"', json.dumps("Faces \x1b[31m \x85 <b>*all*")), encoding="utf-8")
    build_shards(Corpus(corpus.root))
    card = (corpus.shards / "README.md").read_text(encoding="utf-8")
    assert r'pretty_name: "Faces \\x1b[31m \\x85 <b>*all*"' in card
    assert r"# Faces \\x1b\[31m \\x85 &lt;b&gt;\*all\*" in card


@given(TEXTS)
def test_nothing_that_a_terminal_obeys_is_left(text: str) -> None:
    for shown in (for_terminal(text), for_markdown(text), for_csv(text)):
        assert not OBEYED.search(shown)
        assert not {"\n", "\t"} & set(shown)
        shown.encode()
    assert lines_for_terminal(text).count("\n") == text.count("\n")
    assert str(for_html(text)).split("\n") == [str(for_html(line)) for line in text.split("\n")]


@given(st.text(st.characters(categories=["L", "M", "N", "S", "Zs"], exclude_characters="=+`|<>~^＝＋")))
def test_harmless_text_stays_as_it_is(text: str) -> None:
    assert for_terminal(text) == for_csv(text) == for_markdown(text) == for_html(text) == text


@pytest.mark.parametrize("formula", FORMULAS)
def test_a_spreadsheet_computes_nothing(formula: str) -> None:
    shown = for_csv(formula)
    assert re.search(r"""(^|;)["'\s]*'[=+@＝-]""", shown) or shown.startswith("\\")


@pytest.mark.parametrize("plain", ["a - b", "Rose-Marie", "a = b", "1; 2", "e@example.org"])
def test_signs_inside_a_text_stay(plain: str) -> None:
    assert for_csv(plain) == plain
