"""The page against odd requests and neighbours: no number, text or body is a crash, and the token stays private."""

import os
import re
import signal
import stat
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote

import pytest
import requests
from review_corpus import ADA, Browser, Process, face_ids, journal, served

from facecorpus.corpus import Corpus
from facecorpus.errors import FacecorpusError
from review_ui.reviewers import check_reviewer
from review_ui.tries import MOST, WINDOW, Tries, client_of

SECRET = "correct horse"
LONG = "9" * 5000
HALF = "\ud800"  # of a character


# ---- Odd numbers and texts


@pytest.mark.parametrize("after", [LONG, "-1", "1" * 19, str(2**63), "1.5", "٣" * 4000, "", "%ED%A0%80", "%00"])
def test_an_odd_row_number_is_refused_in_a_sentence(reader: Browser, after: str) -> None:
    answer = reader.ask(f"/api/identity/{ADA}/news?after={after}")
    assert answer.status_code == 422
    assert answer.json() == {"error": "after: a whole number is expected."}


@pytest.mark.parametrize("batch", [LONG, "-" + LONG, str(2**63), str(-(2**70)), "1e999", "NaN", '"\\ud800"', "true"])
def test_an_odd_batch_is_refused_in_a_sentence(reader: Browser, batch: str) -> None:
    for path in ("/api/undo", "/api/redo"):
        answer = reader.post(
            reader.base + path, data=f'{{"page": "{ADA}", "batch": {batch}}}', headers={"Origin": reader.base}
        )
        assert answer.status_code == 422
        assert "expected" in answer.json()["error"]


@pytest.mark.parametrize("key", ["page", "identity_id", "face_ids", "kind", "verdict", "reason"])
def test_half_a_character_is_refused_in_a_sentence(reader: Browser, key: str) -> None:
    body: dict[str, object] = {"page": ADA, "identity_id": ADA, "face_ids": face_ids(reader.corpus, ADA)[:1]}
    body |= {"verdict": "accept", key: [HALF] if key == "face_ids" else HALF}
    answer = reader.change("/api/decisions", **body)
    assert answer.status_code == 422
    assert key in answer.json()["error"]
    assert journal(reader.corpus) == []


@pytest.mark.parametrize(
    "body", ["[" * 100_000, '{"a":' * 100_000, b"\xff\xfe{", b"\x00", LONG, "{}}", '{"page": NaN}']
)
def test_a_body_that_is_no_object_is_refused_in_a_sentence(reader: Browser, body: str | bytes) -> None:
    for path in ("/api/decisions", "/api/undo", "/api/redo"):
        answer = reader.post(reader.base + path, data=body, headers={"Origin": reader.base})
        assert answer.status_code == 422
        assert "expected" in answer.json()["error"]


# ---- Bodies are bounded


def test_a_large_body_is_refused_and_not_kept(corpus: Corpus) -> None:
    process = Process(corpus)
    try:
        browser = Browser(process.url.split("/?")[0], process.url.split("token=")[1])
        browser.ask("/")
        before = peak(process.popen.pid)

        def parts() -> Iterator[bytes]:
            for _ in range(64):
                yield b" " * 1_000_000

        for data in (parts(), b" " * 64_000_000):
            answer = browser.post(f"{browser.base}/api/undo", data=data, headers={"Origin": browser.base})
            assert answer.status_code == 413
            assert answer.json() == {"error": "body: at most 4000000 bytes are read."}
        assert peak(process.popen.pid) - before < 16_000
        assert browser.ask("/").ok
    finally:
        process.kill()


def test_as_many_faces_as_may_be_said_at_once_fit_into_a_body(reader: Browser) -> None:
    faces = [f"{number:024x}-{number:06d}" for number in range(100_000)]
    answer = reader.decide(faces, "accept")
    assert answer.status_code == 409
    assert "does not stand for" in answer.json()["error"]


def peak(pid: int) -> int:
    """The most memory that the process ever had, in kB."""
    found = re.search(r"VmHWM:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text())
    assert found
    return int(found[1])


# ---- The password


def come_in(base: str, password: str) -> requests.Response:
    return requests.post(f"{base}/login", data={"name": "bob", "password": password}, headers={"Origin": base})


def test_thirty_wrong_passwords_do_not_delay_the_right_one(corpus: Corpus) -> None:
    with served(corpus, password=SECRET) as base:
        wrong = [threading.Thread(target=come_in, args=(base, f"wrong {number}")) for number in range(30)]
        begun = time.monotonic()
        for thread in wrong:
            thread.start()
        time.sleep(0.2)
        asked = time.monotonic()
        answer = come_in(base, SECRET)
        assert time.monotonic() - asked < 5  # one after the other they would take 30
        assert answer.cookies
        for thread in wrong:
            thread.join()
        assert time.monotonic() - begun < 15


def test_a_wrong_password_is_answered_slowly(corpus: Corpus) -> None:
    with served(corpus, password=SECRET) as base:
        asked = time.monotonic()
        assert come_in(base, "wrong horse").status_code == 401
        assert time.monotonic() - asked >= 1


def test_an_address_may_try_so_often_and_no_other_pays_for_it() -> None:
    now = 0.0
    tries = Tries(lambda: now)
    for _ in range(MOST):
        assert not tries.too_many("1.2.3.4")
        tries.wrong("1.2.3.4")
    assert tries.too_many("1.2.3.4")
    assert not tries.too_many("1.2.3.5")
    now = WINDOW
    assert not tries.too_many("1.2.3.4")
    assert tries._wrong == {}


def test_who_asks_too_often_is_refused_unread(corpus: Corpus, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("review_ui.guard.PAUSE", 0.0)
    monkeypatch.setattr("review_ui.tries.MOST", 3)
    with served(corpus, password=SECRET) as base:
        assert [come_in(base, f"wrong {number}").status_code for number in range(5)] == [401, 401, 401, 429, 429]
        assert "wait a minute" in come_in(base, SECRET).text


@pytest.mark.parametrize(
    ("address", "client"),
    [
        ("10.0.0.1", "10.0.0.1"),
        ("::ffff:10.0.0.1", "10.0.0.1"),
        ("fe80::1:2:3:4%eth0", "fe80::"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::"),
        ("", ""),
    ],
)
def test_an_ipv6_network_is_one_client(address: str, client: str) -> None:
    assert client_of({"client": (address, 1)}) == client
    assert client_of({}) == ""


# ---- The token


class Opened:
    """`serve` with a browser that only writes down how it was called."""

    def __init__(self, corpus: Corpus, folder: Path) -> None:
        self.called = folder / "called"
        browser = folder / "browser"
        browser.write_text(f'#!/bin/sh\necho "$@" > {self.called}.part && mv {self.called}.part {self.called}\n')
        browser.chmod(0o755)
        program = (
            "import sys; from pathlib import Path; from facecorpus.corpus import Corpus; from review_ui import serve;"
            "serve(Corpus(Path(sys.argv[1])), port=0, reviewer='ada', open_browser=True)"
        )
        self.popen = subprocess.Popen(
            [sys.executable, "-c", program, str(corpus.root)],
            cwd=Path(__file__).parents[2],
            env={**os.environ, "BROWSER": f"{browser} %s"},
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self.popen.stdout is not None
        found = re.search(r"http://\S+/\?token=(\S+)", self.popen.stdout.readline())
        assert found
        self.url, self.token = found[0], found[1]

    def arguments(self) -> str:
        """What stood on the browser's command line."""
        for _ in range(200):
            if self.called.exists():
                return self.called.read_text().strip()
            time.sleep(0.05)
        raise AssertionError("no browser was opened")


@pytest.mark.parametrize("end", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_the_token_is_on_no_command_line_but_in_a_private_file(corpus: Corpus, tmp_path: Path, end: int) -> None:
    opened = Opened(corpus, tmp_path)
    try:
        arguments = opened.arguments()
        assert opened.token not in arguments
        file = Path(unquote(arguments.removeprefix("file://")))
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
        assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700
        found = re.search(r'content="0; url=([^"]+)"', file.read_text(encoding="utf-8"))
        assert found
        assert found[1] == opened.url
        assert requests.get(found[1]).ok
        assert requests.get(opened.url).status_code == 401
        opened.popen.send_signal(end)
        opened.popen.communicate(timeout=30)
        assert not file.parent.exists()
        assert opened.popen.returncode == (0 if end == signal.SIGINT else 128 + signal.SIGTERM)
    finally:
        opened.popen.kill()
        opened.popen.communicate()


# ---- Names


@pytest.mark.parametrize("name", ['=HYPERLINK("http://evil.example")', "+ada", "-ada", "@ada", "ada;=1", "\u202eada"])
def test_no_reviewer_is_a_formula_or_turns_the_writing_around(corpus: Corpus, name: str) -> None:
    with pytest.raises(FacecorpusError):
        check_reviewer(name)
    with served(corpus, password=SECRET) as base:
        form = {"name": name, "password": SECRET}
        answer = requests.post(f"{base}/login", data=form, headers={"Origin": base})
        assert answer.status_code == 401
        assert not answer.cookies
