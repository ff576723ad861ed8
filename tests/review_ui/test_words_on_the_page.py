"""The words that the page shares with the server: embedded as JSON, and each of them taken."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from review_corpus import ADA, Browser, face_ids, journal, make_corpus, served

from facecorpus.corpus import Corpus
from facecorpus.words import AUTO, AgeGroup, Kind, Reason, Section, Verdict


@pytest.fixture
def corpus(tmp_path: Path) -> Corpus:
    return make_corpus(tmp_path / "review", {ADA: 12})


@pytest.fixture
def ada(corpus: Corpus) -> Iterator[Browser]:
    with served(corpus) as base:
        yield Browser(base, "sesame")


def embedded(browser: Browser, path: str) -> Any:
    """The words in a page."""
    found = re.search(r'<script type="application/json" id="words">(.*?)</script>', browser.ask(path).text)
    assert found
    return json.loads(found[1])


@pytest.mark.parametrize("path", [f"/identity/{ADA}", "/disagreements"])
def test_the_page_gets_every_word_as_words_py_has_it(ada: Browser, path: str) -> None:
    words = embedded(ada, path)
    for enum in (Kind, Verdict, Reason, Section):
        assert words[enum.__name__] == {member.name: member.value for member in enum}
    assert words["AUTO"] == AUTO
    assert [(one["says"], one["key"]) for one in words["REASONS"]] == [(reason, reason.key) for reason in Reason]
    assert [(one["name"], one["letter"]) for one in words["SECTIONS"]] == [(one, one.letter) for one in Section]
    assert [one["says"] for one in words["AGES"]] == [*AgeGroup, Verdict.UNDECIDED]
    assert len({one["key"] for one in words["AGES"]}) == len(words["AGES"])


def test_the_server_takes_every_reason_and_no_other(ada: Browser, corpus: Corpus) -> None:
    face = face_ids(corpus, ADA)[0]
    for reason in Reason:
        assert ada.decide([face], Verdict.REJECT, reason).ok
    refused = ada.decide([face], Verdict.REJECT, "blurred")
    assert refused.status_code == 422
    assert refused.json()["error"].endswith(f"{', '.join(Reason)}.")
    assert [reason for *_, reason in journal(corpus)] == [*Reason]
