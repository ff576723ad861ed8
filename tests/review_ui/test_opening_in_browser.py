"""The private file that opens the page, in a real Chromium."""

from pathlib import Path

from playwright.sync_api import BrowserContext
from review_corpus import ADA, make_corpus, served
from test_keys_in_browser import chromium, pytestmark, window

from review_ui.opening import private_page

__all__ = ["chromium", "pytestmark", "window"]  # fixtures and marks that hold here, too


def test_the_private_file_leads_to_the_overview(window: BrowserContext, tmp_path: Path) -> None:
    corpus = make_corpus(tmp_path / "review", {ADA: 3})
    with served(corpus) as base, private_page(corpus.root, f"{base}/?token=sesame", 1) as address:
        page = window.new_page()
        page.goto(address)
        page.wait_for_url(f"{base}/")
        assert "Ada Example" in page.content()
