"""The review's server: who may ask, what is answered, and that a verdict is on disk before the page is told."""

import os
import signal
import socket
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests
from hypothesis import given, settings
from hypothesis import strategies as st
from people import person
from review_corpus import ADA, BEN, Browser, Process, face_ids, journal, make_corpus, served, stood

from facecorpus.catalog import Catalog
from facecorpus.corpus import Corpus
from facecorpus.errors import FacecorpusError
from review_ui import review_url, serve
from review_ui.pages import picture_type

SCRIPT = '"><script>alert(1)</script>'


@pytest.fixture
def corpus(tmp_path: Path) -> Corpus:
    return make_corpus(tmp_path / "review", {ADA: 30, BEN: 10}, title=SCRIPT, page="javascript:alert(2)")


@pytest.fixture
def base(corpus: Corpus) -> Iterator[str]:
    with served(corpus) as address:
        yield address


@pytest.fixture
def ada(base: str) -> Browser:
    return Browser(base, "sesame")


@pytest.fixture(scope="module")
def reader(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    """A client for tests that change nothing: they share one corpus and one server."""
    corpus = make_corpus(tmp_path_factory.mktemp("shared") / "review", {ADA: 30, BEN: 10}, title=SCRIPT)
    with served(corpus) as address:
        browser = Browser(address, "sesame")
        browser.corpus = corpus
        yield browser


# ---- Who may ask


def test_without_the_token_nothing_is_shown(base: str, corpus: Corpus) -> None:
    face = face_ids(corpus, ADA)[0]
    for path in ("/", f"/identity/{ADA}", f"/api/identity/{ADA}", f"/crops/{face}.jpg", "/?token=wrong"):
        answer = requests.get(base + path)
        assert answer.status_code == 401
        assert "Ada Example" not in answer.text


def test_the_token_works_once(base: str) -> None:
    Browser(base, "sesame")
    answer = requests.get(f"{base}/?token=sesame")
    assert answer.status_code == 401
    assert "used already" in answer.text


def test_the_cookie_is_strict_and_out_of_reach_of_scripts(base: str) -> None:
    cookie = requests.get(f"{base}/?token=sesame").headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=strict" in cookie


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1", "127.0.0.1:1", "localhost.evil.example:{port}", ""])
def test_a_foreign_host_name_is_refused_even_with_the_cookie(reader: Browser, host: str) -> None:
    port = reader.base.rsplit(":", 1)[1]
    answer = reader.get(
        f"{reader.base}/api/identity/{ADA}", headers={"Host": host.format(port=port), "Cookie": reader.cookie}
    )
    assert answer.status_code == 403


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::1]"])
def test_the_three_names_of_this_machine_are_let_in(reader: Browser, host: str) -> None:
    port = reader.base.rsplit(":", 1)[1]
    assert reader.get(f"{reader.base}/", headers={"Host": f"{host}:{port}", "Cookie": reader.cookie}).ok


@pytest.mark.parametrize("origin", [None, "null", "http://evil.example", "http://127.0.0.1:1"])
def test_a_change_must_come_from_the_page_itself(ada: Browser, corpus: Corpus, origin: str | None) -> None:
    face = face_ids(corpus, ADA)[0]
    answer = ada.post(
        f"{ada.base}/api/decisions",
        json={"identity_id": ADA, "face_ids": [face], "verdict": "accept"},
        headers={"Origin": origin} if origin else {},
    )
    assert answer.status_code == 403
    assert journal(corpus) == []


def test_every_answer_carries_the_security_headers(reader: Browser) -> None:
    for path in ("/", f"/api/identity/{ADA}", "/nowhere"):
        headers = reader.ask(path).headers
        assert "default-src 'none'" in headers["content-security-policy"]
        assert "unsafe" not in headers["content-security-policy"]
        assert headers["x-content-type-options"] == "nosniff"


# ---- What is answered


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


# ---- Verdicts


def test_a_verdict_is_on_disk_before_the_answer(ada: Browser, corpus: Corpus) -> None:
    face = face_ids(corpus, ADA)[0]
    (stands,) = stood(ada.decide([face], "accept"))
    assert (stands["face_id"], stands["verdict"], stands["reviewer"]) == (face, "accept", "ada")
    other = sqlite3.connect(corpus.root / "catalog.sqlite")
    try:
        assert other.execute("SELECT face_id, reviewer, verdict FROM decision").fetchall() == [(face, "ada", "accept")]
    finally:
        other.close()


def test_nothing_is_answered_while_the_disk_is_held_by_another(ada: Browser, corpus: Corpus) -> None:
    face = face_ids(corpus, ADA)[0]
    other = sqlite3.connect(corpus.root / "catalog.sqlite", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    answers: list[int] = []
    asking = threading.Thread(target=lambda: answers.append(ada.decide([face], "accept").status_code))
    asking.start()
    asking.join(0.3)
    assert answers == []
    other.execute("COMMIT")
    other.close()
    asking.join()
    assert answers == [200]
    assert journal(corpus) == [(face, "ada", "accept", "")]


def test_a_request_sent_twice_is_written_once(ada: Browser, corpus: Corpus) -> None:
    faces = face_ids(corpus, ADA)[:3]
    assert ada.decide(faces, "reject", "duplicate").json() == ada.decide(faces, "reject", "duplicate").json()
    assert len(journal(corpus)) == 3


def test_an_undo_sent_twice_takes_back_once(ada: Browser, corpus: Corpus) -> None:
    first, second = face_ids(corpus, ADA)[:2]
    ada.decide([first], "accept")
    batch = ada.decide([second], "accept").json()["undo"]
    for _ in range(2):
        answer = ada.change("/api/undo", page=ADA, batch=batch)
    assert stood(answer) == []
    faces = ada.faces()
    assert [face["face_id"] for face in faces if face["verdict"]] == [first]


def test_undo_goes_back_any_number_of_steps_and_over_a_restart(corpus: Corpus) -> None:
    one, *others = face_ids(corpus, ADA)
    steps = [([one], "accept", ""), ([one], "reject", "quality"), (others, "accept", ""), ([one], "accept", "")]

    def verdicts(browser: Browser) -> dict[str, tuple[str, str]]:
        faces = browser.faces()
        return {face["face_id"]: (face["verdict"], face["reason"]) for face in faces if face["verdict"]}

    with served(corpus) as base:
        browser = Browser(base, "sesame")
        states = [verdicts(browser)]
        for faces, verdict, reason in steps:
            browser.decide(faces, verdict, reason)
            states.append(verdicts(browser))
    for expected in reversed(states[:-1]):
        with served(corpus) as base:
            browser = Browser(base, "sesame")
            browser.change("/api/undo", page=ADA)
            assert verdicts(browser) == expected
    with served(corpus) as base:
        browser = Browser(base, "sesame")
        nothing = browser.change("/api/undo", page=ADA)
        assert nothing.json() | {"faces": stood(nothing)} == {"touched": 0, "faces": [], "undo": None, "redo": 1}
        for expected in states[1:]:
            browser.change("/api/redo", page=ADA)
            assert verdicts(browser) == expected


def test_an_undo_adds_rows_and_removes_none(ada: Browser, corpus: Corpus) -> None:
    face = face_ids(corpus, ADA)[0]
    ada.decide([face], "reject", "wrong person")
    ada.decide([face], "accept")
    before = journal(corpus)
    ada.change("/api/undo", page=ADA)
    assert journal(corpus) == [
        *before,
        (face, "ada", "undecided", "undo"),
        (face, "ada", "reject", "wrong person"),
    ]


def test_an_undo_leaves_other_people_and_other_reviewers_alone(corpus: Corpus) -> None:
    face, other = face_ids(corpus, ADA)[0], face_ids(corpus, BEN)[0]
    with served(corpus, reviewer="ada") as base:
        browser = Browser(base, "sesame")
        browser.decide([other], "accept", who=BEN)
        browser.decide([face], "accept")
    with served(corpus, reviewer="bob") as base:
        assert stood(Browser(base, "sesame").change("/api/undo", page=ADA)) == []
    with served(corpus, reviewer="ada") as base:
        Browser(base, "sesame").change("/api/undo", page=ADA)
    with corpus.catalog() as catalog:
        assert dict(catalog.review.standings(ADA, [face], "ada", 0))[face].verdict is None
        assert dict(catalog.review.standings(BEN, [other], "ada", 0))[other].verdict == "accept"


def test_a_person_overrides_the_automatic_policy(ada: Browser, corpus: Corpus) -> None:
    face = face_ids(corpus, ADA)[0]
    with corpus.catalog() as catalog:
        catalog.decisions.add([face], identity_id=ADA, reviewer="auto", verdict="accept")
    assert ada.faces()[0]["reviewer"] == "auto"
    ada.decide([face], "reject", "wrong person")
    with corpus.catalog() as catalog:
        catalog.decisions.add([face], identity_id=ADA, reviewer="auto", verdict="accept", reason="again")
    assert ada.faces()[0]["verdict"] == "reject"


def test_taking_back_an_override_brings_the_automatic_verdict_back(ada: Browser, corpus: Corpus) -> None:
    face = face_ids(corpus, ADA)[0]
    with corpus.catalog() as catalog:
        catalog.decisions.add([face], identity_id=ADA, reviewer="auto", verdict="accept")
    ada.decide([face], "reject", "wrong person")
    (stands,) = stood(ada.change("/api/undo", page=ADA))
    assert (stands["face_id"], stands["verdict"], stands["reviewer"]) == (face, "accept", "auto")


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"face_ids": []}, "face_ids"),
        ({"verdict": "maybe"}, "verdict"),
        ({"verdict": "reject"}, "has a reason"),
        ({"verdict": "reject", "reason": "undo"}, "has a reason"),
        ({"reason": "quality"}, "has a reason"),
        ({"face_ids": ["0" * 24 + "-0"]}, "does not stand for"),
        ({"kind": "age"}, "one of young, adult, old"),
        ({"kind": "removal", "verdict": "old"}, "one of remove"),
        ({"identity_id": "nobody"}, "Nobody in this corpus"),
        ({"identity_id": BEN}, "does not stand for"),
    ],
)
def test_a_wrong_verdict_is_refused_in_one_sentence(
    ada: Browser, corpus: Corpus, wrong: dict[str, object], said: str
) -> None:
    right = {"identity_id": ADA, "face_ids": face_ids(corpus, ADA)[:2], "verdict": "accept"}
    answer = ada.change("/api/decisions", **(right | wrong))
    assert 400 <= answer.status_code < 500
    assert said in answer.json()["error"]
    assert journal(corpus) == []


@settings(max_examples=40, deadline=None)
@given(
    st.lists(
        st.one_of(
            st.tuples(st.sets(st.sampled_from("abc"), min_size=1), st.sampled_from(["accept", "reject", "undecided"])),
            st.sampled_from(["undo", "redo"]),
        ),
        max_size=14,
    )
)
def test_the_journal_undoes_and_redoes_as_an_editor_does(steps: list[tuple[set[str], str] | str]) -> None:
    catalog = Catalog(Path(":memory:"))
    catalog.identities.replace_all([person(ADA)])
    states: list[dict[str, str]] = [{}]  # the editor's history
    here = 0
    for step in steps:
        if isinstance(step, str):
            change, move = {"undo": (catalog.decisions.undo, -1), "redo": (catalog.decisions.redo, 1)}[step]
            change(ADA, "ada")
            here = min(len(states) - 1, max(0, here + move))
        else:
            faces, verdict = step
            news = {face: verdict for face in faces if states[here].get(face, "undecided") != verdict}
            if not news:
                continue  # says nothing new; whether it counts as a step does not matter
            catalog.decisions.add(sorted(faces), identity_id=ADA, reviewer="ada", verdict=verdict)
            states[here + 1 :] = [{**states[here], **news}]
            here += 1
        latest = {decision.face_id: decision.verdict for decision in catalog.decisions.all()}
        assert {f: v for f, v in latest.items() if v != "undecided"} == {
            f: v for f, v in states[here].items() if v != "undecided"
        }
    catalog.close()


# ---- Serving


def test_ctrl_c_ends_with_what_is_next_and_no_heavy_library_was_loaded(corpus: Corpus) -> None:
    process = Process(corpus)
    assert requests.get(process.url).ok
    os.kill(process.popen.pid, signal.SIGINT)
    said, _ = process.popen.communicate(timeout=30)
    assert process.popen.returncode == 0
    assert f"36 faces are not decided yet: facecorpus review -C {corpus.root}" in said
    assert f"Next: facecorpus build -C {corpus.root}" in said
    assert said.rstrip().endswith("[]")


@pytest.mark.parametrize("host", ["0.0.0.0", "192.168.1.5", "example.org", ""])
def test_a_host_that_is_not_loopback_is_refused(corpus: Corpus, host: str) -> None:
    with pytest.raises(FacecorpusError, match=r"ssh -L 8732:127\.0\.0\.1:8732"):
        serve(corpus, host=host, reviewer="ada", open_browser=False)


def test_a_port_in_use_is_named(corpus: Corpus) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(FacecorpusError, match=f"Port {port} of 127.0.0.1 cannot be used"):
            serve(corpus, port=port, reviewer="ada", open_browser=False)


@pytest.mark.parametrize("reviewer", ["auto", "", "  ", "a\nb", "x" * 65])
def test_a_reviewer_has_a_name_of_their_own(corpus: Corpus, reviewer: str) -> None:
    with pytest.raises(FacecorpusError):
        serve(corpus, reviewer=reviewer, open_browser=False)


def test_the_address_of_ipv6_stands_in_brackets() -> None:
    assert review_url("::1", 8732, "t") == "http://[::1]:8732/?token=t"
    assert review_url("127.0.0.1", 8732, "t") == "http://127.0.0.1:8732/?token=t"


def test_importing_the_package_imports_no_web_framework() -> None:
    program = "import review_ui, sys; print(sorted({'fastapi', 'starlette', 'uvicorn', 'jinja2'} & set(sys.modules)))"
    said = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert said.stdout.strip() == "[]"
