"""Source 'folder': photographs of a folder on this machine."""

import re
from pathlib import Path
from typing import Any

import pytest
from crawling import make
from loopback import jpeg, settings_for
from people import person

from facecorpus.crawl.discover import discover
from facecorpus.crawl.stage import fetch_candidates
from facecorpus.errors import SourceError
from facecorpus.settings import Settings


def folder_settings(folder: str | Path, **fetch: Any) -> Settings:
    return settings_for(crawl={"sources": ("folder",), "folder": str(folder)}, fetch=fetch)


def test_photographs_of_a_folder_are_taken_by_name(tmp_path: Path) -> None:
    home = tmp_path / "photos" / "ada"
    (home / "more").mkdir(parents=True)
    for name, data in {"ü b.jpg": jpeg(2), "a.jpg": jpeg(1), "big.jpg": jpeg(1) + bytes(9000), "n.txt": b"x"}.items():
        (home / name).write_bytes(data)
    for ignored in (".hidden.jpg", "labels.csv", "more/c.jpg"):
        (home / ignored).write_bytes(jpeg(3))
    corpus = make(tmp_path / "corpus", folder_settings("../photos", max_bytes=5000), person("ada"), person("ben"))
    found, fetched = discover(corpus), fetch_candidates(corpus)
    assert found.warnings == (f"Ben: no files in {corpus.root / '../photos/ben'}.",)
    assert fetched.outcomes == {"stored": 2, "too_big": 1, "not_a_picture": 1}
    with corpus.catalog() as catalog:
        titles = [row[0] for row in catalog.query("SELECT title FROM candidate ORDER BY rank")]
    assert titles == ["a.jpg", "big.jpg", "n.txt", "ü b.jpg"]


def test_a_file_that_went_away_is_gone(tmp_path: Path) -> None:
    photo = tmp_path / "photos" / "ada" / "a.jpg"
    photo.parent.mkdir(parents=True)
    photo.write_bytes(jpeg(1))
    corpus = make(tmp_path / "corpus", folder_settings(photo.parent.parent), person("ada"))
    discover(corpus)
    photo.unlink()
    assert fetch_candidates(corpus).outcomes == {"gone": 1}


@pytest.mark.parametrize("folder", ["", "missing", "empty"])
def test_a_folder_that_cannot_serve_says_what_was_expected(tmp_path: Path, folder: str) -> None:
    (tmp_path / "empty").mkdir()
    named = str(tmp_path / folder) if folder else ""
    corpus = make(tmp_path / "corpus", folder_settings(named), person("ada"))
    sentence = f"expected one sub-folder per person, named by identity_id like {named}/ada" if folder else "set folder"
    with pytest.raises(SourceError, match=re.escape(sentence)):
        discover(corpus)
