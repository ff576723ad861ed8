"""Before a crawl asks anything: a contact, a network, and folders of people whom the manifest knows."""

import socket
import time
import zipfile
from pathlib import Path
from typing import Any

import pytest
from crawling import make, propose_urls
from loopback import Loopback, jpeg, settings_for
from people import person

from facecorpus.crawl import reach
from facecorpus.crawl.discover import discover
from facecorpus.crawl.reach import may_ask
from facecorpus.crawl.stage import fetch_candidates
from facecorpus.errors import SourceError

PUBLIC = {"commons_api": "http://commons.example/api", "sources": ("commons", "openverse")}


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The hosts that somebody tried to connect to; none takes a connection."""
    tried: list[str] = []

    def refuse(address: tuple[str, int], timeout: float) -> socket.socket:
        tried.append(address[0])
        raise OSError("no route")

    monkeypatch.setattr(socket, "create_connection", refuse)
    return tried


def test_a_missing_contact_is_said_once_and_nobody_is_asked(
    asked: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    corpus = make(tmp_path / "corpus", settings_for(crawl=PUBLIC | {"contact": ""}), person("ada"))
    with pytest.raises(SourceError, match="set contact to your mail address"):
        discover(corpus)
    assert asked == []
    assert capsys.readouterr().err == ""


def test_without_a_network_a_crawl_ends_with_one_sentence(
    asked: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    corpus = make(tmp_path / "corpus", settings_for(crawl=PUBLIC), person("ada"))
    with pytest.raises(
        SourceError, match=r"No host could be reached \(tried .*commons.example.*; look at your network"
    ):
        discover(corpus)
    propose_urls(corpus, "http://photos.example/1.jpg")
    with pytest.raises(SourceError, match=r"No host could be reached \(tried photos.example\)"):
        fetch_candidates(corpus)
    assert {"commons.example", "api.openverse.org", "photos.example"} <= set(asked)
    assert capsys.readouterr().err == ""
    with corpus.catalog() as catalog:
        assert catalog.candidates.count_waiting() == {"ada": 1}


def test_a_network_that_swallows_everything_is_not_waited_for_long(monkeypatch: pytest.MonkeyPatch) -> None:
    def never(address: tuple[str, int], timeout: float) -> socket.socket:
        time.sleep(60)
        raise OSError

    monkeypatch.setattr(socket, "create_connection", never)
    monkeypatch.setattr(reach, "SECONDS", 0.2)
    with pytest.raises(SourceError, match="No host could be reached"):
        may_ask(settings_for(), [["one.example", "two.example"]])


def test_one_host_that_answers_is_enough(web: Loopback) -> None:
    may_ask(settings_for(), [["127.0.0.1:1"], [web.host]])
    may_ask(settings_for(web), [[web.host]])


FOLDERS = ("ada", "Benn", "clara_p", "zzz")


def folder(tmp_path: Path) -> dict[str, Any]:
    for name in (*FOLDERS, ".hidden"):
        (tmp_path / "photos" / name).mkdir(parents=True)
        (tmp_path / "photos" / name / "1.jpg").write_bytes(jpeg(len(name)))
    return {"sources": ("folder",), "folder": "../photos"}


def archive(tmp_path: Path) -> dict[str, Any]:
    with zipfile.ZipFile(tmp_path / "photos.zip", "w") as packed:
        for name in FOLDERS:
            packed.writestr(f"set/{name}/1.jpg", jpeg(len(name)))
    return {"sources": ("archive",), "archive": "../photos.zip"}


@pytest.mark.parametrize("source", [folder, archive])
def test_folders_that_the_manifest_does_not_know_are_named_with_the_nearest_people(tmp_path: Path, source: Any) -> None:
    people = [person("ada"), person("ben"), person("clara_o")]
    corpus = make(tmp_path / "corpus", settings_for(crawl=source(tmp_path)), *people)
    assert str(discover(corpus)).splitlines()[-1] == (
        f"NOT TAKEN: 3 folders of source '{source.__name__}' are no identity_id of the manifest:"
        " Benn (nearest: ben), clara_p (nearest: clara_o), zzz; rename them, or add the people to manifest.csv."
    )
