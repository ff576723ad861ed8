"""A fuzzer of parsers: inputs made of good ones by mutation, as bytes, as words of a text, or as members of JSON.

What leads to a new place of refusal joins the inputs that are mutated further, so that deeper ones are reached.
"""

from __future__ import annotations

import json
import random
import re
import signal
import time
import traceback
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from facecorpus.errors import FacecorpusError

SLOW = 10.0  # seconds that one input may take
_OURS = tuple(f"{Path(__file__).parents[2] / room}/" for room in ("facecorpus", "training", "review_ui"))
_MOST_KEPT = 300  # inputs that are mutated further
_LONGEST_SENTENCE = 4000  # characters

_WORDS = (
    *("", " ", "\0", "\x1b[31m", "\u202e", "\ufeff", "e\u0301", "\ud800", "\udcff", "a" * 5000, "=HYPERLINK(1)", "'"),
    *("0", "-1", "1e999", "NaN", "Infinity", "9" * 30, "9" * 5000, "1.5", "-0", "0x1f", "٣", "²", "1_000", "true"),
    *("../../etc/passwd", "/etc/passwd", "C:\\x", "..", ".", "a/b", "CON", "https://[::1", "http://h:99999/", "//h/"),
    *(
        "file:///etc/passwd",
        "http://127.0.0.1/",
        "https://a@b/",
        "https://h/%00",
        "data:,x",
        "mailto:x",
        "http://\ud800",
    ),
    *("0000-00-00", "2011-02-30", "9999-12-31", "2011-W01-1", "1990/1999", "1999/1990", "-2011", "Q0", "Q" + "9" * 40),
    *("<![x", "<!--", "<a b='", "&#55296;", "&#9999999999;", "]]>", '"', "'", '""', '"""', "{{", "%s", "\\", "\\ud800"),
    *(",", "\t", "\r\n", "\n", ";", "|", "#", "[", "]", "{", "}", "[[", ":", "="),
)
_VALUES: tuple[Any, ...] = (
    *(None, True, False, 0, -1, 2**31, 2**63, 2**64, 10**400, 1.5, 1e308, float("nan"), float("inf"), [], {}, "", [[]]),
    *([None], {"": None}, [1, "a", None, {}], {"a": {"b": [1]}}, [[[[[[]]]]]], "a", "1", "x" * 2000, *_WORDS),
)
_BYTES = (
    b"\0",
    b"\xff",
    b"\xff\xff\xff\xff",
    b"\x7f\xff\xff\xff",
    b"\x80",
    b"\xed\xa0\x80",
    b"\xc0\x80",
    b"\xef\xbb\xbf",
)
_WORD = re.compile(r"[^,\t\n|;:\"' =<>\[\](){}/?&#-]+|.", re.DOTALL)


@dataclass(frozen=True)
class Parser:
    """Something that reads what others wrote. `read` raises one of `refusals`, or nothing.

    `open` gives `read` for as long as the block lasts; `shape` says how inputs are mutated: bytes, text or json.
    """

    name: str
    shape: str
    seeds: Callable[[], Sequence[bytes]]
    open: Callable[[Path], Any]  # a context manager of Callable[[bytes], object], given an empty folder
    refusals: tuple[type[Exception], ...] = ()
    sentences: bool = True  # a refusal is a sentence for people
    cost: float = 1.0  # share of the time, against the others'
    brief: int = 150  # inputs in a run of the test suite

    @property
    def slug(self) -> str:
        """The name as part of a file's name."""
        return re.sub(r"[^a-z0-9]+", "-", self.name.lower()).strip("-")


@dataclass
class Outcome:
    """What came of the inputs of one parser."""

    inputs: int = 0
    refused: int = 0
    slowest: float = 0.0  # seconds
    uncaught: dict[str, tuple[bytes, str]] = field(default_factory=dict)  # by place: the first input, and what it said
    times: Counter[str] = field(default_factory=Counter)

    def add(self, place: str, data: bytes, said: str) -> None:
        """Note something that is no refusal."""
        self.times[place] += 1
        if place not in self.uncaught or len(data) < len(self.uncaught[place][0]):
            self.uncaught[place] = data, said


class Hung(BaseException):
    """An input takes too long."""


def simple(read: Callable[[bytes], object]) -> Callable[[Path], Any]:
    """`open` of a parser that needs no folder."""

    @contextmanager
    def opened(folder: Path) -> Iterator[Callable[[bytes], object]]:
        yield read

    return opened


def of_file(name: str, read: Callable[[Path], object]) -> Callable[[Path], Any]:
    """`open` of a parser that reads a file of that name."""

    @contextmanager
    def opened(folder: Path) -> Iterator[Callable[[bytes], object]]:
        path = folder / name

        def read_bytes(data: bytes) -> object:
            path.write_bytes(data)
            return read(path)

        yield read_bytes

    return opened


def attempt(parser: Parser, read: Callable[[bytes], object], data: bytes) -> tuple[str, str, bool]:
    """Where an input ended ('' where it was taken), what was said, and whether that is a refusal."""
    try:
        with _alarm():
            read(data)
    except (FacecorpusError, *parser.refusals) as error:
        said = str(error)
        return _place(error), said, not parser.sentences or 0 < len(said) <= _LONGEST_SENTENCE
    except (Exception, Hung) as error:
        return _place(error), f"{type(error).__name__}: {error}"[:300], False
    return "", "", True


def fuzz(
    parser: Parser,
    folder: Path,
    random: random.Random,
    stop: Callable[[Outcome], bool],
    note: Callable[[bytes], object],
) -> Outcome:
    """Try inputs until `stop` says so; `note` is told of each before it is tried."""
    outcome = Outcome()
    kept = [bytes(seed) for seed in parser.seeds()]
    places: set[str] = set()
    with parser.open(folder) as read:
        todo = list(kept)
        while not stop(outcome):
            data = todo.pop() if todo else mutated(random, parser.shape, kept)
            note(data)
            begun = time.perf_counter()
            place, said, fits = attempt(parser, read, data)
            outcome.slowest = max(outcome.slowest, time.perf_counter() - begun)
            outcome.inputs += 1
            outcome.refused += bool(place) and fits
            if not fits:
                outcome.add(place, data, said)
            if place not in places:
                places.add(place)
                kept = [*kept[: _MOST_KEPT - 1], data]
    return outcome


# ------------------------------------------------------------------------------------------------------------- mutation


def mutated(random: random.Random, shape: str, kept: Sequence[bytes]) -> bytes:
    """Another input."""
    data = random.choice(kept)
    for _ in range(random.choice((1, 1, 1, 2, 3, 8))):
        if shape == "json" and random.random() < 0.8:
            data = _json(random, data)
        elif shape != "bytes" and random.random() < 0.6:
            data = _text(random, data, random.choice(kept))
        else:
            data = _raw(random, data, random.choice(kept))
    return data[:1_000_000]


def _raw(random: random.Random, data: bytes, other: bytes) -> bytes:
    place = random.randrange(len(data) + 1)
    end = min(len(data), place + random.choice((1, 1, 2, 4, 8, 30, 200)))
    piece = bytearray(data[place:end])
    match random.randrange(7):
        case 0:
            for index in range(min(len(piece), 4)):
                piece[index] ^= 1 << random.randrange(8)
        case 1:
            piece = bytearray(random.choice(_BYTES))
        case 2:
            piece.clear()
        case 3:
            piece *= random.choice((2, 3, 50))
        case 4:
            start = random.randrange(len(other) + 1)
            piece = bytearray(other[start : start + random.choice((1, 4, 16, 100))])
        case 5:
            piece = bytearray(random.randbytes(len(piece)))
        case _:
            return data[:place]
    return data[:place] + bytes(piece) + data[end:]


def _text(random: random.Random, data: bytes, other: bytes) -> bytes:
    """Words exchanged, left out, doubled; a line of another input."""
    text = data.decode("utf-8", "replace")
    words = _WORD.findall(text) or [""]
    place = random.randrange(len(words))
    match random.randrange(5):
        case 0 | 1:
            words[place] = random.choice(_WORDS)
        case 2:
            words[place : place + random.choice((1, 2, 5))] = []
        case 3:
            words[place] *= random.choice((2, 3, 400))
        case _:
            lines = other.decode("utf-8", "replace").splitlines(keepends=True) or [""]
            words.insert(place, random.choice(lines))
    return "".join(words).encode("utf-8", "surrogatepass")


def _json(random: random.Random, data: bytes) -> bytes:
    """A member of one of the documents, a line each, exchanged, left out, doubled or put elsewhere."""
    lines = data.split(b"\n")
    number = random.randrange(len(lines))
    try:
        root = [json.loads(lines[number])]
    except (ValueError, RecursionError):
        return _raw(random, data, data)
    holder: Any = root
    key: Any = 0
    while isinstance(holder[key], dict | list) and holder[key] and random.random() < 0.9:
        holder = holder[key]
        key = random.choice(list(holder)) if isinstance(holder, dict) else random.randrange(len(holder))
    match random.randrange(6):
        case 0 | 1 | 2:
            holder[key] = random.choice(_VALUES)
        case 3:
            del holder[key]
        case 4:
            holder[key] = [holder[key]] * 2 if random.random() < 0.5 else {str(key): holder[key]}
        case _ if isinstance(holder, dict):
            holder[random.choice(_WORDS)] = holder[key]
        case _:
            holder.extend(holder[:20])
    try:
        lines[number] = json.dumps(root[0]).encode() if root else b""
    except (ValueError, RecursionError):
        return data
    return b"\n".join(lines)


# --------------------------------------------------------------------------------------------------------------- places


def _place(error: BaseException) -> str:
    """The kind of an exception and where it was raised: the last line of this project, and the last of all."""
    last = ours = ""
    for frame, line in traceback.walk_tb(error.__traceback__):
        file = frame.f_code.co_filename
        last = f"{Path(file).name}:{line}"
        if file.startswith(_OURS):
            ours = last
    return f"{type(error).__name__} at {' < '.join(dict.fromkeys(filter(None, (ours, last))))}"


@contextmanager
def _alarm() -> Iterator[None]:
    def ring(number: int, frame: object) -> None:
        raise Hung(f"more than {SLOW:g} seconds")

    before = signal.signal(signal.SIGALRM, ring)
    signal.setitimer(signal.ITIMER_REAL, SLOW)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
