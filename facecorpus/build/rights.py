"""What the card says of rights: the operator's answers to the questions of docs/rights.md, and which are missing."""

from facecorpus.settings import RightsSettings
from facecorpus.system.escape import for_markdown

_QUESTIONS = {
    "operator": "Who answers for this dataset",
    "purpose": "What it is made for, and for nothing else",
    "basis": "Legal ground on which faces and labels are processed",
    "assessment": "Who assessed it, when, with what result",
    "retention": "How long pictures and descriptors are kept",
}


def rights(settings: RightsSettings) -> str:
    """The section of the card."""
    answers = ((question, getattr(settings, key).strip()) for key, question in _QUESTIONS.items())
    lines = (f"| {question} | {for_markdown(answer) if answer else '**not stated**'} |" for question, answer in answers)
    return "\n".join(["## Rights", "", "| question | the operator's answer |", "| --- | --- |", *lines])
