"""The private file that opens the page, in a real Chromium."""

from chromium_page import IN_BROWSER
from playwright.sync_api import BrowserContext
from review_corpus import served

from facecorpus.corpus import Corpus
from review_ui.opening import private_page

pytestmark = IN_BROWSER


def test_the_private_file_leads_to_the_overview(window: BrowserContext, corpus: Corpus) -> None:
    with served(corpus) as base, private_page(corpus.root, f"{base}/?token=sesame", 1) as address:
        page = window.new_page()
        page.goto(address)
        page.wait_for_url(f"{base}/")
        assert "Ada Example" in page.content()
