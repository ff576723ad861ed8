"""Sources 'bing', 'google' and 'baidu': pages in the shapes that the engines answer with, read through icrawler."""

import html
import json
from pathlib import Path
from typing import Any

import pytest
from loopback import Loopback, Reply, Request, settings_for
from people import person

from facecorpus.crawl.fetch import Fetcher
from facecorpus.crawl.sources import search_engines as engines
from facecorpus.crawl.sources.search_engines import Engine
from facecorpus.errors import SourceError
from facecorpus.records import Candidate


@pytest.fixture
def web(web: Loopback, monkeypatch: pytest.MonkeyPatch) -> Loopback:
    """The web, which all engines are told to be at."""
    for name in ("bing", "google", "baidu"):
        monkeypatch.setitem(engines.ENGINES, name, web.url(""))
    return web


def ask(web: Loopback, name: str, folder: Path, person_name: str = "Ada", **crawl: Any) -> list[Candidate]:
    settings = settings_for(web, crawl=crawl, fetch={"tries": 1})
    with Fetcher(settings) as fetcher:
        return list(Engine(name, settings.crawl, fetcher, folder).candidates(person("ada", name=person_name)))


def found(candidates: list[Candidate]) -> list[tuple[str, str, str]]:
    return [(candidate.url, candidate.page_url, candidate.title) for candidate in candidates]


def bing_page(*pictures: dict[str, str]) -> Reply:
    """www.bing.com/images/async: <a class="iusc" m='{…}'> in <div class="imgpt">, the JSON escaped as HTML.

    murl is the picture, purl the page it is on, turl Bing's own thumbnail, t the title; U+E000 and U+E001 stand around
    the words that were searched for.
    """
    links = "".join(
        f'<div class="imgpt"><a class="iusc" href="/x" m="{html.escape(json.dumps(about))}"></a></div>'
        for about in pictures
    )
    return Reply(f"<!doctype html><ul><li>{links}</li></ul>".encode(), headers=(("Content-Type", "text/html"),))


def test_bing_gives_every_kind_of_file_whole_with_its_page(web: Loopback, tmp_path: Path) -> None:
    """icrawler 0.6.10 loses PNG and WebP, cuts ".jpg?w=1", drops the page, and does not encode the keyword."""
    kinds = ["a.jpg?w=1&h=2", "b.png", "c.webp", "d", "e.jpg"]
    pages = [{"murl": f"https://h/{kind}", "purl": f"https://p/{kind}", "t": "\ue000Ada\ue001 L"} for kind in kinds]
    asked: list[Request] = []

    def answer(request: Request) -> Reply:
        asked.append(request)
        first = int(request.query["first"])
        return bing_page(*pages[:3]) if first == 0 else bing_page(*pages[2:])

    web.serve("/images/async", answer)
    candidates = ask(web, "bing", tmp_path, "Ádá & Co")
    assert found(candidates) == [(f"https://h/{kind}", f"https://p/{kind}", "Ada L") for kind in kinds]
    assert [candidate.rank for candidate in candidates] == list(range(5))
    assert {(candidate.source, candidate.licence) for candidate in candidates} == {("bing", "")}
    assert {request.query["q"] for request in asked} == {'"Ádá & Co"'}
    assert [request.query["first"] for request in asked] == ["0", "20", "40"]  # the third brought nothing new


def test_google_gives_addresses_with_queries_and_their_pages(web: Loopback, tmp_path: Path) -> None:
    r"""www.google.com/search?tbm=isch: a script AF_initDataCallback with arrays, "=" and "&" escaped as \u003d, \u0026.

    [thumbnail, h, w] on gstatic.com, then [picture, h, w], and after it "2003":[null,id,page,title,…].
    """

    def entry(picture: str, page: str, title: str) -> str:
        return (
            '[0,"id",["https://encrypted-tbn0.gstatic.com/images?q\\u003dtbn:1",168,300],'
            f'["{picture}",600,800],null,0,"rgb(1,2,3)",null,0,{{"2003":[null,"x","{page}","{title}",null]}}]'
        )

    script = ",".join(
        [
            entry("https://h/a.webp?w\\u003d1\\u0026h\\u003d2", "https://p/1", 'Ada \\"L\\"'),
            entry("https:\\/\\/h\\/b.jpg", "https://p/2", "Ada \u00e9"),
        ]
    )
    page = f"<html><script>AF_initDataCallback({{key: 'ds:1', data:[{script}]}});</script></html>"

    def answer(request: Request) -> Reply:
        assert request.query["tbm"] == "isch" and request.query["q"] == '"Ada"'
        return Reply(page.encode() if request.query["start"] == "0" else b"<html></html>")

    web.serve("/search", answer)
    assert found(ask(web, "google", tmp_path)) == [
        ("https://h/a.webp?w=1&h=2", "https://p/1", 'Ada "L"'),
        ("https://h/b.jpg", "https://p/2", "Ada é"),
    ]


def test_baidu_gives_what_its_cipher_hides(web: Loopback, tmp_path: Path) -> None:
    """image.baidu.com/search/acjson: JSON; objURL and fromURL in a substitution cipher, the last of data is empty."""
    data: list[dict[str, str]] = [
        {
            "objURL": "ippr_z2C$qAzdH3FAzdH3Fi_z&e3B2AzdH3Fk_z&e3B3r2",
            "fromURL": "ippr_z2C$qAzdH3FAzdH3Fi_z&e3B2AzdH3Fr",
            "fromPageTitle": "<strong>Ada</strong> L",
        },
        {"hoverURL": "https://h/hover.jpg"},
        {},
    ]

    def answer(request: Request) -> Reply:
        assert request.query["word"] == '"Ada"' and request.query["tn"] == "resultjson_com"
        return Reply(json.dumps({"data": data if request.query["pn"] == "0" else [{}]}).encode())

    web.serve("/search/acjson", answer)
    assert found(ask(web, "baidu", tmp_path)) == [
        ("http://h.g/b.jpg", "http://h.g/p", "Ada L"),
        ("https://h/hover.jpg", "", ""),
    ]


@pytest.mark.parametrize(
    ("name", "path", "body"),
    [
        ("bing", "/images/async", b"<html>Are you a robot?</html>"),
        ("google", "/search", b"<html><script>var x = 1;</script></html>"),
        ("baidu", "/search/acjson", b'{"message":"no results"}'),
        ("baidu", "/search/acjson", b"<html>"),
    ],
)
def test_an_answer_in_which_no_picture_is_found_is_a_loud_error_with_the_answer_kept(
    web: Loopback, tmp_path: Path, name: str, path: str, body: bytes
) -> None:
    web.serve(path, Reply(body, headers=(("Content-Type", "text/plain"),)))
    sentence = rf"{name} answered {len(body)} bytes \(text/plain\) in which no picture was found: .* report it"
    with pytest.raises(SourceError, match=sentence):
        ask(web, name, tmp_path)
    assert (tmp_path / f"{name}-answer.html").read_bytes() == body


def test_an_engines_robots_txt_is_obeyed_unless_the_settings_say_otherwise(web: Loopback, tmp_path: Path) -> None:
    web.serve("/robots.txt", Reply(b"User-agent: *\nDisallow: /images/"))
    web.serve("/images/async", bing_page({"murl": "https://h/a.jpg"}))
    with pytest.raises(SourceError, match="set engines_despite_robots; else take bing out of sources"):
        ask(web, "bing", tmp_path)
    assert web.paths() == []
    assert len(ask(web, "bing", tmp_path, engines_despite_robots=True)) == 1


def test_no_engine_is_asked_by_default() -> None:
    assert not set(settings_for().crawl.sources) & set(engines.ENGINES)
