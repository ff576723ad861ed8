"""Reading what a wiki states of a file (MediaWiki extension CommonsMetadata): HTML and loose dates to plain values."""

import re
from collections.abc import Mapping
from datetime import date
from html.parser import HTMLParser
from typing import Any

_MONTH_NAMES = (
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
)
_MONTHS = {
    spelling: number
    for number, name in enumerate(_MONTH_NAMES, start=1)
    for spelling in (name, name[:4], name[:3])  # "sept" is as usual as "sep"
}
_MONTH = rf"(?P<month>{'|'.join(_MONTHS)})\.?"
_YEAR = r"(?P<year>(?:18|19|20)\d\d)(?![\ds])"  # not the "1990" of "1990s"
_DATES = (
    re.compile(rf"(?<!\d){_YEAR}[-:/.](?P<month>\d\d?)(?:[-:/.](?P<day>\d\d?))?(?!\d)"),  # 2011-09-25, EXIF's colons
    re.compile(rf"(?:(?<!\d)(?P<day>\d\d?)\.? )?\b{_MONTH},? {_YEAR}"),  # 25 September 2011
    re.compile(rf"\b{_MONTH} (?P<day>\d\d?)(?:st|nd|rd|th)?,? {_YEAR}"),  # September 25, 2011
    re.compile(rf"(?<!\d){_YEAR}"),
)
_NO_ONE_DATE = re.compile(
    r"\b(?:before|after|between|until|since|or)\b|unknown|(?:18|19|20)\d\d ?[-–—/] ?(?:18|19|20)\d\d"
)
_MACHINE_DATE = re.compile(r"""\bdatetime=["']([^"']+)["']""")


def plain_value(metadata: Mapping[str, Any], key: str) -> str:
    """The text of one key, its HTML taken away; '' where the key is not stated."""
    return plain_text(_value(metadata, key))


def taken_on(metadata: Mapping[str, Any]) -> str | None:
    """The day a file's original was made, as parse_date reads it."""
    html = _value(metadata, "DateTimeOriginal")
    machine = _MACHINE_DATE.search(html)
    return parse_date(machine[1] if machine else plain_text(html))


def parse_date(text: str) -> str | None:
    """A date in one of the ways that people write one, as ISO 8601, cut to the month or year where no more is certain.

    None where there is none, or more than one could be meant ("before 1990", "the 1990s", "2005–2008").
    """
    text = " ".join(text.lower().split())
    if _NO_ONE_DATE.search(text):
        return None
    for pattern in _DATES:
        if match := pattern.search(text):
            parts = match.groupdict()
            return _iso(int(parts["year"]), parts.get("month"), parts.get("day"))
    return None


def plain_text(html: str) -> str:
    """The text of a piece of HTML in one line."""
    reader = _Text()
    reader.feed(html)
    reader.close()
    return " ".join("".join(reader.pieces).split())


def _value(metadata: Mapping[str, Any], key: str) -> str:
    """The value of a key: a text, or a map of languages, of which English is preferred."""
    entry = metadata.get(key)
    value = entry.get("value", "") if isinstance(entry, Mapping) else ""
    if isinstance(value, Mapping):
        languages = {language: text for language, text in value.items() if not language.startswith("_")}
        value = languages.get("en") or next(iter(languages.values()), "")
    return str(value)


def _iso(year: int, month: str | None, day: str | None) -> str:
    """ISO date of what is valid of the parts."""
    number = _MONTHS.get(month or "") or int(month or 0)
    if not 1 <= number <= 12:
        return str(year)
    try:
        return date(year, number, int(day or 0)).isoformat()
    except ValueError:
        return f"{year}-{number:02}"


class _Text(HTMLParser):
    """Collects the text of all elements but those that show none."""

    _SILENT = ("style", "script")
    _BREAKS = ("br", "p", "div", "li", "td", "tr")

    def __init__(self) -> None:
        super().__init__()
        self.pieces: list[str] = []
        self._silent = 0

    def handle_starttag(self, tag: str, attrs: object) -> None:
        self._silent += tag in self._SILENT
        if tag in self._BREAKS:
            self.pieces.append(" ")

    def handle_endtag(self, tag: str) -> None:
        self._silent = max(0, self._silent - (tag in self._SILENT))
        if tag in self._BREAKS:
            self.pieces.append(" ")

    def handle_data(self, data: str) -> None:
        if not self._silent:
            self.pieces.append(data)
