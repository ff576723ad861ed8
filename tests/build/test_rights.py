"""The card shows what the operator answered, and what nobody did."""

import re
from dataclasses import fields
from pathlib import Path

from build_corpus import ready_corpus, shots

from facecorpus.build.rights import rights
from facecorpus.build.stage import build_shards
from facecorpus.corpus import Corpus
from facecorpus.settings import RightsSettings

ROOT = Path(__file__).parents[2]


def test_what_nobody_answered_is_said() -> None:
    assert rights(RightsSettings(), []).count("**not stated**") == len(fields(RightsSettings))


def test_answers_stand_in_the_card_without_markup() -> None:
    section = rights(RightsSettings(operator="A lab | <b>here</b>", basis="Art. 9(2)(j) GDPR"), [])
    assert "| Legal ground on which faces and labels are processed | Art. 9(2)(j) GDPR |" in section
    assert "<b>" not in section and "A lab | " not in section
    assert section.count("**not stated**") == 3


def test_another_answer_gives_another_card(tmp_path: Path) -> None:
    corpus = ready_corpus(tmp_path / "c", shots(("ada",), 2), crop=64)
    build_shards(corpus)
    path = corpus.root / "corpus.toml"
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace('operator = ""', 'operator = "A lab"'), encoding="utf-8")
    assert build_shards(Corpus(corpus.root)).changed
    assert "A lab" in (corpus.shards / "README.md").read_text(encoding="utf-8")
    path.write_text(text.replace("obey_opt_outs = true", "obey_opt_outs = false"), encoding="utf-8")
    assert build_shards(Corpus(corpus.root)).changed
    assert "**not obeyed**" in (corpus.shards / "README.md").read_text(encoding="utf-8")


def test_the_page_explains_every_question() -> None:
    page = (ROOT / "docs" / "rights.md").read_text(encoding="utf-8")
    assert re.findall(r"^\| `(\w+)` \|", page, re.MULTILINE) == [one.name for one in fields(RightsSettings)]
