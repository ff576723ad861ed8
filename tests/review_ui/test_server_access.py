"""The review's server: who may ask, where it listens, and how it ends."""

import os
import signal
import socket
import subprocess
import sys

import pytest
import requests
from review_corpus import ADA, Browser, Process, face_ids, journal

from facecorpus.corpus import Corpus
from facecorpus.errors import FacecorpusError
from review_ui import review_url, serve

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


# ---- Serving


def test_ctrl_c_ends_with_what_is_left_and_no_heavy_library_was_loaded(corpus: Corpus) -> None:
    process = Process(corpus)
    assert requests.get(process.url).ok
    os.kill(process.popen.pid, signal.SIGINT)
    said, _ = process.popen.communicate(timeout=30)
    assert process.popen.returncode == 0
    assert "36 faces are not decided yet: facecorpus review goes on." in said
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
