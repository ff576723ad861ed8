"""Dates as far as they are certain: ISO 8601, cut to the month or year, or from one to another ("1990/1999")."""

import re
from calendar import monthrange
from datetime import date

Span = tuple[date, date]
"""The first and the last day that a date can mean."""


_ONE_DATE = re.compile(r"[0-9]{4}(?:-[0-9]{2}(?:-[0-9]{2})?)?")


def certain(text: object) -> str | None:
    """The text, where it is a date that span_of reads, and no span that runs backwards; None for anything else."""
    if not isinstance(text, str):
        return None
    try:
        first, last = span_of(text)
    except ValueError:
        return None
    return text if first <= last else None


def span_of(text: str) -> Span:
    """What YYYY, YYYY-MM, YYYY-MM-DD, or two of them with a slash between, can mean. ValueError for anything else."""
    first, slash, last = text.partition("/")
    return _bounds(first)[0], _bounds(last if slash else first)[1]


def iso_of(span: Span) -> str:
    """The shortest text that span_of reads as this."""
    first, last = span
    for length in (4, 7, 10):
        begin, end = first.isoformat()[:length], last.isoformat()[:length]
        if (_bounds(begin)[0], _bounds(end)[1]) == span:
            return begin if begin == end else f"{begin}/{end}"
    raise AssertionError  # ten characters are the whole date


def year_of(text: str) -> int | None:
    """The year of a date, None where it may be one of several."""
    first, last = span_of(text)
    return first.year if first.year == last.year else None


def _bounds(text: str) -> Span:
    if not _ONE_DATE.fullmatch(text):
        raise ValueError(f"{text[:40]!r} is no date")
    year, month, day = ([int(part) for part in text.split("-")] + [0, 0])[:3]
    last_month = month or 12
    return (
        date(year, month or 1, day or 1),
        date(year, last_month, day or monthrange(year, last_month)[1]),
    )
