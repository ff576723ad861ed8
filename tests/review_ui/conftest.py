"""A corpus to review, its page in a real Chromium, and clients of its server."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from chromium_page import CHROMIUM, opened
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright
from review_corpus import ADA, BEN, SCRIPT, make_corpus, served
from review_corpus import Browser as Client

from facecorpus.corpus import Corpus

FLAGS = (
    "--no-sandbox --disable-dev-shm-usage --disable-gpu --hide-scrollbars --disable-background-networking"
    " --disable-component-update --disable-sync --no-first-run"
)


@pytest.fixture
def corpus(tmp_path: Path) -> Corpus:
    """Thirty faces of Ada and ten of Ben, ranked."""
    return make_corpus(tmp_path / "review", {ADA: 30, BEN: 10})


@pytest.fixture
def base(corpus: Corpus) -> Iterator[str]:
    with served(corpus) as address:
        yield address


@pytest.fixture
def ada(base: str) -> Client:
    return Client(base, "sesame")


@pytest.fixture(scope="module")
def client(corpus: Corpus) -> Iterator[Client]:
    """A client of one server for all tests of a module, which has a corpus of its own for them."""
    with served(corpus) as address:
        yield Client(address, "sesame")


@pytest.fixture(scope="module")
def reader(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    """A client for tests that change nothing: they share one corpus and one server."""
    corpus = make_corpus(tmp_path_factory.mktemp("shared") / "review", {ADA: 30, BEN: 10}, title=SCRIPT)
    with served(corpus) as address:
        browser = Client(address, "sesame")
        browser.corpus = corpus
        yield browser


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        expect.set_options(timeout=20_000)  # for a busy machine
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS.split())
        yield browser
        browser.close()


@pytest.fixture
def window(chromium: Browser) -> Iterator[BrowserContext]:
    """A window that fails the test on any error of a script or of the content security policy."""
    context = chromium.new_context(viewport={"width": 1280, "height": 800})
    context.set_default_timeout(20_000)
    problems: list[str] = []
    context.on("weberror", lambda problem: problems.append(str(problem.error)))
    context.on(
        "console",
        lambda message: problems.append(message.text) if "Content Security Policy" in message.text else None,
    )
    yield context
    context.close()
    assert problems == []


@pytest.fixture
def page(window: BrowserContext, corpus: Corpus) -> Iterator[Page]:
    """The page of Ada, her faces shown."""
    with opened(window, corpus) as page:
        yield page
