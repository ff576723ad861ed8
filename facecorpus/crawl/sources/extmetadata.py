"""Reading what a wiki states of a file (MediaWiki extension CommonsMetadata): HTML to what a reader sees."""

import html
import re
from collections.abc import Mapping, Sequence
from html.parser import HTMLParser
from typing import Any

from facecorpus.crawl.sources.stated_dates import read_date
from facecorpus.system.border import readable_html

_VOID = frozenset(
    {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"}
)
_HIDDEN_STYLE = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden")
_BOXES = frozenset({"boilerplate", "mbox", "ambox", "ombox", "messagebox"})  # notes of the wiki to its writers
_LONGEST = 50_000  # characters of HTML that are read
_CODE = re.compile(r"\b(?:label|title|description|date|object) QS:P?\w*,(?:\"[^\"]*\"|\S+)")  # hidden elsewhere


def plain_value(metadata: Mapping[str, Any], key: str) -> str:
    """The text of one key, its HTML taken away; '' where the key is not stated."""
    return plain_text(_value(metadata, key))


def taken_on(metadata: Mapping[str, Any], uploaded: str = "") -> str | None:
    """When a file's original was made, as read_date reads it; uploaded is a time in ISO 8601."""
    stated = _value(metadata, "DateTimeOriginal")
    return read_date(stated, plain_text(stated), uploaded[:10])


def plain_text(text: str) -> str:
    """The text of a piece of HTML that a reader sees, in one line; notes of the wiki to its writers are left out."""
    text = readable_html(text[:_LONGEST])
    last = text.rfind(">") + 1  # no tag ends after it; the parser would look for one from each < anew
    reader = _Text()
    reader.feed(text[:last])
    reader.close()
    reader.handle_data(html.unescape(text[last:]))
    return " ".join(_CODE.sub(" ", "".join(reader.pieces)).split())


def _value(metadata: Mapping[str, Any], key: str) -> str:
    """The value of a key: a text, or a map of languages, of which English is preferred."""
    entry = metadata.get(key)
    value = entry.get("value", "") if isinstance(entry, Mapping) else ""
    if isinstance(value, Mapping):
        languages = {language: text for language, text in value.items() if not language.startswith("_")}
        value = languages.get("en") or next(iter(languages.values()), "")
    return "" if value is None else str(value)


class _Text(HTMLParser):
    """Collects the text of all elements but those that show none."""

    _SILENT = ("style", "script")
    _BREAKS = ("br", "p", "div", "li", "td", "tr")

    def __init__(self) -> None:
        super().__init__()
        self.pieces: list[str] = []
        self._silent: list[str] = []  # the element that shows nothing, and those open in it

    def parse_marked_section(self, i: int, report: bool = True) -> int:
        """<![…> is a comment to a browser; the standard library raises AssertionError for most of them."""
        return self.parse_bogus_comment(i)

    def handle_starttag(self, tag: str, attrs: Sequence[tuple[str, str | None]]) -> None:
        if tag in self._BREAKS:
            self.pieces.append(" ")
        if tag not in _VOID and (self._silent or tag in self._SILENT or _is_hidden(dict(attrs))):
            self._silent.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag in self._silent:  # what was not closed in it ends with it
            del self._silent[len(self._silent) - 1 - self._silent[::-1].index(tag) :]
        if tag in self._BREAKS:
            self.pieces.append(" ")

    def handle_data(self, data: str) -> None:
        if not self._silent:
            self.pieces.append(data)


def _is_hidden(attributes: Mapping[str, str | None]) -> bool:
    if "hidden" in attributes or _HIDDEN_STYLE.search((attributes.get("style") or "").lower()):
        return True
    return bool(_BOXES & set((attributes.get("class") or "").lower().split()))
