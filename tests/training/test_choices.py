"""What the publication does not say is declared, in the docs and at the report's foot, in the same words."""

from __future__ import annotations

from pathlib import Path

import pytest

from training.report.facts import CHOICES

DOCS = Path(__file__).parents[2] / "docs" / "training.md"


@pytest.mark.parametrize(
    "what",
    ["ReLU", "concatenated as they are", "third one", "Pixels are scaled", "inference", "Those of the heads are not"],
)
def test_every_choice_is_declared(what: str) -> None:
    assert any(what in choice for choice in CHOICES)


def test_the_docs_declare_what_the_report_does() -> None:
    said = " ".join(DOCS.read_text(encoding="utf-8").split())
    for choice in CHOICES:
        assert choice in said
