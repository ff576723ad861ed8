"""On what legal basis a person is in a corpus, by the manifest, and whether it holds."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from datetime import date

_SHA256 = re.compile(r"[0-9a-f]{64}")
_PREFIX = "consent_"


@dataclass(frozen=True, slots=True)
class Consent:
    """The columns consent_… of a manifest; '' means "not stated". Dates are YYYY-MM-DD."""

    basis: str = ""  # such as consent or contract
    document: str = ""  # sha256 of the document that proves it
    given: str = ""
    until: str = ""  # the last day on which it holds
    withdrawn: str = ""

    @property
    def ended(self) -> str:
        """Why it holds no more today, in words; '' where nothing says that it does not."""
        if self.withdrawn:
            return f"was withdrawn on {self.withdrawn}"
        return f"ended on {self.until}" if self.until and self.until < date.today().isoformat() else ""


NOT_STATED = Consent()

CONSENT_COLUMNS = tuple(f"{_PREFIX}{field.name}" for field in fields(Consent))


def stated_in(row: Mapping[str, str]) -> Consent:
    """What a line of a manifest states; columns that it lacks are empty."""
    return Consent(*(row.get(column, "") for column in CONSENT_COLUMNS))


def wrong_in(row: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """The columns of a line that break a rule, each with what was expected."""
    consent, today = stated_in(row), date.today().isoformat()
    if not consent.basis.strip() and consent != NOT_STATED:
        yield "consent_basis", "what the other columns of consent are about, like consent"
    if consent.document and not _SHA256.fullmatch(consent.document):
        yield "consent_document", "the sha256 of the document, 64 hex digits, or empty"
    for name in ("given", "until", "withdrawn"):
        day = getattr(consent, name)
        if day and not _is_day(day):
            yield f"{_PREFIX}{name}", "a date like 2026-01-31, or empty"
        elif name != "until" and day > today:
            yield f"{_PREFIX}{name}", "a date that is not in the future, or empty"
        elif day and day < consent.given:
            yield f"{_PREFIX}{name}", f"no earlier than consent_given {consent.given}, or empty"


def _is_day(text: str) -> bool:
    try:
        return date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False
