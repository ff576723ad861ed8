"""Write a language of the review page to be filled in: python scripts/review_language.py CODE

review_ui/languages/CODE.json gets a line for each text of the page. What was translated before stays; texts that are
not on the page any more go.
"""

import ast
import json
import re
import sys
from collections.abc import Iterator

from facecorpus.manifest import SUBGROUPS, AgeGroup
from facecorpus.words import Reason
from review_ui.language import FOLDER
from review_ui.overview import NOT_STATED, title_parts
from review_ui.page_words import AS_THE_MANIFEST, DOUBTS, FACETS, ORDERS, SECTION_TITLES
from review_ui.traits import NOT_STATED as TRAIT_NOT_STATED
from review_ui.traits import STEPS

_ROOM = FOLDER.parent
_TEXT = r'"((?:[^"\\]|\\.)*)"'
_CALL = re.compile(rf"\bt\(\s*{_TEXT}")
_COUNTED = re.compile(rf"\bcounted\([^\"]*?{_TEXT},\s*{_TEXT}")
_KEY_MAP = re.compile(rf"\b(?:label|button|says|group): {_TEXT}")


def texts() -> list[str]:
    """Every text of the page in English, each once."""
    return list(dict.fromkeys([*_named(), *_in_scripts(), *_in_python()]))


def _named() -> Iterator[str]:
    """Those that stand in tables."""
    yield from (*SECTION_TITLES.values(), *FACETS.values(), *ORDERS.values(), *Reason, *AgeGroup, *DOUBTS)
    yield from (AS_THE_MANIFEST, TRAIT_NOT_STATED)
    for _, words in STEPS.values():
        yield from words
    for subgroup in (*SUBGROUPS, NOT_STATED):
        yield from title_parts(subgroup)


def _in_scripts() -> Iterator[str]:
    """Those in calls of t and counted, and those of the key map, in templates and scripts."""
    for file in sorted([*_ROOM.glob("templates/*.html"), *_ROOM.glob("static/*.js")]):
        source = file.read_text("utf-8")
        yield from _CALL.findall(source)
        yield from (text for both in _COUNTED.findall(source) for text in both)
    yield from _KEY_MAP.findall((_ROOM / "static" / "keys.js").read_text("utf-8"))


def _in_python() -> Iterator[str]:
    """Those in calls of t in the server's code."""
    for file in sorted(_ROOM.glob("*.py")):
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "t":
                yield from (text.value for text in node.args[:1] if isinstance(text, ast.Constant))


def main(code: str) -> None:
    """Write the file, or bring it up to date."""
    file = FOLDER / f"{code.lower()}.json"
    known = json.loads(file.read_text("utf-8")) if file.exists() else {}
    FOLDER.mkdir(exist_ok=True)
    translated = {text: known.get(text, "") for text in texts()}
    file.write_text(json.dumps(translated, ensure_ascii=False, indent=1) + "\n", "utf-8")
    left = sum(not text for text in translated.values())
    print(f"{file}: {len(translated)} texts, {left} to be translated.")


if __name__ == "__main__":
    if len(sys.argv) != 2 or not re.fullmatch(r"[a-z]{2,3}(-[a-z0-9]+)*", sys.argv[1].lower()):
        sys.exit("Give the language's code, for example: python scripts/review_language.py de")
    main(sys.argv[1])
