"""The page's full photograph where `bystanders = "blur"`: everybody but the face that is meant is blurred."""

from pathlib import Path

import cv2
import numpy as np
import requests
from build_corpus import set_build
from review_corpus import ADA, Browser, face_ids, make_corpus, served

from facecorpus.corpus import Corpus


def _pixels(answer: requests.Response) -> np.ndarray:
    assert answer.status_code == 200
    decoded = cv2.imdecode(np.frombuffer(answer.content, np.uint8), cv2.IMREAD_COLOR)
    assert decoded is not None
    return decoded


def test_the_face_that_is_meant_is_shown_and_without_one_none(tmp_path: Path) -> None:
    corpus = make_corpus(tmp_path / "review", {ADA: 4})
    set_build(corpus, bystanders="blur")
    face = face_ids(corpus, ADA)[0]
    with corpus.catalog() as catalog:
        (known,) = catalog.review.details([face], ADA)
    x, y, width, height = map(round, known.box)
    with served(Corpus(corpus.root)) as base:
        browser = Browser(base, "sesame")
        address = f"/photos/{known.photo_sha256}"
        meant, nobody = browser.ask(f"{address}?face={face}"), browser.ask(address)
        assert browser.ask(f"/photos/{'0' * 64}?face={face}").status_code == 404
    assert meant.headers["Cache-Control"] == "no-store"
    whole = cv2.imdecode(np.frombuffer(corpus.photos.path(known.photo_sha256).read_bytes(), np.uint8), cv2.IMREAD_COLOR)
    inside = slice(y, y + height), slice(x, x + width)
    assert np.abs(_pixels(meant)[inside].astype(int) - whole[inside]).mean() < 5
    assert (
        np.abs(_pixels(nobody)[inside].astype(int) - whole[inside]).mean()
        > 3 * np.abs(_pixels(meant)[inside].astype(int) - whole[inside]).mean()
    )


def test_without_the_setting_the_photograph_is_its_own_bytes(tmp_path: Path) -> None:
    corpus = make_corpus(tmp_path / "review", {ADA: 2})
    face = face_ids(corpus, ADA)[0]
    with corpus.catalog() as catalog:
        (known,) = catalog.review.details([face], ADA)
    with served(corpus) as base:
        answer = Browser(base, "sesame").ask(f"/photos/{known.photo_sha256}?face={face}")
    assert answer.content == corpus.photos.path(known.photo_sha256).read_bytes()
