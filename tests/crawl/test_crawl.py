"""The two stages of a crawl together: names in, photographs in the store, and every state in the catalog."""

import inspect
import os
import re
import signal
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from types import FrameType
from typing import Any

import pytest
from crawling import make, propose, states
from loopback import Loopback, Reply, Request, jpeg, settings_for
from loopback_wiki import Wiki
from people import person

from facecorpus.catalog import Catalog
from facecorpus.catalog.schema import MIGRATIONS
from facecorpus.corpus import Corpus
from facecorpus.crawl.discover import discover
from facecorpus.crawl.downloads import Downloads
from facecorpus.crawl.lanes import Lanes
from facecorpus.crawl.stage import FetchSummary, fetch_candidates
from facecorpus.demo.server import DemoServer
from facecorpus.demo.world import DemoWorld
from facecorpus.errors import SourceError
from facecorpus.manifest import read_manifest, write_manifest
from facecorpus.records import Candidate
from facecorpus.settings import Settings, documented_toml
from facecorpus.words import Outcome

CRAWL = """
import sys
from pathlib import Path
from facecorpus.corpus import Corpus
from facecorpus.crawl.discover import discover
from facecorpus.crawl.stage import fetch_candidates
corpus = Corpus(Path(sys.argv[1]))
discover(corpus)
fetch_candidates(corpus)
"""


def content(corpus: Corpus) -> tuple[Any, ...]:
    """All that a crawl leaves: candidates, photographs in the catalog, files in the store."""
    with corpus.catalog() as catalog:
        candidates = catalog.query(
            "SELECT identity_id, source, url, page_url, rank, title, licence, author, taken_on, state, outcome,"
            " photo_sha256 FROM candidate ORDER BY identity_id, source, url"
        )
        photos = catalog.query("SELECT sha256, media_type, bytes FROM photo ORDER BY sha256")
        rows = [[tuple(row) for row in table] for table in (candidates, photos)]
        discovered = catalog.candidates.discovered()
    return *rows, discovered, sorted(path.name for path in corpus.photos.root.glob("??/??/[0-9a-f]*"))


def serve_wiki(web: Loopback, **categories: Sequence[int]) -> Settings:
    """A wiki whose categories hold pictures of these numbers; the same number is the same file."""
    wiki = Wiki(web, batch=3)
    for name, numbers in categories.items():
        files = [f"{number}.jpg" for number in numbers]
        wiki.category(name, *files)
        for number, file in zip(numbers, files, strict=True):
            wiki.info[file] = {"thumburl": web.serve(f"/{file}", Reply(jpeg(number)))}
    return settings_for(web, crawl={"commons_api": wiki.url})


def pictures(web: Loopback) -> list[str]:
    """Paths of the pictures asked for, sorted."""
    return sorted(path for path in web.paths() if path.endswith(".jpg"))


# ---------------------------------------------------------------------------------------------- the ordinary course


def test_a_crawl_brings_each_photograph_once_and_a_second_one_asks_for_nothing(web: Loopback, tmp_path: Path) -> None:
    settings = serve_wiki(web, Ada=range(5), Ben=(4, 5, 6))
    corpus = make(tmp_path / "corpus", settings, person("ada"), person("ben"))
    found, fetched = discover(corpus), fetch_candidates(corpus)
    assert (found.asked, found.proposed, found.new, found.warnings) == (2, 8, 8, ())
    assert (fetched.candidates, fetched.stored, fetched.photographs) == (8, 8, 7)
    assert fetched.outcomes == {"stored": 8}
    assert fetched.bytes == sum(len(jpeg(number)) for number in range(7))
    assert pictures(web) == [f"/{number}.jpg" for number in range(7)]  # 4.jpg, of both, once
    asked = len(web.requests)
    assert str(discover(corpus)) == "Discovered nothing: every source has answered for every person before."
    assert str(fetch_candidates(corpus)) == "Fetched nothing: no photograph waits to be downloaded."
    assert len(web.requests) == asked


def test_a_photograph_known_from_another_person_is_not_downloaded_again(web: Loopback, tmp_path: Path) -> None:
    settings = serve_wiki(web, Ada=(1, 2), Ben=(2, 3))
    corpus = make(tmp_path / "corpus", settings, person("ada"))
    discover(corpus)
    fetch_candidates(corpus)
    write_manifest(corpus.root / "manifest.csv", [person("ada"), person("ben")])
    corpus = Corpus(corpus.root)
    discover(corpus)
    assert fetch_candidates(corpus).stored == 2
    assert pictures(web) == ["/1.jpg", "/2.jpg", "/3.jpg"]


def test_no_more_of_a_person_than_wanted_and_those_from_outside_the_period_do_not_count(
    web: Loopback, tmp_path: Path
) -> None:
    wiki = Wiki(web, batch=3)
    wiki.category("Ada", *(f"{number}.jpg" for number in range(20)))
    for number in range(20):
        year = 2010 if number % 2 else 1999  # the period is 2005-2020
        wiki.info[f"{number}.jpg"] = {"extmetadata": {"DateTimeOriginal": {"value": str(year)}}}
    settings = settings_for(web, crawl={"commons_api": wiki.url, "per_identity": 3})
    corpus = make(tmp_path / "corpus", settings, person("ada"))
    assert discover(corpus).proposed == 6
    assert len(wiki.asked) == 2


def test_a_person_without_a_category_is_a_warning_and_is_asked_about_again(web: Loopback, tmp_path: Path) -> None:
    settings = serve_wiki(web, Ben=(1,))
    corpus = make(tmp_path / "corpus", settings, person("ada", commons_category=""), person("ben"), person("cleo"))
    found = discover(corpus)
    assert found.new == 1
    assert found.warnings[0].startswith("Ada: the manifest names no Commons category, and nothing that leads to one")
    assert found.warnings[1].startswith("Cleo: ") and "no pictures in Category:Cleo" in found.warnings[1]
    assert found.unchecked == ("Ada", "Ben", "Cleo")
    assert str(found).count("\n") == 3
    write_manifest(corpus.root / "manifest.csv", [person("ada", commons_category="Ben"), person("ben")])
    assert discover(Corpus(corpus.root)).new == 1


def test_a_crawl_of_the_demo_world(tmp_path: Path) -> None:
    world = DemoWorld()
    world.write_manifest(tmp_path / "all.csv")
    everybody = {identity.identity_id: identity for identity in read_manifest(tmp_path / "all.csv").identities}
    with_old = [row.query_identity for row in world.truth if not everybody[row.query_identity].holds_on(row.taken_on)]
    people = [everybody[identity_id] for identity_id in list(dict.fromkeys(with_old))[:3]]
    with DemoServer(world, port=0) as server:
        settings = settings_for(
            crawl={"commons_api": server.api_url}, fetch={"private_hosts": (f"127.0.0.1:{server.port}",)}
        )
        corpus = make(tmp_path / "corpus", settings, *people)
        found, fetched = discover(corpus), fetch_candidates(corpus)
    truth = [row for row in world.truth if row.query_identity in {identity.identity_id for identity in people}]
    assert found.proposed == len(truth)
    with corpus.catalog() as catalog:
        rows = catalog.query("SELECT * FROM candidate").fetchall()
    assert {world.file_of_url(row["url"]) for row in rows} == {row.file for row in truth}
    assert {(row["licence"], row["taken_on"]) for row in rows} == {("CC0", row.taken_on) for row in truth}
    outside = [row for row in truth if not everybody[row.query_identity].holds_on(row.taken_on)]
    assert fetched.outcomes["outside_period"] == len(outside) > 0
    assert fetched.outcomes["stored"] >= 0.9 * (len(truth) - len(outside))
    assert set(fetched.outcomes) <= {"stored", "outside_period", "not_a_picture", "opted_out"}


# ------------------------------------------------------------------------------------------------ what is not asked


def test_photographs_from_outside_the_period_are_never_asked_for_until_the_period_changes(
    web: Loopback, tmp_path: Path
) -> None:
    corpus = make(tmp_path / "corpus", settings_for(web), person("ada"), person("ben", photos_from=2001))
    url = web.serve("/2001.jpg", Reply(jpeg(1)))
    old = Candidate("ada", "commons", url, taken_on="2001-05")
    propose(corpus, old, replace(old, url=web.serve("/2010.jpg", Reply(jpeg(2))), taken_on="2010"))
    assert fetch_candidates(corpus).outcomes == {"stored": 1, "outside_period": 1}
    assert pictures(web) == ["/2010.jpg"]
    propose(corpus, replace(old, identity_id="ben"))
    fetch_candidates(corpus)
    assert states(corpus)[("ben", "2001.jpg")] == "stored"
    assert states(corpus)[("ada", "2001.jpg")] == "outside_period"
    write_manifest(corpus.root / "manifest.csv", [person("ada", photos_from=2001)])
    corpus = Corpus(corpus.root)
    assert fetch_candidates(corpus).stored == 1
    assert states(corpus)[("ada", "2001.jpg")] == "stored"
    assert pictures(web) == ["/2001.jpg", "/2010.jpg"]


def test_what_was_taken_down_is_neither_asked_for_nor_kept_under_another_address(web: Loopback, tmp_path: Path) -> None:
    corpus = make(tmp_path / "corpus", settings_for(web), person("ada"))
    url, copy = web.serve("/a.jpg", Reply(jpeg(1))), web.serve("/copy.jpg", Reply(jpeg(2)))
    sha256 = corpus.photos.put(jpeg(2))
    corpus.photos.path(sha256).unlink()
    with corpus.catalog() as catalog, catalog.transaction() as connection:
        connection.executemany("INSERT INTO removal VALUES (?, 'asked', '2026-01-01')", [(url,), (sha256,)])
    propose(corpus, Candidate("ada", "commons", url), Candidate("ada", "commons", copy))
    assert fetch_candidates(corpus).outcomes == {"removed": 2}
    assert pictures(web) == ["/copy.jpg"]
    assert content(corpus)[1] == content(corpus)[3] == []


def test_a_source_may_not_hand_out_files_of_this_machine(web: Loopback, tmp_path: Path) -> None:
    corpus = make(tmp_path / "corpus", settings_for(web), person("ada"))
    (tmp_path / "secret.jpg").write_bytes(jpeg(1))
    propose(corpus, Candidate("ada", "commons", (tmp_path / "secret.jpg").as_uri()))
    assert fetch_candidates(corpus).outcomes == {"blocked_address": 1}


def test_a_public_host_without_a_contact_stops_the_crawl_with_a_sentence(tmp_path: Path) -> None:
    corpus = make(tmp_path / "corpus", settings_for(crawl={"contact": ""}), person("ada"))
    with pytest.raises(SourceError, match=r"set contact to your mail address"):
        discover(corpus)
    propose(corpus, Candidate("ada", "commons", "https://photos.example/a.jpg"))
    with pytest.raises(SourceError, match=r"photos\.example:443 .*set contact to your mail address"):
        fetch_candidates(corpus)


# ------------------------------------------------------------------------------------------------- failing and going on


def test_every_try_is_kept_and_what_may_pass_is_tried_again_in_the_next_run(web: Loopback, tmp_path: Path) -> None:
    corpus = make(tmp_path / "corpus", settings_for(web, fetch={"tries": 2}), person("ada"))
    shaky = web.serve("/shaky.jpg", *[Reply(status=503)] * 2, Reply(jpeg(1)))
    propose(corpus, Candidate("ada", "commons", shaky), Candidate("ada", "commons", web.url("/gone.jpg")))
    assert fetch_candidates(corpus).outcomes == {"server_error": 1, "gone": 1}
    assert fetch_candidates(corpus).outcomes == {"stored": 1}
    assert pictures(web) == ["/gone.jpg", *["/shaky.jpg"] * 3]
    with corpus.catalog() as catalog:
        tries = catalog.query("SELECT outcome FROM download WHERE url = ? ORDER BY download_id", (shaky,))
        assert [row[0] for row in tries] == ["server_error", "server_error", "stored"]


def test_a_host_that_rests_holds_up_no_other_and_keeps_its_candidates_waiting(web: Loopback, tmp_path: Path) -> None:
    with Loopback() as busy:
        corpus = make(tmp_path / "corpus", settings_for(web, busy), person("ada"))
        for number in range(6):
            away = busy.serve(f"/away{number}.jpg", Reply(status=429, headers=(("Retry-After", "3600"),)))
            here = web.serve(f"/{number}.jpg", Reply(jpeg(number)))
            propose(corpus, Candidate("ada", "commons", away), Candidate("ada", "commons", here))
        summary = fetch_candidates(corpus)
        assert summary.stored == 6
        assert 1 <= summary.outcomes["rate_limited"] <= 2  # two requests may be under way at once
        assert list(summary.left_for_later) == [busy.host]
        assert f"{busy.host} is left for the next run: it asks to be left alone for" in str(summary)
        with corpus.catalog() as catalog:
            assert catalog.candidates.count_waiting() == {"ada": 6}


def test_no_more_requests_at_once_to_a_host_than_allowed(web: Loopback, tmp_path: Path) -> None:
    lock, under_way, most = threading.Lock(), [0], [0]

    def slow(request: Request) -> Reply:
        with lock:
            under_way[0] += 1
            most[0] = max(most[0], under_way[0])
        threading.Event().wait(0.03)
        with lock:
            under_way[0] -= 1
        return Reply(jpeg(int(request.path[1:-4])))

    corpus = make(tmp_path / "corpus", settings_for(web, fetch={"per_host": 3}), person("ada"))
    propose(corpus, *(Candidate("ada", "commons", web.serve(f"/{n}.jpg", slow)) for n in range(12)))
    assert fetch_candidates(corpus).stored == 12
    assert most[0] == 3
    pictures_asked = [request for request in web.requests if request.path.endswith(".jpg")]
    assert len({request.connection for request in pictures_asked}) == 3  # one kept-alive connection each
    assert [request.path for request in web.requests].count("/robots.txt") == 1


def on_request(number: int, act: Callable[[], None]) -> Callable[[Request], Reply]:
    """An answer that acts at the so-manieth picture asked for."""
    count = iter(range(1, 10_000))

    def answer(request: Request) -> Reply:
        if next(count) == number:
            act()
        return Reply(jpeg(int(request.path[1:-4])))

    return answer


@pytest.mark.parametrize("blow", ["second API answer", "first picture", "fifth picture"])
def test_after_kill_9_the_next_run_ends_as_if_nothing_had_been(web: Loopback, tmp_path: Path, blow: str) -> None:
    settings = serve_wiki(web, Ada=range(5), Ben=(4, 5, 6, 7))
    people = person("ada"), person("ben")
    undisturbed = make(tmp_path / "undisturbed", settings, *people)
    discover(undisturbed)
    fetch_candidates(undisturbed)

    corpus = make(tmp_path / "corpus", settings, *people)
    program = [sys.executable, "-c", CRAWL, str(corpus.root)]
    process: list[subprocess.Popen[bytes]] = []

    def kill() -> None:
        process[0].kill()
        process[0].wait()

    if blow == "second API answer":
        api = web.answers("/w/api.php")[0]
        assert callable(api)

        def die(request: Request) -> Reply:
            kill()
            return Reply()

        web.serve("/w/api.php", api, die, api)
    else:
        answer = on_request(1 if blow == "first picture" else 5, kill)
        for number in range(8):
            web.serve(f"/{number}.jpg", answer)
    with subprocess.Popen(program) as started:
        process.append(started)
    assert started.returncode == -signal.SIGKILL
    assert content(corpus) != content(undisturbed)
    subprocess.run(program, check=True)
    assert content(corpus) == content(undisturbed)


@pytest.mark.usefixtures("ctrl_c")
def test_ctrl_c_ends_at_once_and_the_next_run_goes_on(web: Loopback, tmp_path: Path) -> None:
    settings = settings_for(web, fetch={"per_host": 1})
    corpus = make(tmp_path / "corpus", settings, person("ada"))

    def interrupt() -> None:
        os.kill(os.getpid(), signal.SIGINT)
        threading.Event().wait(0.3)  # so that the answer comes too late

    answer = on_request(4, interrupt)
    propose(corpus, *(Candidate("ada", "commons", web.serve(f"/{n}.jpg", answer), rank=n) for n in range(8)))
    with pytest.raises(KeyboardInterrupt):
        fetch_candidates(corpus)
    assert pictures(web) == [f"/{n}.jpg" for n in range(4)]
    kept = list(states(corpus).values())
    assert sorted(kept) == [""] * 5 + ["stored"] * 3  # the one broken off counts as never tried
    assert fetch_candidates(corpus).stored == 5


def interrupted_at(instruction: int, part: type, corpus: Corpus) -> bool:
    """Fetch with Ctrl-C just before the so-manieth bytecode instruction of a class's module; whether it came."""
    file = inspect.getfile(part)
    still = iter(range(instruction - 1, -1, -1))

    def trace(frame: FrameType, event: str, argument: object) -> Callable[..., Any] | None:
        if frame.f_code.co_filename != file:
            return None
        frame.f_trace_lines, frame.f_trace_opcodes = False, True
        if event == "opcode" and next(still, None) == 0:
            signal.raise_signal(signal.SIGINT)
        return trace

    this = inspect.currentframe()
    assert this is not None
    this.f_trace_opcodes = True  # Python 3.12 traces instructions only where some frame asked for it before
    sys.settrace(trace)
    try:
        fetch_candidates(corpus)
    except KeyboardInterrupt:
        return True
    finally:
        sys.settrace(None)
    return False


@pytest.mark.usefixtures("ctrl_c")
@pytest.mark.parametrize(("part", "stride"), [(Downloads, 83), (Lanes, 11)])
def test_ctrl_c_between_any_two_instructions_loses_no_photograph(
    web: Loopback, tmp_path: Path, part: type, stride: int
) -> None:
    names = [f"/{n}.jpg" for n in range(4)]
    candidates = [Candidate("ada", "commons", web.serve(one, Reply(jpeg(n))), rank=n) for n, one in enumerate(names)]
    settings = settings_for(web, fetch={"per_host": 1})
    for number, instruction in enumerate(range(1, 100_000, stride)):
        corpus = make(tmp_path / str(number), settings, person("ada"))
        propose(corpus, *candidates)
        web.requests.clear()
        interrupted = interrupted_at(instruction, part, corpus)
        stored = list(states(corpus).values()).count("stored")
        assert fetch_candidates(corpus).stored == 4 - stored
        assert len(pictures(web)) <= 5, f"at instruction {instruction}"  # one was in hand
        if not interrupted:
            break
    assert number > 10
    assert stored == 4


def test_lanes_end_with_the_error_of_their_work() -> None:
    def work(job: int) -> int:
        if job == 3:
            raise ValueError("three")
        return job

    lanes = Lanes(work, lambda host: 1)
    for job in range(9):
        lanes.submit("host", job)
    with pytest.raises(ValueError, match="three"):
        while lanes.results():
            pass
    lanes.stop()
    while lanes.results():
        pass
    lanes.close()


# --------------------------------------------------------------------------------------------------- source 'folder'


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


def test_several_sources_share_the_wanted_number_and_a_new_one_is_asked_later(web: Loopback, tmp_path: Path) -> None:
    home = tmp_path / "photos" / "ada"
    home.mkdir(parents=True)
    for number in range(4):
        (home / f"{number}.jpg").write_bytes(jpeg(100 + number))
    settings = serve_wiki(web, Ada=range(5))
    settings = replace(settings, crawl=replace(settings.crawl, per_identity=7))
    corpus = make(tmp_path / "corpus", settings, person("ada"))
    assert discover(corpus).new == 5
    both = replace(settings.crawl, sources=("commons", "folder"), folder=str(home.parent))
    (corpus.root / "corpus.toml").write_text(documented_toml(replace(settings, crawl=both)))
    found = discover(Corpus(corpus.root))
    assert (found.asked, found.new) == (1, 2)


def test_a_summary_names_every_outcome_in_words() -> None:
    summary = FetchSummary(
        candidates=9,
        stored=5,
        photographs=4,
        bytes=8_000_000,
        outcomes={Outcome.STORED: 5, Outcome.OUTSIDE_PERIOD: 3, Outcome.GONE: 1},
        left_for_later={},
        rested={},
        enough=0,
        seconds=4.0,
    )
    assert str(summary) == (
        "Fetched 4 new photographs for 5 of 9 waiting candidates (8.0 MB, 4 s, 2.0 MB/s).\n"
        "The others: 3 outside period, 1 gone."
    )


# ------------------------------------------------------------------------------------------- how far a source was asked


def raise_limit(corpus: Corpus, per_identity: int) -> Corpus:
    """The same corpus, with more photographs of a person wanted."""
    settings = corpus.settings
    more = replace(settings, crawl=replace(settings.crawl, per_identity=per_identity))
    (corpus.root / "corpus.toml").write_text(documented_toml(more))
    return Corpus(corpus.root)


def test_a_higher_limit_asks_again_where_a_source_was_stopped_and_nowhere_else(web: Loopback, tmp_path: Path) -> None:
    settings = serve_wiki(web, Ada=range(8), Ben=(20, 21))
    settings = replace(settings, crawl=replace(settings.crawl, per_identity=3))
    corpus = make(tmp_path / "corpus", settings, person("ada"), person("ben"))
    assert discover(corpus).new == 5
    asked = len(web.requests)
    assert discover(corpus).asked == 0
    assert len(web.requests) == asked
    corpus = raise_limit(corpus, 6)
    found = discover(corpus)
    assert (found.asked, found.proposed, found.new) == (1, 6, 3)  # Ben's category had no more to give
    corpus = raise_limit(corpus, 20)
    assert discover(corpus).new == 2
    assert discover(raise_limit(corpus, 50)).asked == 0  # now Ada's neither


def test_a_source_that_was_not_needed_is_asked_when_more_are_wanted(web: Loopback, tmp_path: Path) -> None:
    home = tmp_path / "photos" / "ada"
    home.mkdir(parents=True)
    for number in range(4):
        (home / f"{number}.jpg").write_bytes(jpeg(100 + number))
    settings = serve_wiki(web, Ada=range(5))
    crawl = replace(settings.crawl, sources=("commons", "folder"), folder=str(home.parent), per_identity=5)
    corpus = make(tmp_path / "corpus", replace(settings, crawl=crawl), person("ada"))
    assert discover(corpus).new == 5
    found = discover(raise_limit(corpus, 7))
    assert (found.asked, found.new) == (2, 2)


def test_what_an_older_version_noted_is_asked_about_once_more(web: Loopback, tmp_path: Path) -> None:
    path = tmp_path / "catalog.sqlite"
    old = sqlite3.connect(path)
    old.executescript(MIGRATIONS[0])
    old.execute("INSERT INTO identity VALUES ('ada', 0, 1, 'Ada', NULL)")
    old.execute("INSERT INTO discovery VALUES ('ada', 'commons', 4, '2026-01-01')")
    old.execute("PRAGMA user_version = 1")
    old.commit()
    old.close()
    catalog = Catalog(path)
    assert catalog.candidates.discovered(4) == {("ada", "commons")}
    assert catalog.candidates.discovered(5) == set()
    catalog.close()


def test_a_source_that_fails_stops_no_other(web: Loopback, tmp_path: Path) -> None:
    home = tmp_path / "photos" / "ada"
    home.mkdir(parents=True)
    (home / "a.jpg").write_bytes(jpeg(1))
    settings = serve_wiki(web)
    web.serve("/w/api.php", Reply(b"<html>"))
    crawl = replace(settings.crawl, sources=("commons", "folder"), folder=str(home.parent))
    corpus = make(tmp_path / "corpus", replace(settings, crawl=crawl), person("ada"), person("ben"))
    found = discover(corpus)
    assert found.new == 1
    assert list(found.failed) == ["commons"]
    assert "SOURCE FAILED: commons was not asked to the end." in str(found)
    assert len(web.paths()) == 1  # for Ben it was not tried again
