"""What fails or is interrupted in a crawl: tries, hosts that rest, kill -9 and Ctrl-C, and the run after it."""

import inspect
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Any

import pytest
from crawling import content, make, pictures, propose, serve_wiki, states
from loopback import Loopback, Reply, Request, jpeg, settings_for
from people import person

from facecorpus.corpus import Corpus
from facecorpus.crawl.discover import discover
from facecorpus.crawl.downloads import Downloads
from facecorpus.crawl.lanes import Lanes
from facecorpus.crawl.stage import fetch_candidates
from facecorpus.records import Candidate

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
