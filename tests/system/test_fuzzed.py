"""Every parser of what comes from outside, for a moment; `make fuzz` goes on for as long as one likes.

tests/data/found has what the fuzzer found: each file is named by its parser.
"""

import random
from collections.abc import Sequence
from pathlib import Path

import fuzz_files
import fuzz_shards
import fuzz_web
import pytest
from fuzzing import Outcome, Parser, attempt, fuzz

PARSERS: Sequence[Parser] = (*fuzz_web.PARSERS, *fuzz_files.PARSERS, *fuzz_shards.PARSERS)
FOUND = sorted((Path(__file__).parents[1] / "data" / "found").iterdir())


@pytest.mark.parametrize("parser", PARSERS, ids=lambda parser: parser.slug)
def test_whatever_comes_is_taken_or_refused_in_a_sentence(parser: Parser, tmp_path: Path) -> None:
    def stop(outcome: Outcome) -> bool:
        return outcome.inputs >= parser.brief

    outcome = fuzz(parser, tmp_path, random.Random(f"suite {parser.name}"), stop, lambda data: None)
    assert outcome.uncaught == {}
    assert outcome.inputs == parser.brief


@pytest.mark.parametrize("path", FOUND, ids=lambda path: path.name)
def test_what_the_fuzzer_found_is_refused_in_a_sentence(path: Path, tmp_path: Path) -> None:
    (parser,) = [one for one in PARSERS if one.slug == path.name.rpartition(".")[0]]
    with parser.open(tmp_path) as read:
        place, said, fits = attempt(parser, read, path.read_bytes())
    assert fits, f"{place}: {said}"


def test_something_that_is_no_refusal_is_found(tmp_path: Path) -> None:
    """The fuzzer itself: a parser that falls over one letter."""

    def read(data: bytes) -> None:
        if b"y" in data:
            raise KeyError("y")

    parser = Parser("a test", "bytes", lambda: [b"xx"], fuzz_web.simple(read))
    outcome = fuzz(parser, tmp_path, random.Random(1), lambda outcome: outcome.inputs >= 5000, lambda data: None)
    assert [place.split(" ")[0] for place in outcome.uncaught] == ["KeyError"]
    assert b"y" in next(iter(outcome.uncaught.values()))[0]
