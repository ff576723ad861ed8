"""Time the review page in a headless Chromium on 30,000 faces of one person: what | measured | bound.

    python benchmarks/review.py CORPUS [--faces 30000] [--rounds 5] [--label-studio VENV] [--fiftyone VENV]

CORPUS is made where it is not there yet, in about a minute: crops of the packaged world's invented people. Needs
/usr/bin/chromium and Playwright. With a virtual environment of Label Studio, it decides the first of these faces in the
same browser, and the rows stand side by side; of FiftyOne it says whether its database starts.

A face counts as visible when its picture is decoded; a verdict as on disk when the server has answered, which it does
after the commit, and every tenth is then looked for in the database by a process of its own. Times in the page are
those of the page's own clock, from the trusted key event, or the navigation's start.
"""

import argparse
import atexit
import os
import re
import shutil
import statistics
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from urllib.error import HTTPError

from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright
from review_faces import MANY, make_corpus, one_of_many
from review_peers import Peer, fiftyone, label_studio

from facecorpus.corpus import Corpus

CHROMIUM = "/usr/bin/chromium"
FLAGS = (
    "--no-sandbox --disable-dev-shm-usage --disable-gpu --hide-scrollbars --disable-background-networking"
    " --disable-component-update --disable-sync --no-first-run"
)
WATCH = Path(__file__).with_name("review_watch.js").read_text(encoding="utf-8")
HUMAN = 60  # milliseconds between two key presses
SCREENS_A_SECOND = 12
REVIEWER = "bench"
ALONE = "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"
PEER_FACES = 5_000  # that another tool takes in


@dataclass(frozen=True)
class Row:
    """One line of the table."""

    what: str
    values: Sequence[float]
    bound: float
    unit: str = "ms"
    share: float = 0.5  # which quantile counts

    def __str__(self) -> str:
        value = quantile(self.values, self.share)
        spread = f"{min(self.values):,.0f}–{max(self.values):,.0f}" if len(self.values) > 1 else ""
        verdict = "" if value <= self.bound else "  MISSED"
        return f"{self.what:48} | {value:9,.1f} {self.unit:5} | ≤ {self.bound:6,.0f} | {spread}{verdict}"


def main() -> None:
    """Make the corpus, run all measurements, print the rows."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("corpus", type=Path)
    parser.add_argument("--faces", type=int, default=30_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--label-studio", type=Path, metavar="VENV")
    parser.add_argument("--fiftyone", type=Path, metavar="VENV")
    options = parser.parse_args()
    made = make_corpus(options.corpus, one_of_many(options.faces))
    print(f"load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores; median (or p95) | bound | range")
    with fresh(made) as corpus, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=[*FLAGS.split(), ALONE])
        rows = []
        for row in measure(browser, corpus, options.rounds):
            print(row, flush=True)
            rows.append(row)
        if options.label_studio:
            crops = sorted(corpus.crops.root.rglob("*.jpg"))[:PEER_FACES]
            print_beside(rows, label_studio(options.label_studio, crops, browser), len(crops))
        if options.fiftyone:
            print(f"FiftyOne is not measured: {fiftyone(options.fiftyone)}")
        browser.close()
    print(f"load {os.getloadavg()[0]:.1f} at the end")


def print_beside(rows: Sequence[Row], peer: Peer, faces: int) -> None:
    """The rows that both have: what | ours | peer | ratio."""
    print(f"beside {peer.name} with {faces:,} faces, taken in within {peer.load / 1000:.1f} s: ours | its | ratio")
    its = {
        "start": [peer.start],
        "first faces visible after navigation, cold": [peer.first],
        "key to next frame: verdicts": peer.following,
        "verdict shown as saved": peer.saved,
        "DOM nodes at rest": [peer.nodes],
        "page heap at rest": [peer.heap],
        "server memory after all that": [peer.memory],
    }
    for begin, values in its.items():
        row = next(row for row in rows if row.what.startswith(begin))
        ours, theirs = (quantile(found, row.share) for found in (row.values, values))
        print(f"{row.what:48} | {ours:9,.1f} | {theirs:9,.1f} {row.unit:3} | {theirs / ours:,.1f}×")


@contextmanager
def fresh(corpus: Corpus) -> Iterator[Corpus]:
    """The corpus without what earlier runs decided: a copy of its catalog beside it, the crops shared."""
    root = corpus.root.with_name(f"{corpus.root.name}-run")
    shutil.rmtree(root, ignore_errors=True)
    root.mkdir()
    for name in ("corpus.toml", "manifest.csv", "catalog.sqlite", corpus.log.name):
        shutil.copyfile(corpus.root / name, root / name)
    (root / "crops").symlink_to(corpus.crops.root.absolute())
    yield Corpus(root)
    shutil.rmtree(root)


class Server:
    """`facecorpus review` as a user starts it."""

    def __init__(self, corpus: Corpus) -> None:
        command = ["review", "-C", str(corpus.root), "--no-browser", "--port", "0", "--reviewer", REVIEWER]
        begun = time.perf_counter()
        self._process = subprocess.Popen(
            [sys.executable, "-m", "facecorpus", *command], stdout=subprocess.PIPE, text=True
        )
        atexit.register(self._process.kill)
        assert self._process.stdout is not None
        found = re.search(r"http://[^ ]+\?token=\S+", self._process.stdout.readline())
        assert found, "facecorpus review did not print its address"
        self.url = found[0]
        self.base = self.url.split("/?", maxsplit=1)[0]
        with suppress(HTTPError):  # an answer, even though it lets nobody in without the token
            urllib.request.urlopen(self.base).close()
        self.start = time.perf_counter() - begun

    def memory(self, which: str = "VmRSS") -> float:
        """Resident MB now; VmHWM: the most that ever were."""
        status = Path(f"/proc/{self._process.pid}/status").read_text()
        return int(re.findall(rf"{which}:\s+(\d+)", status)[0]) * 1024 / 1e6

    @property
    def cpu(self) -> float:
        """Seconds of CPU so far."""
        fields = Path(f"/proc/{self._process.pid}/stat").read_text().rsplit(")", maxsplit=1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def end(self) -> None:
        """Ctrl-C."""
        self._process.terminate()
        self._process.communicate()


def measure(browser: Browser, corpus: Corpus, rounds: int) -> Iterator[Row]:
    """All rows, one after another on one server."""
    starts = []
    for _ in range(rounds):
        server = Server(corpus)
        starts.append(1000 * server.start)
        if len(starts) < rounds:
            server.end()
    yield Row("start, until the first answer", starts, 2000)
    idle = server.memory()
    cookies = let_in(browser, server)
    address = f"{server.base}/identity/{MANY}"

    cold, warm = [], []
    for _ in range(rounds):
        context = window(browser, cookies)
        page = context.new_page()
        cold.append(first_faces(page, address))
        warm.append(first_faces(page, address))
        context.close()
    yield Row("first faces visible after navigation, cold", cold, 1000)
    yield Row("first faces visible after navigation, warm", warm, 500)

    page = window(browser, cookies).new_page()
    first_faces(page, address)
    yield Row("DOM nodes at rest", [page.evaluate("document.querySelectorAll('*').length")], 500, "")
    yield Row("page heap at rest", [heap(page)], 30, "MB")
    yield Row("key to next frame: arrows, p95", press(page, ("ArrowRight", "j", "l", "k") * 40), 33, share=0.95)
    yield Row("key to next frame: verdicts, p95", press(page, ("a", "l", "r", "w", "j", "l") * 30), 33, share=0.95)
    yield Row("verdict shown as saved after its key, p95", saved(page, corpus), 100, share=0.95)
    page.keyboard.press("2")
    page.keyboard.press("e")
    yield Row("jump to the end of 24,000 faces", jumps(page, rounds), 500)
    before = server.cpu
    blanks, seen = scroll(page)
    yield Row(f"longest blank cell, {seen:,} faces in {blanks.pop():.0f} s", [max(blanks)], 200)
    print(f"{'':4}the server's CPU for a face scrolled past: {1000 * (server.cpu - before) / seen:.2f} ms")
    page.keyboard.press("Shift+A")
    wait(page, "document.querySelector('#save').dataset.state === 'saved'")
    page.keyboard.press("z")
    wait(page, "document.querySelector('#notice').textContent.startsWith('Undone')")
    page.keyboard.press("o")
    wait(page, "document.querySelector('#notice').textContent.startsWith('New order')")
    yield Row("DOM nodes after all that", [page.evaluate("document.querySelectorAll('*').length")], 500, "")
    yield Row("page heap after all that", [heap(page)], 30, "MB")
    yield Row("server memory before the first page", [idle], 100, "MB")
    yield Row("server memory after all that", [server.memory()], 100, "MB")
    yield Row("server memory at its peak", [server.memory("VmHWM")], 100, "MB")
    server.end()


def let_in(browser: Browser, server: Server) -> list[dict[str, object]]:
    """The cookie that the address, which works once, is exchanged for."""
    context = browser.new_context()
    context.new_page().goto(server.url)
    cookies = context.cookies()
    context.close()
    return cookies


def window(browser: Browser, cookies: list[dict[str, object]]) -> BrowserContext:
    """A new profile with an empty cache, in which the page is watched."""
    context = browser.new_context(viewport={"width": 1280, "height": 800})
    context.set_default_timeout(60_000)
    context.add_cookies(cookies)
    context.add_init_script(WATCH)
    return context


def first_faces(page: Page, address: str) -> float:
    """Milliseconds from the navigation's start until all cells on the screen show their picture."""
    page.goto(address)
    wait(page, "watched.first > 0")
    return float(page.evaluate("watched.first"))


def wait(page: Page, condition: str) -> None:
    """Until a script's condition holds; Playwright's own way would need eval, which the page forbids."""
    page.evaluate(
        f"new Promise((done) => {{ const look = () => ({condition}) ? done() : setTimeout(look, 5); look(); }})"
    )


def heap(page: Page) -> float:
    """MB of the page's heap after its garbage was collected."""
    session = page.context.new_cdp_session(page)
    page.wait_for_timeout(500)
    session.send("HeapProfiler.collectGarbage")
    return float(session.send("Runtime.getHeapUsage")["usedSize"]) / 1e6


def press(page: Page, keys: Sequence[str]) -> list[float]:
    """Milliseconds of each key from its event until the frame that follows is painted."""
    page.evaluate("watched.keys.length = 0")
    for key in keys:
        page.keyboard.press(key)
        page.wait_for_timeout(HUMAN)
    return list(page.evaluate("watched.keys"))


def saved(page: Page, corpus: Corpus) -> list[float]:
    """Milliseconds from the key until the page shows its verdict as saved; some are looked for on disk."""
    page.evaluate("watched.saved.length = 0")
    with corpus.catalog() as catalog:
        for number in range(60):
            face_id = page.evaluate("document.activeElement.dataset.face")
            page.keyboard.press("a")  # and the page goes on to the next
            wait(page, f"watched.saved.length === {number + 1}")
            if number % 10 == 0:
                assert any(one.face_id == face_id for one in catalog.decisions.all()), f"{face_id} is not on disk"
    return list(page.evaluate("watched.saved"))


def jumps(page: Page, rounds: int) -> list[float]:
    """Milliseconds from `End` until all cells on the screen show their picture, each time unseen ones."""
    took = []
    for number in range(rounds):
        page.evaluate("watched.settled = 0")
        page.keyboard.press("End")
        wait(page, "watched.settled > 0")
        took.append(float(page.evaluate("watched.settled")))
        page.keyboard.press("Home")
        page.wait_for_timeout(300)
        if number == 0:
            first = took[0]
    print(f"{'':4}the first jump, nothing of it in the cache: {first:.0f} ms")
    return took


def scroll(page: Page) -> tuple[list[float], int]:
    """How long each cell on the screen had no picture while all faces went by, and, last, the seconds that took."""
    page.evaluate("scrollTo(0, 0)")
    page.wait_for_timeout(500)
    result = page.evaluate(f"watched.scroll({SCREENS_A_SECOND})")
    return [*result["blanks"], result["seconds"]], int(result["faces"])


def quantile(values: Sequence[float], share: float) -> float:
    """The median, or another quantile, of the values."""
    if share == 0.5 or len(values) == 1:
        return statistics.median(values)
    return sorted(values)[min(len(values) - 1, int(share * len(values)))]


if __name__ == "__main__":
    main()
