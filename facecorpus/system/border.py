"""What others wrote, made fit to be kept: text, addresses, JSON. Everything from outside passes here once.

A title, a name or a file may hold what no encoding writes (halves of characters), what a display obeys (control
characters, Unicode's Bidi_Control), and what nobody sees. escape.py is for what was let in and is shown.
"""

import json
import math
import re
import unicodedata
from typing import Any
from urllib.parse import quote

LONGEST = 1000
"""Characters of a text that are kept."""

LONGEST_ADDRESS = 8000
"""Characters of an address, RFC 9110 §4.1."""

_HALF = re.compile("[\ud800-\udfff]")
_OBEYED = "\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069"  # C0, C1, line ends, Bidi_Control
_UNSEEN = re.compile(f"[{_OBEYED}\u200b\u2060\ufeff\ufdd0-\ufdef\ufffe\uffff]")  # and without width, or no character
_NOT_IN_ADDRESS = re.compile(f"[{_OBEYED}]")
_NO_CHARACTER = re.compile(r"&#\d{8,}")  # more digits than any character has
_BREAKS = re.compile("[\t\n\r]")
_AROUND_ADDRESS = "".join(map(chr, range(0x21)))  # C0 and space, as browsers strip them


def clean(text: str, most: int = LONGEST) -> str:
    """One line that every encoding writes and no display obeys, in normalization form C, of `most` characters.

    What is longer ends with an ellipsis. Halves of a character are joined, or become U+FFFD.
    """
    line = " ".join(whole(text[: 4 * most]).split())  # cut first: normalizing may take the square of the length
    line = unicodedata.normalize("NFC", " ".join(_UNSEEN.sub("", line).split()))
    return line if len(line) <= most else f"{line[: most - 1]}…"


def whole(text: str) -> str:
    """The text with halves of characters joined, and U+FFFD for those that stand alone."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace") if _HALF.search(text) else text


def text_of(value: object) -> str:
    """The cleaned text that a member of JSON is; a number counts, null is ''. TypeError for anything else."""
    if isinstance(value, str):
        return clean(value)
    if value is None:
        return ""
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise TypeError(f"a text is expected, not a {type(value).__name__}")
    return str(value)


def address_of(value: object) -> str:
    """The web address that a member of JSON is, as browsers read it; '' for null and for one that is too long.

    It is not normalized: another form may be another address. TypeError for what is no text.
    """
    if value is None:
        return ""
    if not isinstance(value, str):
        raise TypeError(f"an address is expected, not a {type(value).__name__}")
    if len(value) > LONGEST_ADDRESS:
        return ""
    told = whole(_BREAKS.sub("", value.strip(_AROUND_ADDRESS)))
    told = _NOT_IN_ADDRESS.sub(lambda one: quote(one[0], safe=""), told)
    return told if len(told) <= LONGEST_ADDRESS else ""


def readable_html(text: str) -> str:
    """HTML without references to no character: Python's own readers raise ValueError for a number of 4,301 digits."""
    return _NO_CHARACTER.sub("&#xfffd", text)


def read_json(data: bytes | str, *, strict: bool = True) -> Any:
    """A JSON document as RFC 8259 has it, its texts `whole`; not `strict`, they may hold control characters.

    ValueError for what is none, for NaN, for a number that is infinite as a float, and for one nested too deeply.
    """
    try:
        return _whole(json.loads(data, strict=strict, parse_float=_number, parse_constant=_number))
    except RecursionError:
        raise ValueError("it is nested too deeply") from None


def _number(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError(f"{text[:20]} is no number")
    return number


def _whole(value: Any) -> Any:
    if isinstance(value, str):
        return whole(value)
    if isinstance(value, list):
        return [_whole(one) for one in value]
    if isinstance(value, dict):
        return {whole(key): _whole(one) for key, one in value.items()}
    return value
