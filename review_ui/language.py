"""The language of an answer: English as it stands in the code, or another one, which is one file: languages/CODE.json.

Its keys are the English texts and its values the same in that language, with the {names} kept; what is missing or empty
stays English. scripts/review_language.py writes such a file to be filled in.
"""

import json
from collections.abc import Iterator, Mapping
from contextvars import ContextVar
from functools import cache, lru_cache
from pathlib import Path

from markupsafe import Markup

ENGLISH = "en"
FOLDER = Path(__file__).parent / "languages"

_CHOSEN: ContextVar[str] = ContextVar("language", default=ENGLISH)


@cache
def tables() -> Mapping[str, Mapping[str, str]]:
    """What there is beside English, by the language's code."""
    return {file.stem.lower(): json.loads(file.read_text("utf-8")) for file in FOLDER.glob("*.json")}


def choose(accepted: str) -> None:
    """Answer in the language that an Accept-Language header (RFC 9110 §12.5.4) prefers of those that there are."""
    _CHOSEN.set(_best(accepted))


def chosen() -> str:
    """The code of the language of this answer."""
    return _CHOSEN.get()


def table() -> Mapping[str, str]:
    """The texts of the language of this answer, by the English ones."""
    return tables().get(chosen(), {})


def t(text: str, **values: object) -> str:
    """The text in the language of this answer, with its {names} filled in."""
    found = table().get(text) or text
    return found.format(**values) if values else found


def html(text: str, **values: object) -> Markup:
    """As `t`, for a template: the text may hold tags, what is filled in may not."""
    return Markup(t(text)).format(**values)


def counted(count: int, one: str, many: str) -> str:
    """The first text for 1, the second, in which {count} stands, for any other number."""
    return t(one) if count == 1 else t(many, count=f"{count:,}")


@lru_cache(maxsize=64)  # a browser says the same with each of 500 pictures a second
def _best(accepted: str) -> str:
    return next((code for code in _preferred(accepted) if code == ENGLISH or code in tables()), ENGLISH)


def _preferred(accepted: str) -> Iterator[str]:
    """The codes of a header, the most wanted first; of "de-AT" also "de"."""

    def weight(part: str) -> float:
        _, _, quality = part.partition("q=")
        try:
            return float(quality or 1)
        except ValueError:
            return 0

    for part in sorted(accepted.lower().split(","), key=weight, reverse=True):
        code = part.partition(";")[0].strip()
        yield code
        yield code.partition("-")[0]
