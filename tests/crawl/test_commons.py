"""Source 'commons': what is asked of a MediaWiki, how its answers continue, and what becomes of its statements."""

from datetime import date
from json import dumps
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from loopback import FakeTime, Loopback, Reply, settings_for
from loopback_wiki import Wiki
from people import person

from facecorpus.crawl.fetch import Fetcher
from facecorpus.crawl.polite import Manners
from facecorpus.crawl.sources import NoPhotographs
from facecorpus.crawl.sources.commons import Commons
from facecorpus.crawl.sources.extmetadata import plain_text, plain_value, taken_on
from facecorpus.crawl.sources.portraits import may_hold_portraits
from facecorpus.crawl.sources.stated_dates import read_date
from facecorpus.errors import SourceError
from facecorpus.records import Candidate


def ask(wiki: Wiki, category: str = "Ada", time: FakeTime | None = None, **crawl: Any) -> list[Candidate]:
    """Everything that the source proposes for a person of this category."""
    time = time or FakeTime()
    settings = settings_for(wiki.web, crawl={"commons_api": wiki.url} | crawl)
    with Fetcher(settings, Manners(settings.fetch, time.clock, time.sleep)) as fetcher:
        source = Commons(settings.crawl, fetcher)
        return list(source.candidates(person("ada", commons_category=category)))


def test_a_file_becomes_a_candidate_with_all_that_is_known_of_it(web: Loopback) -> None:
    wiki = Wiki(web)
    wiki.category("Ada", "A.jpg")
    stated = {
        "ImageDescription": "<p><b>Ada</b> at\nthe &quot;fair&quot;</p><style>p{}</style>",
        "Artist": {"en": '<a href="//x">Jo Doe</a>', "de": "J. Doe", "_type": "lang"},
        "LicenseShortName": "CC BY-SA 4.0",
        "LicenseUrl": "https://creativecommons.org/licenses/by-sa/4.0",
        "DateTimeOriginal": '<time class="dtstart" datetime="2011-09-25">25 September 2011</time>',
    }
    wiki.info["A.jpg"] = {"extmetadata": {key: {"value": value, "source": "x"} for key, value in stated.items()}}
    assert ask(wiki) == [
        Candidate(
            identity_id="ada",
            source="commons",
            url="http://t/960px-A.jpg",
            page_url="http://w/File:A.jpg",
            rank=0,
            title='Ada at the "fair"',
            licence="CC BY-SA 4.0",
            licence_url="https://creativecommons.org/licenses/by-sa/4.0",
            author="Jo Doe",
            taken_on="2011-09-25",
            found_by="Category:Ada",
            file_id="File:A.jpg cf5a5bbb1ae65ecb8ba68159ad37600d3ac97ecc",
        )
    ]
    first = wiki.asked[0]
    assert first["iiprop"] == "url|size|mime|sha1|extmetadata|timestamp|user|mediatype"
    assert (first["iiurlwidth"], first["gcmlimit"]) == ("960", "50")


def test_a_file_about_which_little_is_stated(web: Loopback) -> None:
    wiki = Wiki(web)
    wiki.category("Ada", "A.jpg")
    wiki.info["A.jpg"] = {"extmetadata": [], "thumburl": None}  # an empty map is a list in PHP
    (candidate,) = ask(wiki, commons_width=0)
    assert (candidate.url, candidate.title, candidate.author) == ("http://o/A.jpg", "A.jpg", "Uploader")
    assert (candidate.licence, candidate.taken_on) == ("", None)
    assert "iiurlwidth" not in wiki.asked[0]


@pytest.mark.parametrize(("batch", "described"), [(50, 50), (3, 50), (50, 2), (5, 2), (1, 1)])
def test_every_file_comes_once_however_the_answers_continue(web: Loopback, batch: int, described: int) -> None:
    wiki = Wiki(web, batch, described)
    names = [f"{number:02}.jpg" for number in range(11)]
    wiki.category("Ada", *names)
    candidates = ask(wiki)
    assert [candidate.url for candidate in candidates] == [f"http://t/960px-{name}" for name in names]
    assert [candidate.rank for candidate in candidates] == list(range(11))


def test_whoever_has_enough_asks_no_further(web: Loopback) -> None:
    wiki = Wiki(web, batch=2)
    wiki.category("Ada", *(f"{number}.jpg" for number in range(9)))
    settings = settings_for(web, crawl={"commons_api": wiki.url})
    with Fetcher(settings) as fetcher:
        candidates = Commons(settings.crawl, fetcher).candidates(person("ada"))
        assert [next(candidates).url[-5:], next(candidates).url[-5:]] == ["0.jpg", "1.jpg"]
    assert len(wiki.asked) == 1


def test_what_is_no_picture_of_pixels_is_left_out(web: Loopback) -> None:
    wiki = Wiki(web)
    wiki.category("Ada", "a.svg", "b.pdf", "c.ogv", "d.djvu", "e.png", "f.webm")
    wiki.info = {
        "a.svg": {"mime": "image/svg+xml", "mediatype": "DRAWING"},
        "b.pdf": {"mime": "application/pdf", "mediatype": "OFFICE"},
        "c.ogv": {"mime": "video/ogg", "mediatype": "VIDEO"},
        "d.djvu": {"mime": "image/vnd.djvu", "mediatype": "BITMAP"},
        "e.png": {"mime": "image/png"},
        "f.webm": {"mime": "video/webm", "mediatype": "VIDEO"},
    }
    assert [candidate.url for candidate in ask(wiki)] == ["http://t/960px-e.png"]


def test_sub_categories_are_followed_to_the_depth_and_each_once(web: Loopback) -> None:
    wiki = Wiki(web)
    wiki.category("Ada", "top.jpg", below=("Ada in 2011", "Statues of Ada", "Ada by year"))
    wiki.category("Ada in 2011", "2011.jpg", "top.jpg", below=("Ada",))
    wiki.category("Statues of Ada", "statue.jpg")
    wiki.category("Ada by year", below=("Ada in 2012",))
    wiki.category("Ada in 2012", "2012.jpg", below=("Ada in May 2012",))
    wiki.category("Ada in May 2012", "May.jpg")

    def names(depth: int) -> list[str]:
        return [candidate.url.removeprefix("http://t/960px-") for candidate in ask(wiki, commons_depth=depth)]

    assert names(0) == ["top.jpg"]
    assert names(1) == ["top.jpg", "2011.jpg"]
    assert names(2) == ["top.jpg", "2011.jpg", "2012.jpg"]
    assert names(3) == ["top.jpg", "2011.jpg", "2012.jpg", "May.jpg"]


@pytest.mark.parametrize(
    "title",
    [
        "Signatures of Ada",
        "Statues of Ada",
        "Grave of Ada",
        "Maps of Ada's travels",
        "Audio files of Ada",
        "Ada logos",
        "Places named after Ada",
        "Coats of arms of Ada",
        "Videos of Ada",
        "Ada in wax museums",
        "Paintings of Ada",
        "Statuen von Ada",
        "Denkmäler für Ada",
        "Tombe d'Ada",
        "Firmas de Ada",
        "Francobolli di Ada",
        "Памятники Аде",
        "Family of Ada",
    ],
)
def test_sub_categories_without_portraits_are_skipped(title: str) -> None:
    assert not may_hold_portraits(f"Category:{title}", "Ada")


@pytest.mark.parametrize(
    ("title", "person"),
    [
        ("Ada in 2011", "Ada"),
        ("Terence Stamp in 1966", "Terence Stamp"),
        ("Portraits of Maya Grave", "Maya_Grave"),
        ("Ada at the Homecoming Festival", "Ada"),
    ],
)
def test_sub_categories_with_portraits_are_followed(title: str, person: str) -> None:
    assert may_hold_portraits(f"Category:{title}", person)


def test_a_lagging_wiki_is_asked_again_when_it_says(web: Loopback) -> None:
    wiki = Wiki(web)
    wiki.category("Ada", "A.jpg")
    lag = Reply(
        dumps({"error": {"code": "maxlag", "lag": 6.2, "info": "Waiting for db1: 6.2 seconds lagged."}}).encode(),
        headers=(("Retry-After", "11"),),
    )
    web.serve("/w/api.php", lag, Reply(status=429, headers=(("Retry-After", "13"),)), lag, wiki._answer)
    time = FakeTime()
    assert len(ask(wiki, time=time, commons_depth=0)) == 1
    assert time.now == pytest.approx(11 + 13 + 11, abs=0.01)


def test_a_person_without_category_or_pictures_is_told_apart_from_a_broken_source(web: Loopback) -> None:
    wiki = Wiki(web)
    with pytest.raises(NoPhotographs, match=r"^Ada: the manifest names no Commons category"):
        ask(wiki, category="")
    assert wiki.asked == []
    with pytest.raises(NoPhotographs, match=r"^Ada: http.* has no pictures in Category:Nobody, nor under the name"):
        ask(wiki, category="Nobody")


@pytest.mark.parametrize(
    ("reply", "sentence"),
    [
        (Reply(b"<html>", headers=(("Content-Type", "text/html"),)), "answered something that is not JSON"),
        (Reply(b"[1]"), "not as a MediaWiki API does"),
        (Reply(status=404), "HTTP status 404"),
        (Reply(status=500), "HTTP status 500"),
        (Reply(b'{"error": {"code": "badvalue", "info": "No such generator."}}'), r"No such generator. \(badvalue\)"),
        (Reply(status=429, headers=(("Retry-After", "3600"),)), "left alone for 1 h 0 min; run again later"),
    ],
)
def test_a_source_that_cannot_be_asked_says_why_in_a_sentence(web: Loopback, reply: Reply, sentence: str) -> None:
    wiki = Wiki(web)
    web.serve("/w/api.php", reply)
    with pytest.raises(SourceError, match=sentence) as caught:
        ask(wiki)
    assert not isinstance(caught.value, NoPhotographs)
    assert wiki.url in str(caught.value)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2011-09-25", "2011-09-25"),
        ("2011-09-25 14:22:10", "2011-09-25"),
        ("2011:09:25 14:22:10", "2011-09-25"),
        ("2011-09-25T14:22:10Z (according to Exif data)", "2011-09-25"),
        ("25 September 2011", "2011-09-25"),
        ("Taken on 25 September 2011, 14:22", "2011-09-25"),
        ("5. Sept. 2011", "2011-09-05"),
        ("September 25th, 2011", "2011-09-25"),
        ("May 2011", "2011-05"),
        ("2011-09", "2011-09"),
        ("circa 1990", "1985/1995"),
        ("25/09/2011", "2011"),  # whose day and month?
        ("2011-31-12", "2011"),
        ("30 February 2011", "2011-02"),
        ("1990s", "1990/1999"),
        ("before 1990", "1826/1990"),
        ("between 2005 and 2008", "2005/2008"),
        ("2005–2008", "2005/2008"),
        ("Unknown date", None),
        ("0000:00:00 00:00:00", None),
        ("201109", None),
        ("", None),
    ],
)
def test_dates_as_people_write_them(text: str, expected: str | None) -> None:
    assert read_date("", text) == expected


@settings(max_examples=60, deadline=None)
@given(st.dates(min_value=date(1800, 1, 1), max_value=date(2099, 1, 1)))
def test_a_whole_date_is_read_in_every_usual_form(day: date) -> None:
    for form in ("%Y-%m-%d", "%Y:%m:%d 10:20:30", "%d %B %Y", "%B %d, %Y", "%d %b %Y"):
        assert read_date("", day.strftime(form)) == day.isoformat()


@settings(max_examples=60, deadline=None)
@given(st.text())
def test_no_text_is_too_odd_to_be_read(text: str) -> None:
    read_date("", text)
    assert "\n" not in plain_text(text)


def test_the_machine_readable_date_counts_before_the_words() -> None:
    html = '<time datetime="2011-09-25">am 25. Septembre 2012</time>'
    assert taken_on({"DateTimeOriginal": {"value": html}}) == "2011-09-25"


def test_a_value_may_be_a_map_of_languages() -> None:
    assert plain_value({"Artist": {"value": {"_type": "lang", "de": "<i>Jo</i>"}}}, "Artist") == "Jo"
    assert plain_value({"Artist": {"value": 7}}, "Artist") == "7"
    assert plain_value({}, "Artist") == ""
