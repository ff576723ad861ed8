"""The words that the page shares with the server, and its texts: embedded as JSON, which static/words.js reads."""

import re
from collections.abc import Mapping
from enum import StrEnum

from facecorpus import words
from facecorpus.words import AgeGroup, Section, Verdict
from review_ui.language import t, table
from review_ui.traits import without_detail

SECTION_TITLES: Mapping[Section, str] = {
    Section.LOOK: "Look at these",
    Section.RIGHT: "Surely right",
    Section.WRONG: "Surely wrong",
    Section.COPIES: "Copies",
}
"""What the page calls each section, in its order."""

FACETS: Mapping[str, str] = {
    "verdict": "Verdict",
    "reason": "Reason",
    "reviewer": "Decided by",
    "year": "Year",
    "size": "Size",
    "sharpness": "Sharpness",
    "turned": "Turned",
    "colour": "Colour",
    "source": "Source",
    "licence": "Licence",
}
"""What faces are chosen by, as traits.py names it, and what the page calls it; the first and the third it knows itself.
"""

ORDERS: Mapping[str, str] = {"sharpness": "sharpness", "size": "size", "turned": "turn", "year": "year"}
"""What faces are sorted by beside suspicion."""

AGE_KEYS: Mapping[str, str] = {"y": AgeGroup.YOUNG, "a": AgeGroup.ADULT, "o": AgeGroup.OLD, "u": Verdict.UNDECIDED}
"""What is said of the age group, by the key that says so after 'g'."""

AS_THE_MANIFEST = "as the manifest says"


_FORMAT = re.compile(r":[^}]*(?=})")
DOUBTS = tuple(dict.fromkeys(_FORMAT.sub("", form) for doubt in words.Doubt for form in (doubt, without_detail(doubt))))
"""What ranking says of a face, each also without what was measured, as filters name it."""


def page_words() -> dict[str, object]:
    """All that the scripts need to know: the enums by their members' names, and in lists what has keys or titles."""
    enums: tuple[type[StrEnum], ...] = (words.Kind, words.Verdict, words.Reason, words.Section)
    return {
        "AUTO": words.AUTO,
        **{enum.__name__: {member.name: member.value for member in enum} for enum in enums},
        "SECTIONS": [
            {"name": section.value, "letter": section.letter, "title": t(title)}
            for section, title in SECTION_TITLES.items()
        ],
        "REASONS": [{"key": reason.key, "says": reason.value, "label": t(reason)} for reason in words.Reason],
        "FACETS": [{"name": name, "title": t(title)} for name, title in FACETS.items()],
        "ORDERS": [{"name": name, "title": t(title)} for name, title in ORDERS.items()],
        "AGES": [
            {"key": key, "says": said, "label": t(AS_THE_MANIFEST if said == Verdict.UNDECIDED else said)}
            for key, said in AGE_KEYS.items()
        ],
        "DOUBTS": DOUBTS,
        "TEXTS": table(),
    }
