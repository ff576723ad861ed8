"""The card shows what the operator answered, and what nobody did."""

import re
from dataclasses import fields
from pathlib import Path

from facecorpus.build.rights import rights
from facecorpus.settings import RightsSettings

ROOT = Path(__file__).parents[2]


def test_what_nobody_answered_is_said() -> None:
    assert rights(RightsSettings(), []).count("**not stated**") == len(fields(RightsSettings))


def test_answers_stand_in_the_card_without_markup() -> None:
    section = rights(RightsSettings(operator="A lab | <b>here</b>", basis="Art. 9(2)(j) GDPR"), [])
    assert "| Legal ground on which faces and labels are processed | Art. 9(2)(j) GDPR |" in section
    assert "<b>" not in section and "A lab | " not in section
    assert section.count("**not stated**") == 3


def test_the_page_explains_every_question() -> None:
    page = (ROOT / "docs" / "rights.md").read_text(encoding="utf-8")
    assert re.findall(r"^\| `(\w+)` \|", page, re.MULTILINE) == [one.name for one in fields(RightsSettings)]
