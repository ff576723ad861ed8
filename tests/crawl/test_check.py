"""`crawl --check`: what each source answers for one person, as a table, as JSON, and kept as test data."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import Result
from crawling import make
from loopback import Loopback, Reply, Request, jpeg, settings_for
from loopback_wiki import Wiki
from people import person
from typer.testing import CliRunner

from facecorpus.cli import app
from facecorpus.corpus import Corpus
from facecorpus.crawl.check import check_sources
from facecorpus.crawl.recording import INDEX

SECRET = "hush-hush-key"
ODD = {"ImageDescription": "Ada", "LicenseShortName": "CC BY-SA 4.0", "DateTimeOriginal": "1990s", "Artist": "Jo Doe"}


@pytest.fixture
def corpus(web: Loopback, tmp_path: Path) -> Corpus:
    """Ada, with a category of twelve files, and a folder in which Ben has one picture."""
    wiki = Wiki(web)
    wiki.category("Ada", *(f"{number:02}.jpg" for number in range(12)))
    for number in range(12):
        stated = ODD | ({"DateTimeOriginal": "2011-09-25"} if number % 2 else {})
        url = web.serve(f"/{number}.jpg", Reply(jpeg(number)))
        metadata = {key: {"value": value} for key, value in stated.items()}
        wiki.info[f"{number:02}.jpg"] = {"thumburl": url, "extmetadata": metadata}
    (tmp_path / "photos" / "ben").mkdir(parents=True)
    (tmp_path / "photos" / "ben" / "1.jpg").write_bytes(jpeg(9))
    crawl = {"commons_api": wiki.url, "flickr_api": web.url("/flickr"), "folder": str(tmp_path / "photos")}
    settings = settings_for(web, crawl=crawl | {"sources": ("commons", "flickr", "folder"), "per_identity": 100})
    return make(tmp_path / "corpus", settings, person("ada"), person("ben"))


def run(*arguments: object) -> Result:
    return CliRunner().invoke(app, ["crawl", *map(str, arguments)])


def test_a_table_says_what_came_what_was_understood_and_what_was_refused(web: Loopback, corpus: Corpus) -> None:
    before = sorted(corpus.root.rglob("*"))
    result = run("--check", "-C", corpus.root)
    assert result.exit_code == 1
    head, commons, flickr, folder, refused, whole = result.stdout.splitlines()
    assert head.split() == ["source", "person", "asked", "came", "licence", "author", "date", "picture"]
    assert commons.split()[:4] == ["commons", "Ada", "4", "10"]  # two of its API, robots.txt and so on, one picture
    assert "10 of 10" in commons and "5 span, 5 day" in commons and "16 × 16, 0.6 kB" in commons
    assert flickr.split() == ["flickr", "0", "0"]
    assert folder.split()[:4] == ["folder", "Ben", "0", "1"] and "0 of 1" in folder
    assert refused == "flickr: Source 'flickr' needs an API key: put yours in the environment variable FLICKR_API_KEY."
    assert whole.startswith("The whole crawl: about ") and "200 pictures at most" in whole
    assert sorted(corpus.root.rglob("*")) == before
    assert len([path for path in web.paths() if path.endswith(".jpg")]) == 1


def test_json_is_one_document(corpus: Corpus, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FLICKR_API_KEY", "")
    document = json.loads(run("--check", "--json", "-C", corpus.root).stdout)
    commons, flickr, folder = document["sources"]
    assert (commons["source"], commons["came"], commons["licences"], commons["authors"]) == ("commons", 10, 10, 10)
    assert commons["dates"] == {"span": 5, "day": 5}
    assert flickr["refused"] and not commons["refused"] and not folder["refused"]
    assert document["pictures"] == 200 and document["seconds"] > 0


def test_what_is_recorded_holds_no_key_no_contact_and_no_picture(
    web: Loopback, corpus: Corpus, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FLICKR_API_KEY", SECRET)

    def flickr(request: Request) -> Reply:
        body = {"stat": "fail", "code": 100, "message": f"Invalid key {SECRET}", "access_token": "token-xyz"}
        headers = (("Content-Type", "application/json"), ("Set-Cookie", "id=1"))
        return Reply(json.dumps(body | {"agent": request.headers["User-Agent"]}).encode(), headers=headers)

    web.serve("/flickr", flickr)
    folder = tmp_path / "answers"
    summary = check_sources(corpus, folder)
    index = json.loads((folder / INDEX).read_text())
    assert len(index) == sum(one.asked for one in summary.sources)
    kept = {path.name: path.read_bytes() for path in folder.iterdir()}
    assert set(kept) == {INDEX, *(answer["file"] for answer in index if answer["file"])}
    assert not any(
        word in body for body in kept.values() for word in (SECRET.encode(), b"token-xyz", b"me@example.org")
    )
    assert not any("cookie" in name.lower() for answer in index for name in answer["headers"])
    (picture,) = [answer for answer in index if answer.get("picture")]
    assert (picture["file"], picture["bytes"]) == ("", len(jpeg(0)))
    assert b"Invalid key REMOVED" in b"".join(kept.values())
    assert {answer["status"] for answer in index} == {200, 404}


def test_a_refusal_is_recorded_too_and_its_wait_is_short(web: Loopback, corpus: Corpus, tmp_path: Path) -> None:
    refusal = b'{"detail": "Request was throttled. Expected available in 3600 seconds."}'
    web.serve("/w/api.php", Reply(refusal, 429, (("Content-Type", "application/json"), ("X-RateLimit-Limit-a", "5/h"))))
    summary = check_sources(corpus, tmp_path / "answers")
    assert "left alone for 1 h 0 min" in summary.sources[0].refused
    (answer,) = json.loads((tmp_path / "answers" / INDEX).read_text())[:1]
    assert (answer["status"], answer["headers"]["X-RateLimit-Limit-a"]) == (429, "5/h")
    assert (tmp_path / "answers" / answer["file"]).read_bytes() == refusal


def test_a_picture_that_does_not_come_is_said(web: Loopback, corpus: Corpus) -> None:
    web.serve("/0.jpg", Reply(status=403))
    found = check_sources(corpus).sources[0]
    assert (found.came, found.picture) == (10, "")
    assert found.refused.endswith("/0.jpg brought no picture: refused, HTTP status 403.")


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("--record", "x"), "Use --record with --check"),
        (("--check", "--dry-run"), "--check with neither --dry-run nor --retry"),
        (("--check", "--retry", "failed"), "--check with neither --dry-run nor --retry"),
        (("--check", "--record", "."), "is not empty; name a new folder"),
        (("--check", "--record", "corpus.toml"), "cannot hold what is recorded"),
    ],
)
def test_bad_input_is_one_sentence_and_exit_code_2(corpus: Corpus, arguments: tuple[str, ...], sentence: str) -> None:
    program = [sys.executable, "-m", "facecorpus", "crawl", "-C", ".", *arguments]
    ended = subprocess.run(program, capture_output=True, text=True, check=False, cwd=corpus.root)
    assert (ended.returncode, ended.stdout) == (2, "")
    assert sentence in ended.stderr and ended.stderr.count("\n") == 1


def test_a_check_without_a_contact_asks_nobody(tmp_path: Path) -> None:
    corpus = make(tmp_path / "corpus", settings_for(crawl={"contact": ""}), person("ada"))
    assert "set contact to your mail address" in check_sources(corpus).sources[0].refused
