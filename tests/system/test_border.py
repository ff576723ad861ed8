"""What others wrote, made fit to be kept."""

import unicodedata
from json import dumps

import pytest
from hypothesis import given
from hypothesis import strategies as st

from facecorpus.system.border import LONGEST_ADDRESS, address_of, clean, read_json, text_of
from facecorpus.system.dates import certain
from facecorpus.system.escape import for_terminal

any_text = st.text(st.characters(), max_size=60)  # halves of characters are among them


@given(any_text, st.integers(1, 50))
def test_what_is_clean_is_one_line_that_can_be_written_and_stays_as_it_is(text: str, most: int) -> None:
    cleaned = clean(text, most)
    assert cleaned.encode() and len(cleaned) <= most if cleaned else not cleaned
    assert for_terminal(cleaned) == cleaned == clean(cleaned, most) == cleaned.strip()
    assert unicodedata.is_normalized("NFC", cleaned)


@pytest.mark.parametrize(
    ("text", "cleaned"),
    [
        ("Zo\u00eb", "Zoë"),
        ("Zoe\u0308", "Zoë"),
        ("\ud83d\ude00", "\U0001f600"),  # two halves are a character
        ("\ude00\ud83d", "\ufffd\ufffd"),
        ("a\r\n\tb\u2028c\x00d\x9b", "a b cd"),
        ("\u200e\u202eabc\u2066\ufeff\u200b", "abc"),
        ("میان\u200cوند 👩\u200d🚀", "میان\u200cوند 👩\u200d🚀"),  # joiners mean something
        ("a" * 1001, "a" * 999 + "…"),
    ],
)
def test_what_becomes_of_a_text(text: str, cleaned: str) -> None:
    assert clean(text) == cleaned


def test_a_text_of_marks_without_an_end_takes_no_time() -> None:
    assert len(clean("a" + "\u0301\u0316" * 5_000_000)) == 1000


@given(any_text)
def test_an_address_can_be_written_and_stays_as_it_is(text: str) -> None:
    told = address_of(text)
    assert told.encode() == address_of(told).encode()
    assert for_terminal(told) == told


@pytest.mark.parametrize(
    ("text", "address"),
    [
        (" \thttps://h/a b\n.jpg\0", "https://h/a b.jpg"),
        ("https://h/\x07\u202e\u2028.jpg", "https://h/%07%E2%80%AE%E2%80%A8.jpg"),
        ("https://h/e\u0301\ud800.jpg", "https://h/e\u0301\ufffd.jpg"),
        ("https://h/" + "a" * LONGEST_ADDRESS, ""),
        (None, ""),
    ],
)
def test_what_becomes_of_an_address(text: str | None, address: str) -> None:
    assert address_of(text) == address


@pytest.mark.parametrize(("value", "text"), [(7, "7"), (1.5, "1.5"), (None, ""), ("\0a", "a")])
def test_a_number_is_a_text_and_nothing_else_is(value: object, text: str) -> None:
    assert text_of(value) == text
    for wrong in ([], {}, True, b"a"):
        with pytest.raises(TypeError, match="a text is expected, not a"):
            text_of(wrong)
        with pytest.raises(TypeError, match="an address is expected, not a"):
            address_of(wrong)


@pytest.mark.parametrize(
    "text", ["NaN", "[-Infinity]", "1e999", "[" * 200_000, "9" * 5000, "", b"\xff", '"\t"', '{"a":' * 100_000, b"\0"]
)
def test_what_is_no_json_is_a_value_error(text: str | bytes) -> None:
    with pytest.raises(ValueError, match=r"."):
        read_json(text)


def test_texts_in_json_are_whole() -> None:
    document = {"\ud800": ["\udfff", {"a": "\ud83d\ude00"}], "b": [1, 1.5, None, True]}
    whole = {"\ufffd": ["\ufffd", {"a": "\U0001f600"}], "b": [1, 1.5, None, True]}
    assert read_json(dumps(document)) == whole
    assert read_json(b'"\xed\xa0\x80"') == "\ufffd"  # as the standard library reads it
    assert read_json('"\t"', strict=False) == "\t"


@pytest.mark.parametrize("date", ["2011", "2011-09", "2011-09-25", "1990/1999", "2011-09-25/2011-09-27", "1990/1990"])
def test_a_date_is_as_span_of_reads_it(date: str) -> None:
    assert certain(date) == date


@pytest.mark.parametrize(
    "date",
    [*("2011-13", "2011-09-31", "2011-9", "99", "1999/1990", "0000", "٢٠١١", "2011-09-25T10:00", "2011/", ""), None, 7],
)
def test_what_is_no_date_is_none(date: object) -> None:
    assert certain(date) is None
