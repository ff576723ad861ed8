"""`crawl --dry-run`: what would be asked of whom; nothing is asked and nothing is written."""

import json
from pathlib import Path

import pytest
from build_corpus import tree
from crawling import make, serve_wiki
from loopback import Loopback, settings_for
from people import person
from typer.testing import CliRunner

from facecorpus.cli import app
from facecorpus.crawl.discover import discover
from facecorpus.crawl.dry_run import dry_run
from facecorpus.crawl.stage import fetch_candidates
from facecorpus.records import Candidate

PEOPLE = person("ada"), person("ben")


@pytest.mark.parametrize("command", ["crawl", "fetch"])
def test_a_fresh_corpus_is_planned_without_a_request_or_a_file(web: Loopback, tmp_path: Path, command: str) -> None:
    fetch = {"requests_per_minute": 60}
    crawl = {"commons_api": web.url("/w/api.php"), "per_identity": 100, "sources": ("commons", "openverse")}
    corpus = make(tmp_path / "corpus", settings_for(web, crawl=crawl, fetch=fetch), *PEOPLE)
    before = tree(tmp_path)
    result = CliRunner().invoke(app, [command, "--dry-run", "-C", str(corpus.root), "--json"])
    assert result.exit_code == 0
    plan = json.loads(result.stdout)
    commons, openverse = plan["sources"]
    assert web.host in commons["hosts"] and openverse["hosts"] == ["api.openverse.org"]
    assert (commons["people"], commons["wanted"], plan["to_come"]) == (2, 200, 200)
    assert openverse["requests"] == 2 * 5
    assert openverse["seconds"] == 10 * 3  # 20 a minute, which is known of that host
    assert plan["seconds"] == commons["seconds"] + 30 + 200
    assert CliRunner().invoke(app, [command, "--dry-run", "-C", str(corpus.root)]).exit_code == 0
    assert web.requests == []
    assert tree(tmp_path) == before


def test_what_was_done_before_is_left_out_and_what_waits_is_counted_by_host(web: Loopback, tmp_path: Path) -> None:
    corpus = make(tmp_path / "corpus", serve_wiki(web, Ada=(1, 2), Ben=(3,)), *PEOPLE)
    discover(corpus)
    asked, before = len(web.requests), tree(tmp_path)
    plan = dry_run(corpus)
    assert (plan.sources, plan.waiting, plan.to_come) == ((), {web.host: 3}, 0)
    assert "No source would be asked" in str(plan) and "3 wait to be fetched" in str(plan)
    fetch_candidates(corpus)
    assert dry_run(corpus).waiting == {}
    assert len([request for request in web.requests[asked:] if "api" in request.path]) == 0
    assert before.keys() <= tree(tmp_path).keys()


def test_a_catalog_in_use_is_read_with_its_journal(web: Loopback, tmp_path: Path) -> None:
    corpus = make(tmp_path / "corpus", settings_for(web), *PEOPLE)
    with corpus.catalog() as catalog:
        catalog.candidates.propose([Candidate("ada", "commons", "https://h/1.jpg")])
        assert (corpus.root / "catalog.sqlite-wal").exists()
        assert dry_run(corpus).waiting == {"h": 1}


def test_a_plan_says_what_is_missing_and_reads_like_a_table(tmp_path: Path) -> None:
    corpus = make(tmp_path / "corpus", settings_for(crawl={"contact": "", "sources": ("commons",)}), *PEOPLE)
    text = str(dry_run(corpus))
    assert "set contact in [crawl] of corpus.toml" in text
    assert text.splitlines()[1].startswith("commons         2")
    assert "commons.wikimedia.org" in text and text.endswith("Nothing was asked, nothing was written.")
