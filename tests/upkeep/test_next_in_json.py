"""The command that comes next, as JSON: what a person is told in the last line."""

import json
import shlex
from pathlib import Path

import pytest
from review_corpus import ADA, make_corpus

from facecorpus.cli import run


def said(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[str, dict[str, object]]:
    """What a command prints last, without and with --json."""
    assert run(words) == 0
    last = capsys.readouterr().out.splitlines()[-1]
    assert run([*words, "--json"]) == 0
    return last, json.loads(capsys.readouterr().out)


@pytest.mark.parametrize("words", [("faces",), ("dedup",), ("verify",), ("review", "--auto"), ("crawl", "--dry-run")])
def test_a_document_names_the_same_next_command_as_the_last_line(
    words: tuple[str, ...], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    corpus = make_corpus(tmp_path / "a corpus", {ADA: 4})
    last, document = said(capsys, *words, "-C", str(corpus.root))
    assert last == f"Next: {document['next']}"
    assert shlex.split(str(document["next"]))[-2:] == ["-C", str(corpus.root)]


def test_a_new_corpus_says_as_json_where_it_is_and_what_comes_next(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    place = tmp_path / "corpus"
    assert run(["init", str(place), "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == {
        "path": str(place),
        "people": 77,
        "next": f"facecorpus crawl -C {place}",
    }
