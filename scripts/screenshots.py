"""Draw the pictures of the documents from the demo's corpus (invented people only).

    make demo && .venv/bin/python scripts/screenshots.py demo-corpus docs

Needs playwright (the test tools) and Debian's chromium. The corpus is copied first; nothing in it changes.
"""

import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

from facecorpus.corpus import Corpus
from training import RunFolder

FLAGS = [
    "--no-sandbox",
    "--disable-dev-shm-usage",
    "--disable-gpu",
    "--hide-scrollbars",
    "--disable-background-networking",
]


def main(original: Path, docs: Path) -> None:
    """The review page in light and dark, its help, what is alike, a disagreement; and the report's first tables."""
    with sync_playwright() as playwright, tempfile.TemporaryDirectory() as scratch:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=FLAGS)
        corpus = Path(
            shutil.copytree(original, Path(scratch) / "demo-corpus", ignore=shutil.ignore_patterns("runs", "shards"))
        )
        disputed = disagree(Corpus(corpus))
        with served(corpus) as url:
            page = browser.new_page(viewport={"width": 1280, "height": 800})
            page.goto(url)
            review(page, docs, disputed)
        report(browser, original, docs)
        browser.close()


def disagree(corpus: Corpus) -> str:
    """Take back what the policy said of the person with the most doubtful faces, and let two people differ on others.

    Returns the person's identity_id.
    """
    with corpus.catalog() as catalog:
        people = [identity.identity_id for identity in corpus.manifest.identities]
        faces = {identity_id: catalog.faces.for_review(identity_id) for identity_id in people}
        chosen = max(people, key=lambda one: sum(face.section != "right" or not face.kept for face in faces[one]))
        own = [face.face_id for face in faces[chosen]]
        catalog.decisions.add(own, identity_id=chosen, reviewer="auto", verdict="undecided")
        doubtful = [face.face_id for face in faces[chosen] if face.kept and face.section == "right"][:3]
        for reviewer, verdict, reason in (("grace", "accept", ""), ("alan", "reject", "wrong person")):
            catalog.decisions.add(doubtful, identity_id=chosen, reviewer=reviewer, verdict=verdict, reason=reason)
    return chosen


def review(page: Page, docs: Path, identity_id: str) -> None:
    """A person's page in its states, in light and dark."""
    photograph(page, docs / "review-people.png")
    base = re.sub(r"\?.*", "", page.url)
    page.goto(f"{base}identity/{identity_id}")
    page.wait_for_selector("[role=gridcell]")
    photograph(page, docs / "review.png")
    page.emulate_media(color_scheme="dark")
    photograph(page, docs / "review-dark.png")
    page.emulate_media(color_scheme="light")
    page.keyboard.press("?")
    photograph(page, docs / "review-help.png")
    page.keyboard.press("Escape")
    page.keyboard.press("4")
    page.keyboard.press("d")
    page.wait_for_selector("#near li")
    photograph(page, docs / "review-alike.png")
    page.goto(f"{base}disagreements")
    page.wait_for_selector("#disputes li")
    photograph(page, docs / "review-disagreements.png")


def photograph(page: Page, path: Path) -> None:
    """The window, once all pictures in it are drawn."""
    page.wait_for_load_state("networkidle")
    page.evaluate(
        "() => Promise.all([...document.querySelectorAll('img[src]:not([loading=lazy])')].map((one) => one.decode()))"
    )
    page.wait_for_timeout(300)
    page.screenshot(path=path)


def report(browser: Browser, corpus: Path, docs: Path) -> None:
    """The head of the demo's report."""
    page = browser.new_page(viewport={"width": 900, "height": 760})
    page.goto(RunFolder(corpus / "runs" / "demo").page.absolute().as_uri())
    page.screenshot(path=docs / "report.png")


@contextmanager
def served(corpus: Path) -> Iterator[str]:
    """The review page, served as a user does; its address."""
    command = [sys.executable, "-m", "facecorpus", "review", "-C", corpus.name, "--port", "0", "--no-browser"]
    with subprocess.Popen(
        [*command, "--reviewer", "ada"], cwd=corpus.parent, stdout=subprocess.PIPE, text=True
    ) as server:
        try:
            assert server.stdout is not None
            yield next(found[0] for line in server.stdout if (found := re.search(r"http://\S+", line)))
        finally:
            server.terminate()


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
