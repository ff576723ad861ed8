"""What the card says of rights: the operator's answers to the questions of docs/rights.md, and which are missing."""

from collections import Counter
from collections.abc import Sequence

from facecorpus.build.plan import Row
from facecorpus.settings import RightsSettings
from facecorpus.system.escape import for_markdown

_QUESTIONS = {
    "operator": "Who answers for this dataset",
    "purpose": "What it is made for, and for nothing else",
    "basis": "Legal ground on which faces and labels are processed",
    "assessment": "Who assessed it, when, with what result",
    "retention": "How long pictures and descriptors are kept",
}


def rights(settings: RightsSettings, rows: Sequence[Row]) -> str:
    """The section of the card."""
    answers = ((question, getattr(settings, key).strip()) for key, question in _QUESTIONS.items())
    lines = (f"| {question} | {for_markdown(answer) if answer else '**not stated**'} |" for question, answer in answers)
    table = ["## Rights", "", "| question | the operator's answer |", "| --- | --- |", *lines]
    return "\n".join([*table, "", _bases(rows)])


def _bases(rows: Sequence[Row]) -> str:
    """On what basis each person is here, by the manifest: shares of people and faces."""
    faces = Counter(row.labelled.identity for row in rows)
    people = Counter(who.consent.basis for who in faces)
    if not any(people):
        return "The manifest states no basis, such as consent, for any single person."
    by_basis = [
        f"| {for_markdown(basis) or 'not stated'} | {count} ({count / len(faces):.0%}) |"
        f" {sum(n for who, n in faces.items() if who.consent.basis == basis) / len(rows):.0%} |"
        f" {sum(bool(who.consent.document) for who in faces if who.consent.basis == basis)} |"
        for basis, count in sorted(people.items(), key=lambda one: (not one[0], one))
    ]
    head = ["| basis by the manifest | people | faces | with a document |", "| --- | ---: | ---: | ---: |"]
    ends = min((who.consent.until for who in faces if who.consent.until), default="")
    return "\n".join([*head, *by_basis, *["", f"The first of these ends on {ends}."] * bool(ends)])
