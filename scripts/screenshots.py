"""Draw the pictures of the documents from the demo's corpus (invented people only).

    make demo && .venv/bin/python scripts/screenshots.py demo-corpus docs

Needs playwright (the test tools) and Debian's chromium.
"""

import re
import subprocess
import sys
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

FLAGS = [
    "--no-sandbox",
    "--disable-dev-shm-usage",
    "--disable-gpu",
    "--hide-scrollbars",
    "--disable-background-networking",
]


def main(corpus: Path, docs: Path) -> None:
    """The review page of one person in light and dark, and the report's first tables."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=FLAGS)
        review(browser, corpus, docs)
        page = browser.new_page(viewport={"width": 900, "height": 760})
        page.goto((corpus / "runs" / "demo" / "report.html").absolute().as_uri())
        page.screenshot(path=docs / "report.png")
        browser.close()


def review(browser: Browser, corpus: Path, docs: Path) -> None:
    """Serve the page as a user does, and photograph a person with faces to look at."""
    command = [sys.executable, "-m", "facecorpus", "review", "-C", str(corpus), "--port", "0", "--no-browser"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        try:
            assert server.stdout is not None
            url = next(found[0] for line in server.stdout if (found := re.search(r"http://\S+", line)))
            page = browser.new_page(viewport={"width": 1280, "height": 800})
            page.goto(url)
            page.get_by_role("link", name="Go on with").click()
            page.wait_for_url("**/identity/**")
            page.wait_for_load_state("networkidle")
            page.screenshot(path=docs / "review.png")
            page.emulate_media(color_scheme="dark")
            page.screenshot(path=docs / "review-dark.png")
        finally:
            server.terminate()


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
