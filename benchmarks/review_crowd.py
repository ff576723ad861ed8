"""Time the review page in a headless Chromium on 100,000 faces of 2,000 people: what | measured | bound.

    python benchmarks/review_crowd.py CORPUS [--people 2000] [--each 50] [--rounds 5]

CORPUS is made where it is not there yet, in a few minutes, as for review.py; half of everybody's faces are decided.
Times are those of the page's own clock: from the navigation's start, or the key, until the frame after the change.
"""

import argparse
import os
from collections.abc import Iterator
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright
from review import ALONE, CHROMIUM, FLAGS, REVIEWER, Row, Server, fresh, let_in, wait, window
from review_faces import make_corpus

from facecorpus.corpus import Corpus
from facecorpus.words import Verdict

SETTLED = """new Promise((done) => {
  const painted = () => setTimeout(() => done(performance.now() - (%s)));
  const look = () => (%s) ? requestAnimationFrame(painted) : setTimeout(look, 1);
  look();
})"""
"""Milliseconds until a condition held and its frame was painted, since a time of the page's clock."""

NOTE_KEYS = "addEventListener('keydown', (event) => { window.asked = event.timeStamp; }, true)"


def main() -> None:
    """Make the corpus, run all measurements, print the rows."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("corpus", type=Path)
    parser.add_argument("--people", type=int, default=2_000)
    parser.add_argument("--each", type=int, default=50)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    people = [f"person-{number:04}" for number in range(options.people)]
    made = make_corpus(options.corpus, dict.fromkeys(people, options.each), crop_every=options.each)
    decide_half(made, people)
    print(f"load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores; median | bound | range")
    with fresh(made) as corpus, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=[*FLAGS.split(), ALONE])
        for row in measure(browser, corpus, people, options.rounds):
            print(row, flush=True)
        browser.close()
    print(f"load {os.getloadavg()[0]:.1f} at the end")


def decide_half(corpus: Corpus, people: list[str]) -> None:
    """Accept every other face, where nobody has yet."""
    with corpus.catalog() as catalog, catalog.transaction():
        for identity_id in people if not catalog.decisions.spoken_of() else ():
            faces = [face.face_id for face in catalog.faces.for_review(identity_id)]
            catalog.decisions.add(faces[::2], identity_id=identity_id, reviewer=REVIEWER, verdict=Verdict.ACCEPT)


def measure(browser: Browser, corpus: Corpus, people: list[str], rounds: int) -> Iterator[Row]:
    """All rows, one after another on one server."""
    server = Server(corpus)
    yield Row("start, until the first answer", [1000 * server.start], 2000)
    idle = server.memory()
    cookies = let_in(browser, server)
    overviews = []
    for _ in range(rounds):
        context = window(browser, cookies)
        page = context.new_page()
        page.goto(f"{server.base}/", wait_until="commit")
        # The script that finds people is the page's last: what it shows can be used.
        overviews.append(after(page, "document.readyState === 'complete'", "0"))
        context.close()
    yield Row("overview, until it is loaded and painted", overviews, 1000)

    page = window(browser, cookies).new_page()
    page.add_init_script(NOTE_KEYS)
    page.goto(f"{server.base}/")
    page.keyboard.press("/")
    found = []
    for typed in ("1", "9", "9", "9", "Backspace", "Backspace", "Backspace", "Backspace"):
        page.keyboard.press(typed)
        found.append(after(page, "true"))
        page.wait_for_timeout(100)
    yield Row("overview: search, the slowest key", [max(found)], 200)

    page.goto(f"{server.base}/identity/{people[len(people) // 2]}")
    wait(page, "document.querySelector('[role=gridcell]')")
    page.keyboard.press("/")
    wait(page, "document.querySelector('#search-list li')")
    searches = []
    for text in ("opening", "person 0999", "creativecommons", "picture 7", "blurred")[:rounds]:
        page.locator("#search input").fill(text[:-1])
        page.wait_for_timeout(300)
        page.evaluate("document.querySelector('#search-list').replaceChildren()")
        page.keyboard.press(text[-1])
        searches.append(after(page, "document.querySelector('#search-list li')"))
    yield Row("a person's page: search", searches, 200)
    page.keyboard.press("Escape")  # empties the field
    page.keyboard.press("Escape")

    likes = []
    for _ in range(rounds + 1):
        page.keyboard.press("ArrowRight")
        page.wait_for_timeout(300)
        page.keyboard.press("v")
        likes.append(after(page, "document.querySelector('#near li')"))
        page.keyboard.press("v")
    yield Row("like this one, the first: descriptors are read", likes[:1], 1000)
    yield Row("like this one", likes[1:], 200)
    page.keyboard.press("a")
    wait(page, "document.querySelector('#save').dataset.state === 'saved'")
    page.keyboard.press("v")
    yield Row("like this one, after a verdict", [after(page, "document.querySelector('#near li')")], 200)
    yield Row("server memory before the first page", [idle], 100, "MB")
    yield Row("server memory after all that", [server.memory()], 100, "MB")
    yield Row("server memory at its peak", [server.memory("VmHWM")], 100, "MB")
    server.end()


def after(page: Page, condition: str, since: str = "window.asked") -> float:
    """Milliseconds until a script's condition held and its frame was painted."""
    return float(page.evaluate(SETTLED % (since, condition)))


if __name__ == "__main__":
    main()
