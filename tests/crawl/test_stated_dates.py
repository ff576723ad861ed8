"""When a photograph was taken: no more is claimed than its page says, and no less."""

from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from people import person
from recorded import needs_answers, recorded, recorded_json

from facecorpus.crawl.sources.extmetadata import plain_text, plain_value, taken_on
from facecorpus.crawl.sources.stated_dates import MONTHS, read_date
from facecorpus.system.dates import iso_of, span_of, year_of


def read(html: str, uploaded: str = "") -> str | None:
    """The date that a file's page states so."""
    return taken_on({"DateTimeOriginal": {"value": html, "source": "commons-desc-page"}}, uploaded)


def hidden(code: str) -> str:
    return f'<div style="display: none;">date QS:P{code}</div>'


EXIF = (
    '<a href="//en.wikipedia.org/wiki/Exchangeable_image_file_format" class="extiw"'
    ' title="en:Exchangeable image file format">EXIF</a>'
)
AS_SEEN = {
    f"1660s{hidden(',+1660-00-00T00:00:00Z/8')}": "1660/1669",
    f"1920s{hidden(',+1920-00-00T00:00:00Z/8')}": "1920/1929",
    f"18th century{hidden(',+1750-00-00T00:00:00Z/7')}": "1701/1800",
    "between 1860 and 1880 "
    + hidden(",+1850-00-00T00:00:00Z/7,P1319,+1860-00-00T00:00:00Z/9,P1326,+1880-00-00T00:00:00Z/9"): "1860/1880",
    f"before 1911{hidden(',+1911-00-00T00:00:00Z/7,P1326,+1911-00-00T00:00:00Z/9')}": "1826/1911",
    f"circa 1851{hidden('571,+1851-00-00T00:00:00Z/9,P1480,Q5727902')}": "1846/1856",
    f"circa 1617 {hidden(',+1617-00-00T00:00:00Z/9,P1480,Q5727902')}": "1612/1622",
    f"December 1888{hidden('571,+1888-12-00T00:00:00Z/10')}": "1888-12",
    f'<time class="dtstart" datetime="2009-02-18">18 February 2009</time>\xa0(according to {EXIF} data)': "2009-02-18",
    "25 June 2013 (according to Exif data)": "2013-06-25",
    "Taken on 10 September 2015": "2015-09-10",
    "2 December 2007 (original upload date)": None,
    "2007-02-14 (original upload date)": None,
    "created/published:  c1900.": "1895/1905",
    "2015-09-12 13:51:49": "2015-09-12",
}
"""What stands in the date of real file pages, and what a careful reader makes of it."""


@pytest.mark.parametrize(("html", "expected"), AS_SEEN.items())
def test_dates_as_commons_states_them(html: str, expected: str | None) -> None:
    assert read(html) == expected


@needs_answers
def test_every_recorded_date_is_in_the_table_and_read_so() -> None:
    lines = recorded("commons-dates-seen.txt").decode().splitlines()
    assert {line: read(line) for line in lines} == AS_SEEN


FROM_UNTIL = ",+2005-00-00T00:00:00Z/8,P580,+2005-03-00T00:00:00Z/10,P582,+2008-00-00T00:00:00Z/9"


@pytest.mark.parametrize(
    ("html", "expected"),
    [
        (f"1891{hidden(',+1891-00-00T00:00:00Z/9')}", "1891"),
        (f"5 May 2011{hidden(',+2011-05-05T00:00:00Z/11')}", "2011-05-05"),
        (f"16th century BC{hidden(',-1550-00-00T00:00:00Z/7')}", None),
        (f"a thousand years{hidden(',+1500-00-00T00:00:00Z/6')}", None),
        (f"1990s{hidden(',+199')}", "1990/1999"),  # code that is cut off: the words count
        (f"{hidden(',+1920-00-00T00:00:00Z/8')}1920s", "1920/1929"),
        (f"from March 2005 until 2008{hidden(FROM_UNTIL)}", "2005-03/2008-12"),
        ('<time datetime="2007-12-02">2 December 2007</time> (original upload date)', None),
        ('circa <time datetime="1990">1990</time>', "1985/1995"),
        ('before <time datetime="1990">1990</time>', "1826/1990"),
        ('<time datetime="2005">2005</time> – <time datetime="2008-05">May 2008</time>', "2005-01/2008-05"),
    ],
)
def test_the_code_and_the_machines_date_are_taken_for_what_they_are(html: str, expected: str | None) -> None:
    assert read(html) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1990s", "1990/1999"),
        ("the 1990's", "1990/1999"),
        ("1990er Jahre", "1990/1999"),
        ("années 1990", "1990/1999"),
        ("anni 1990", "1990/1999"),
        ("1990-е", "1990/1999"),
        ("19th century", "1801/1900"),
        ("20. Jahrhundert", "1901/2000"),
        ("XIXe siècle", "1801/1900"),
        ("siglo XX", "1901/2000"),
        ("circa 1990", "1985/1995"),
        ("ca. 1990", "1985/1995"),
        ("c. May 1990", "1985/1995"),
        ("um 1990", "1985/1995"),
        ("vers 1990", "1985/1995"),
        ("около 1990", "1985/1995"),
        ("1990?", "1985/1995"),
        ("probably 1990", "1985/1995"),
        ("before 1990", "1826/1990"),
        ("not later than 1990", "1826/1990"),
        ("vor 1990", "1826/1990"),
        ("after 1990", None),
        ("not before 1990", None),
        ("between 2005 and 2008", "2005/2008"),
        ("2005–2008", "2005/2008"),
        ("2005/2008", "2005/2008"),
        ("2005 or 2006", "2005/2006"),
        ("von 2005 bis 2008", "2005/2008"),
        ("1980s or 1990s", "1980/1999"),
        ("3–5 May 2011", "2011-05"),
        ("3 and 4 May 2011", "2011-05"),
        ("May 3–5, 2011", "2011-05"),
        ("May–July 2011", "2011"),
        ("May or June 2011", "2011"),
        ("2011-09-25/27", "2011-09"),
        ("2011-09-25/2011-09-27", "2011-09-25/2011-09-27"),
        ("2011-09-25 – 14:22", "2011-09-25"),
        ("2011-09-25, published in 2011", "2011-09-25"),
        ("2011 (scan of a print of 1995)", "1995/2011"),
        ("2011年9月25日", "2011-09-25"),
        ("1er mai 2011", "2011-05-01"),
        ("25 de septiembre de 2011", "2011-09-25"),
        ("25. März 2011", "2011-03-25"),
        ("1º de março de 2011", "2011-03-01"),
        ("7 agosto 2011", "2011-08-07"),
        ("25 сентября 2011 года", "2011-09-25"),
        ("май 2011", "2011-05"),
        ("Hochgeladen am 2. Mai 2011", None),
        ("Uploaded on May 2, 2011", None),
        ("unknown date", None),
        ("undated", None),
        ("summer 2011", "2011"),
        ("1550", "1550"),
    ],
)
def test_words_claim_no_more_than_is_certain(text: str, expected: str | None) -> None:
    assert read_date("", text) == expected


def test_nothing_was_taken_after_its_upload() -> None:
    assert read("after 1990", uploaded="2010-04-16T22:54:28Z") == "1990-01-01/2010-04-17"
    assert read("2031", uploaded="2010-04-16T22:54:28Z") is None
    assert read("2010-04-17", uploaded="2010-04-16T22:54:28Z") == "2010-04-17"  # another time zone
    assert read("2010", uploaded="2010-04-16T22:54:28Z") == "2010"


DAYS = st.dates(min_value=date(1850, 1, 1), max_value=date(2099, 1, 1))


@settings(max_examples=100, deadline=None)
@given(DAYS, st.sampled_from(sorted(MONTHS)), st.sampled_from(["{d} {m} {y}", "{d}. {m} {y}", "{d} de {m} de {y}"]))
def test_a_whole_date_is_read_in_every_language_of_the_portraits(day: date, language: str, form: str) -> None:
    name = MONTHS[language][day.month - 1].partition("|")[0].replace("[ья]", "я").replace("[йя]", "я").replace("?", "")
    assert read_date("", form.format(d=day.day, m=name, y=day.year)) == day.isoformat()


@settings(max_examples=100, deadline=None)
@given(DAYS, st.sampled_from(["{0}s", "circa {0}", "c. {0}", "about {0}", "{0}?", "before {0}"]))
def test_what_is_not_certain_never_becomes_one_date(day: date, form: str) -> None:
    year = day.year // 10 * 10 if form == "{0}s" else day.year
    claimed = read_date("", form.format(year))
    assert claimed is None or year_of(claimed) is None
    assert claimed is None or span_of(claimed)[0].year <= year <= span_of(claimed)[1].year


@settings(max_examples=100, deadline=None)
@given(DAYS, DAYS, st.sampled_from(["{} – {}", "between {} and {}", "{} or {}", "{}/{}", "von {} bis {}"]))
@example(date(2005, 3, 1), date(2008, 3, 1), "{}/{}")
def test_two_dates_are_the_span_between_them(one: date, other: date, form: str) -> None:
    claimed = read_date("", form.format(one.isoformat(), other.isoformat()))
    assert claimed is not None and span_of(claimed) == (min(one, other), max(one, other))


@settings(max_examples=100, deadline=None)
@given(DAYS, st.integers(0, 40_000))
def test_a_span_is_written_and_read_without_loss(first: date, days: int) -> None:
    last = min(first + timedelta(days), date(2099, 12, 31))
    assert span_of(iso_of((first, last))) == (first, last)


@pytest.mark.parametrize(
    ("taken", "holds"),
    [
        ("1990/1999", False),
        ("1999/2005", True),
        ("2020/2029", True),
        ("2021/2029", False),
        ("1826/2004", False),
        ("2004-03/2005-02", True),
    ],
)
def test_a_span_that_does_not_reach_into_the_period_is_outside(taken: str, holds: bool) -> None:
    assert person("ada").holds_on(taken) is holds  # 2005-2020


# ------------------------------------------------------------------------------------------------- authors and titles

UNKNOWN = '<span lang="en">Unknown author</span><span style="display: none;">Unknown author</span>'
BOX = (
    '<div class="boilerplate metadata" id="cleanup" lang="en" style="text-align: center;">This file is lacking '
    "<b>author</b> information.\n</div>"
)


@pytest.mark.parametrize(
    ("html", "text"),
    [
        (UNKNOWN, "Unknown author"),
        (BOX, ""),
        (f"Jo Doe{BOX}", "Jo Doe"),
        ('Night in Nice<div style="display: none;">label QS:Len,"Night in Nice"</div>', "Night in Nice"),
        ('Night in Nice label QS:Len,"Night in Nice"', "Night in Nice"),
        ('<div style="DISPLAY:none"><p>a<br>b<div>c</div><img src="x">d</div>seen', "seen"),
        ("<span hidden>a<li>b</span>seen", "seen"),
        ('<div style="display: inline">seen</div>', "seen"),
        ("a</div></span>b", "a b"),
    ],
)
def test_only_what_a_reader_sees_is_text(html: str, text: str) -> None:
    assert plain_text(html) == text


@settings(max_examples=60, deadline=None)
@given(st.text(), st.text(alphabet="<>/ divspanbrhidden=\"':none;style"))
def test_no_html_is_too_odd(text: str, html: str) -> None:
    for made in (html, f'<div style="display:none">{html}</div>{text}', text):
        assert "\n" not in plain_text(made)
        read(made)


@needs_answers
def test_recorded_file_pages() -> None:
    """By title: author and date of 24 file pages."""
    expected: dict[str, tuple[str, str | None]] = {
        "Minchinmavida Volcano.jpg": ("The original uploader was Elvezio at Italian Wikipedia.", "2009-03-17"),
        "Edvard Munch - Night in Nice (1891).jpg": ("Edvard Munch", "1891"),
        "Smålenenes amt nr 15- Die Festung Fridrichstein, 1715.jpg": ("", "1715"),
        "Stigbygel - Livrustkammaren - 61961-negative.tif": ("Unknown", "1612/1622"),
        "Vom Nordpol zum Aequator BHL36881774.jpg": ("Alfred Brehm", None),
        "Zoo Praha, Africký dům, z lávky (01).jpg": ("ŠJů", "2015-09-08"),
        "Bukomo.jpg": ("Kalungi Nathan", "2015-10-23"),
        "TorreFerrer.jpg": ("Dulceld69", "2012-09-08"),
    }
    pages: list[dict[str, Any]] = recorded_json("commons-extmetadata.json")
    found = {}
    for page in pages:
        stated = {key: {"value": value} for key, value in page.items() if key != "title"}
        found[page["title"].removeprefix("File:")] = (plain_value(stated, "Artist"), taken_on(stated))
    assert {title: found[title] for title in expected} == expected
    assert not any("QS:" in author or "lacking" in author for author, _ in found.values())
