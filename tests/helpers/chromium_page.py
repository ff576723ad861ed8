"""The review page in a real Chromium: coming in, pressing keys, and what the page shows."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Page, expect
from review_corpus import ADA, Browser, served

from facecorpus.corpus import Corpus

CHROMIUM = Path("/usr/bin/chromium")

IN_BROWSER = [
    pytest.mark.browser,
    pytest.mark.skipif(not CHROMIUM.exists(), reason="/usr/bin/chromium is not installed: apt-get install chromium"),
]
"""The marks of a file whose tests need Chromium."""


def open_person(page: Page, address: str, identity_id: str = ADA) -> None:
    """Come in with the token, then go to a person; the cursor stays after a verdict, unlike at first."""
    page.add_init_script("if (origin !== 'null') localStorage['facecorpus:advance'] ??= 'stay'")
    page.goto(address)
    page.wait_for_selector(".group")
    page.goto(f"{address.split('/?', maxsplit=1)[0]}/identity/{identity_id}")
    page.wait_for_selector("[role=gridcell]")


def revisit(window: BrowserContext, client: Browser, identity_id: str = ADA) -> Page:
    """The page of a person, of the server that a client was let in by; the address with the token works only once."""
    window.add_cookies([{"name": name, "value": value, "url": client.base} for name, value in client.cookies.items()])
    page = window.new_page()
    page.goto(f"{client.base}/identity/{identity_id}")
    page.wait_for_selector("[role=gridcell]")
    return page


@contextmanager
def opened(window: BrowserContext, corpus: Corpus) -> Iterator[Page]:
    """The page of Ada in a window, on a server of its own."""
    with served(corpus) as base:
        page = window.new_page()
        open_person(page, f"{base}/?token=sesame")
        yield page
        page.close()


def press(page: Page, *keys: str) -> None:
    for key in keys:
        page.keyboard.press(key)


def current(page: Page) -> str:
    """The face that has the focus."""
    return str(page.evaluate("document.activeElement.dataset.face"))


def shows(page: Page, face: str, text: str) -> None:
    """The face's cell says so."""
    expect(page.locator(f"[data-face='{face}']")).to_have_attribute("data-state", re.compile(re.escape(text)))


def all_saved(page: Page) -> None:
    expect(page.locator("#save")).to_have_text("✓ All saved")
