"""What the review's server answers: counts, pages, faces, pictures, and nothing from beside the stores."""

from pathlib import Path

import pytest
import requests
from review_corpus import ADA, BEN, SCRIPT, Browser, face_ids, make_corpus, served

from facecorpus.corpus import Corpus
from review_ui.pages import picture_type


@pytest.fixture
def corpus(tmp_path: Path) -> Corpus:
    return make_corpus(tmp_path / "review", {ADA: 30, BEN: 10}, title=SCRIPT, page="javascript:alert(2)")


def test_the_overview_counts_what_is_done_and_left(ada: Browser, corpus: Corpus) -> None:
    ada.decide(face_ids(corpus, ADA)[:7], "accept")
    text = " ".join(ada.ask("/").text.split())
    assert "20 left of 27" in text
    assert "Female · adult · Asian" in text
    ada.decide(face_ids(corpus, ADA), "accept")
    ada.decide(face_ids(corpus, BEN), "reject", "other", who=BEN)
    assert f"facecorpus build -C {corpus.root}" in ada.ask("/").text


def test_pages_hold_no_inline_script_or_style(reader: Browser) -> None:
    for path in ("/", f"/identity/{ADA}"):
        text = reader.ask(path).text
        assert " style=" not in text
        assert "<style" not in text
        assert text.count('<script type="module" src="/static/') == 1
        assert text.count("<script") == 1 + text.count('<script type="application/json"')


def test_a_name_is_escaped(tmp_path: Path) -> None:
    corpus = make_corpus(tmp_path / "review", {ADA: 1})
    manifest = corpus.root / "manifest.csv"
    manifest.write_text(manifest.read_text("utf-8").replace("Ada Example", "Ada <script>alert(1)</script>"), "utf-8")
    with served(Corpus(corpus.root)) as base:
        browser = Browser(base, "sesame")
        for path in ("/", f"/identity/{ADA}"):
            assert "<script>alert" not in browser.ask(path).text
            assert "&lt;script&gt;alert(1)" in browser.ask(path).text


def test_captions_travel_as_json_that_no_browser_reads_as_a_page(reader: Browser) -> None:
    face = face_ids(reader.corpus, ADA)[0]
    answer = reader.ask(f"/api/identity/{ADA}/details?faces={face}")
    assert answer.headers["content-type"] == "application/json"
    assert reader.details(face)["title"].startswith(SCRIPT)


def test_faces_come_most_suspicious_first_with_their_standing(ada: Browser, corpus: Corpus) -> None:
    first, second = face_ids(corpus, ADA)[:2]
    ada.decide([second], "reject", "quality")
    faces = ada.faces()
    assert [face["likely"] for face in faces] == sorted(face["likely"] for face in faces)
    standing = {face["face_id"]: (face["verdict"], face["reason"], face["reviewer"]) for face in faces}
    assert standing[first] == (None, "", "")
    assert standing[second] == ("reject", "quality", "ada")


def test_crops_may_be_kept_by_the_browser_for_ever(reader: Browser) -> None:
    answer = reader.ask(f"/crops/{face_ids(reader.corpus, ADA)[0]}.jpg")
    assert answer.headers["content-type"] == "image/jpeg"
    assert "immutable" in answer.headers["cache-control"]
    assert answer.content.startswith(b"\xff\xd8\xff")


@pytest.mark.parametrize("path", ["/crops/{}.jpg", "/photos/{}", "/static/{}"])
@pytest.mark.parametrize(
    "name", ["../../manifest.csv", "..%2F..%2Fmanifest.csv", "%2e%2e/%2e%2e/corpus.toml", "....//corpus.toml", "a%00b"]
)
def test_no_path_leads_out_of_the_stores(reader: Browser, path: str, name: str) -> None:
    request = requests.Request("GET", reader.base).prepare()
    request.url = reader.base + path.format(name)  # unchanged: requests would tidy the dots away
    request.prepare_cookies(reader.cookies)
    answer = reader.send(request)
    assert answer.status_code == 404
    assert "identity_id" not in answer.text


@pytest.mark.parametrize(
    ("path", "beside"), [("/crops/....secret.jpg", "....secret.jpg"), ("/photos/....secret", "....secret")]
)
def test_a_name_that_begins_with_dots_reads_nothing_beside_the_corpus(reader: Browser, path: str, beside: str) -> None:
    secret = reader.corpus.root.parent / beside  # where the two folders "..", ".." of such a name lead
    secret.write_bytes(b"\xff\xd8\xff")
    assert reader.ask(path).status_code == 404


def test_a_photograph_is_served_as_the_picture_that_it_is(reader: Browser) -> None:
    with reader.corpus.catalog() as catalog:
        sha256 = catalog.faces.for_review(ADA)[0].photo_sha256
    answer = reader.ask(f"/photos/{sha256}")
    assert answer.headers["content-type"] == "image/jpeg"
    assert "sandbox" in answer.headers["content-security-policy"]
    assert answer.headers["x-content-type-options"] == "nosniff"


def test_a_photograph_that_is_a_page_in_truth_is_not_served(ada: Browser, corpus: Corpus) -> None:
    sha256 = corpus.photos.put(b"<html><script>alert(3)</script></html>")
    assert ada.ask(f"/photos/{sha256}").status_code == 415


@pytest.mark.parametrize(
    ("head", "media_type"),
    [
        (b"\xff\xd8\xff\xe0", "image/jpeg"),
        (b"\x89PNG\r\n\x1a\n", "image/png"),
        (b"GIF89a", "image/gif"),
        (b"RIFF\x00\x00\x00\x00WEBPVP8 ", "image/webp"),
        (b"BM\x00\x00", "image/bmp"),
        (b"<svg xmlns=", None),
        (b"RIFF\x00\x00\x00\x00WAVE", None),
        (b"", None),
    ],
)
def test_the_bytes_say_what_a_picture_is(head: bytes, media_type: str | None) -> None:
    assert picture_type(head) == media_type


def test_an_unknown_person_is_one_sentence(reader: Browser) -> None:
    assert reader.ask("/api/identity/nobody").json() == {"error": "Nobody in this corpus has the id 'nobody'."}
    assert "Nobody in this corpus" in reader.ask("/identity/nobody").text
