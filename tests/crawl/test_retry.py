"""What failed: which of it is asked for again, by itself or with --retry, and when it is given up."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from crawling import corpus_of, propose_urls, states
from loopback import Loopback, Reply, jpeg

from facecorpus.corpus import Corpus
from facecorpus.crawl.stage import fetch_candidates
from facecorpus.errors import CorpusError
from facecorpus.settings_file import documented_toml, read_settings

MAY_PASS = {"busy": 429, "broken": 500, "slow": 408}
FINAL = {"gone": 404, "refused": 403, "page": 200, "large": 200}
OUTCOMES = {
    "busy": "rate_limited",
    "broken": "server_error",
    "slow": "timeout",
    "gone": "gone",
    "refused": "refused",
    "page": "not_a_picture",
    "large": "too_big",
}


def failing(folder: Path, web: Loopback, give_up_after: int) -> Corpus:
    """A corpus with one candidate for each way to fail, each tried once."""
    corpus = corpus_of(folder, web, tries=1, give_up_after=give_up_after, max_bytes=5000)
    for name, status in (MAY_PASS | FINAL).items():
        body = {"page": b"<html>", "large": jpeg(1) + bytes(9000)}.get(name, b"")
        web.serve(f"/{name}.jpg", Reply(body, status, headers=(("Retry-After", "0"),)))
    propose_urls(corpus, *(web.url(f"/{name}.jpg") for name in OUTCOMES), web.serve("/new.jpg", Reply(jpeg(9))))
    fetch_candidates(corpus)
    return corpus


def heal(web: Loopback) -> None:
    """Let every address bring its picture."""
    for number, name in enumerate(OUTCOMES):
        web.serve(f"/{name}.jpg", Reply(jpeg(number)))
    web.requests.clear()


def test_retry_failed_asks_for_what_may_pass_and_for_nothing_else(web: Loopback, tmp_path: Path) -> None:
    corpus = failing(tmp_path / "corpus", web, give_up_after=1)
    assert {name: states(corpus)["ada", f"{name}.jpg"] for name in OUTCOMES} == OUTCOMES
    heal(web)
    propose_urls(corpus, web.serve("/fresh.jpg", Reply(jpeg(77))))
    assert fetch_candidates(corpus, retry="failed").outcomes == {"stored": len(MAY_PASS)}
    assert sorted(web.paths()) == sorted(f"/{name}.jpg" for name in MAY_PASS)
    assert states(corpus)["ada", "fresh.jpg"] == ""
    assert {name: states(corpus)["ada", f"{name}.jpg"] for name in FINAL} == {name: OUTCOMES[name] for name in FINAL}


def test_what_failed_too_often_is_left_alone_until_retry_names_it(web: Loopback, tmp_path: Path) -> None:
    corpus = failing(tmp_path / "corpus", web, give_up_after=2)
    fetch_candidates(corpus)  # the second try of each
    heal(web)
    assert fetch_candidates(corpus).candidates == 0
    assert web.paths() == []
    assert fetch_candidates(corpus, retry="failed").stored == len(MAY_PASS)


def test_one_kind_of_failure_can_be_retried_by_name_when_a_setting_has_changed(web: Loopback, tmp_path: Path) -> None:
    corpus = failing(tmp_path / "corpus", web, give_up_after=9)
    path = corpus.root / "corpus.toml"
    path.write_text(documented_toml(read_settings(path)).replace("max_bytes = 5000", "max_bytes = 50000"))
    web.requests.clear()
    assert fetch_candidates(Corpus(corpus.root), retry="too_big").outcomes == {"stored": 1}
    assert web.paths() == ["/large.jpg"]


@pytest.mark.parametrize("word", ["faild", "stored", "removed", "outside_period"])
def test_a_word_that_names_no_failure_is_refused_with_those_that_do(tmp_path: Path, word: str) -> None:
    with pytest.raises(
        CorpusError,
        match=f"--retry {word} names no kind of failure; (say failed .* gone|did you mean 'failed')",
    ):
        fetch_candidates(corpus_of(tmp_path / "corpus"), retry=word)


def test_the_command_asks_no_source_when_it_retries(web: Loopback, tmp_path: Path) -> None:
    corpus = failing(tmp_path / "corpus", web, give_up_after=1)
    heal(web)
    command = [sys.executable, "-m", "facecorpus", "fetch", "-C", str(corpus.root), "--retry", "failed", "--json"]
    shown = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert json.loads(shown)["fetch"]["outcomes"] == {"stored": len(MAY_PASS)}
