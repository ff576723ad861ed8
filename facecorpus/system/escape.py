"""Text from outside, made safe for where it is shown: one function for the terminal, Markdown, CSV and HTML each.

A caption may hold whatever its author typed. A terminal obeys control characters, a Markdown page its markup, a
spreadsheet its formulas. Nothing is dropped: what cannot be shown stands there as its number, such as \\x1b.
"""

import re

# C0 and C1, what ends a line, what turns the direction of writing around (Unicode's Bidi_Control), and halves of a
# character, which no encoding writes.
_UNSEEN = re.compile("[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")
_UNSEEN_BUT_SPACE = re.compile(_UNSEEN.pattern.replace("\x00-\x1f", "\x00-\x08\x0b-\x1f"))
# An underscore inside a word is none of Markdown's signs, nor is an ampersand that begins no character's name.
_MARKUP = re.compile(r"[\\`*\[\]<>|~]|(?<!\w)_|_(?!\w)|&(?=#|\w)")
_ENTITIES = {"<": "&lt;", ">": "&gt;", "&": "&amp;"}
# What a spreadsheet computes, also where it cuts cells at a semicolon.
_FORMULA = re.compile(r"""(?:^|;)["'\s]*(?=[=+\-@＝＋－＠])""")


def for_terminal(text: str) -> str:
    """On one line, and nothing in it that a terminal obeys."""
    return _UNSEEN.sub(_number, text)


def lines_for_terminal(text: str) -> str:
    """As `for_terminal`, but the lines stay lines: for what facecorpus itself has put together."""
    return "\n".join(map(for_terminal, text.split("\n")))


def for_markdown(text: str) -> str:
    """On one line, and shown as it is: no markup, no HTML."""
    return _MARKUP.sub(lambda sign: _ENTITIES.get(sign[0], f"\\{sign[0]}"), for_terminal(text))


def for_csv(text: str) -> str:
    """On one line; ' stands before what a spreadsheet would take for a formula."""
    return _FORMULA.sub(lambda start: f"{start[0]}'", for_terminal(text))


def for_html(value: object) -> object:
    """What jinja's autoescape leaves as it is: characters that no page may hold. Lines stay lines."""
    return type(value)(_UNSEEN_BUT_SPACE.sub(_number, value)) if isinstance(value, str) else value


def _number(character: re.Match[str]) -> str:
    return character[0].encode("unicode_escape").decode("ascii")
