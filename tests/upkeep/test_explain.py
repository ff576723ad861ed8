"""facecorpus explain: why a picture is in the corpus, or why not."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from crawling import corpus_of, propose, propose_urls
from loopback import Loopback, Reply, jpeg
from people import face as a_face
from people import person

from facecorpus.corpus import Corpus
from facecorpus.crawl.stage import fetch_candidates
from facecorpus.records import Candidate, Ranking
from facecorpus.takedown.stage import forget
from facecorpus.upkeep.explain import ADVICE, explain
from facecorpus.words import Outcome


def stored(folder: Path, web: Loopback) -> tuple[Corpus, str, str]:
    """A corpus with one photograph of Ada that two sources proposed; its URL and sha256."""
    corpus = corpus_of(folder, web)
    url = web.serve("/a.jpg", Reply(status=503), Reply(jpeg(1)))
    found = Candidate("ada", "commons", url, "http://h/page", 2, "Ada", "CC0", "", "Carl", "2010")
    propose(corpus, found, Candidate("ada", "urls", url))
    fetch_candidates(corpus)
    (sha256,) = [path.name for path in corpus.photos.root.glob("??/??/*")]
    return corpus, url, sha256


def test_an_address_that_nobody_proposed(web: Loopback, tmp_path: Path) -> None:
    assert explain(corpus_of(tmp_path / "corpus"), "http://h/x.jpg").answer.startswith("No source has proposed it")


@pytest.mark.parametrize(
    ("reply", "answer"),
    [
        (Reply(status=404), "We do not have it: gone (HTTP status 404). The server says that it is no longer there."),
        (Reply(b"<html>"), "We do not have it: not a picture (the bytes are no picture; they begin with b'<html>')."),
        (Reply(jpeg(1), headers=(("X-Robots-Tag", "noai"),)), "We do not have it: opted out (X-Robots-Tag: noai)."),
        (Reply(status=500), "We do not have it: server error (HTTP status 500). The server failed. The next crawl"),
    ],
)
def test_a_failure_is_explained_with_what_the_server_said(
    web: Loopback, tmp_path: Path, reply: Reply, answer: str
) -> None:
    corpus = corpus_of(tmp_path / "corpus", web, tries=1)
    url = web.serve("/a.jpg", reply)
    propose_urls(corpus, url)
    assert explain(corpus, url).answer == "It waits to be fetched. Next: facecorpus crawl"
    fetch_candidates(corpus)
    assert explain(corpus, url).answer.startswith(answer)


def test_what_failed_too_often_says_how_it_is_asked_for_again(web: Loopback, tmp_path: Path) -> None:
    corpus = corpus_of(tmp_path / "corpus", web, tries=1, give_up_after=1)
    propose_urls(corpus, url := web.serve("/a.jpg", Reply(status=500)))
    fetch_candidates(corpus)
    assert explain(corpus, url).answer.endswith("After 1 tries only --retry failed asks again.")


def test_every_proposal_and_every_try_is_told(web: Loopback, tmp_path: Path) -> None:
    corpus, url, sha256 = stored(tmp_path / "corpus", web)
    told = explain(corpus, url)
    assert told.answer == (
        f"We have it as photograph {sha256[:12]}; its faces have not been looked for yet. Next: facecorpus faces"
    )
    assert [one.source for one in told.proposals] == ["commons", "urls"]
    assert [one.outcome for one in told.tries] == [Outcome.SERVER_ERROR, Outcome.STORED]
    text = str(told)
    assert "by commons for ada, number 3 there" in text
    assert "http://h/page · licence CC0 · author Carl · taken 2010" in text
    assert "HTTP 503, server error" in text and f"{sha256} · image/jpeg, {len(jpeg(1))} bytes" in text


@pytest.mark.parametrize("name", ["sha256", "page"])
def test_a_photograph_can_be_named_by_its_hash_or_by_its_page(web: Loopback, tmp_path: Path, name: str) -> None:
    corpus, url, sha256 = stored(tmp_path / "corpus", web)
    told = explain(corpus, sha256 if name == "sha256" else "http://h/page")
    assert {one.url for one in told.proposals} == {one.url for one in told.tries} == {url}
    assert told.photograph is not None and told.photograph.sha256 == sha256


def test_what_became_of_the_faces(web: Loopback, tmp_path: Path) -> None:
    corpus, url, sha256 = stored(tmp_path / "corpus", web)
    face = a_face(sha256)
    with corpus.catalog() as catalog:

        def answer() -> str:
            return explain(corpus, url).answer.partition(sha256[:12])[2]

        catalog.photos.unreadable(sha256, "the JPEG is damaged.")
        assert answer() == ", but it gives no faces: the JPEG is damaged."
        catalog.photos.analysed(sha256, width=9, height=9, taken_on=None, phash=bytes(32), faces=[])
        assert answer() == ", but no face was found in it."
        catalog.photos.analysed(sha256, width=9, height=9, taken_on=None, phash=bytes(32), faces=[face])
        assert answer() == ", but none of its 1 faces stands for the person it was proposed for."
        catalog.faces.assign({face.face_id: "ada"})
        catalog.faces.rank([Ranking(face.face_id, 0.5, "look", ())])
        assert answer() == ": the face of ada waits for review."
        catalog.photos.cluster([(sha256, "c")], [face.face_id])
        assert answer() == ": the face of ada is a near-duplicate, and a better copy stands for it."
        catalog.photos.cluster([(sha256, "c")], [])
        catalog.decisions.add([face.face_id], identity_id="ada", reviewer="me", verdict="reject", reason="a statue")
        assert answer() == ": the face of ada was rejected by me (a statue)."
    assert "ranked 'look' · rejected by me (a statue)" in str(explain(corpus, url))


def test_what_was_taken_down_is_said_to_be(web: Loopback, tmp_path: Path) -> None:
    corpus, url, sha256 = stored(tmp_path / "corpus", web)
    forget(corpus, url=url)
    assert explain(corpus, url).answer.startswith("It was taken down on 20")
    assert explain(corpus, sha256).answer.startswith("It was taken down on 20")


def test_who_left_the_manifest_or_has_enough_is_not_fetched(web: Loopback, tmp_path: Path) -> None:
    people = [person("ada"), person("ben")]
    corpus = corpus_of(tmp_path / "corpus", web, people=people, enough_per_identity=1)
    urls = [web.serve(f"/{number}.jpg", Reply(jpeg(number))) for number in range(2)]
    propose_urls(corpus, *urls)
    fetch_candidates(corpus)
    assert explain(corpus, urls[1]).answer.startswith("It waits: ada or the subgroup has enough photographs")
    (corpus.root / "manifest.csv").write_text(
        "\n".join(line for line in (corpus.root / "manifest.csv").read_text().splitlines() if "ada" not in line)
    )
    assert explain(Corpus(corpus.root), urls[1]).answer == "It is not fetched: ada is not in the manifest any more."


def test_the_command_prints_sentences_or_json(web: Loopback, tmp_path: Path) -> None:
    corpus, url, _ = stored(tmp_path / "corpus", web)
    command = [sys.executable, "-m", "facecorpus", "explain", url, "-C", str(corpus.root)]
    shown = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert shown.startswith("We have it as photograph ")
    told = json.loads(subprocess.run([*command, "--json"], capture_output=True, text=True, check=True).stdout)
    assert told["tries"][1]["outcome"] == "stored"


def test_every_failure_has_its_advice() -> None:
    others = {Outcome.STORED, Outcome.UNCHANGED, Outcome.CHANGED}
    assert set(ADVICE) == set(Outcome) - others
