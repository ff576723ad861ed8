"""A second language is one file: with one in which no letter is ASCII, no English word is left on the page."""

import re
from collections.abc import Iterator

import pytest
import review_language
from chromium_page import IN_BROWSER, press
from playwright.sync_api import Browser, Page, expect
from review_corpus import ADA, BEN, face_ids, make_corpus
from review_corpus import Browser as Client

from facecorpus.catalog.decisions import Row
from facecorpus.corpus import Corpus
from facecorpus.records import Ranking
from facecorpus.words import AUTO, Doubt, Kind, Section
from review_ui import language

pytestmark = IN_BROWSER

_KEPT = re.compile(r"\{\w+\}|<[^>]*>|&\w+;")
_DATA = ("Ada Example", "Ben Example", ADA, BEN, "A. Photographer", "CC BY", "ada", "folder", "facecorpus")
_KEY_CAPS = {"Esc", "Enter", "Shift", "Ctrl", "Space", "Page", "Home", "End"}

_NOTE_ALL = """
const seen = new Set();
const note = () => {
    seen.add(document.title);
    const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    for (let node = walk.nextNode(); node; node = walk.nextNode()) {
        if (!node.parentElement.closest("script, template, noscript, code")) seen.add(node.textContent);
    }
    for (const one of document.querySelectorAll("*")) {
        for (const name of ["aria-label", "title", "alt", "placeholder", "data-state", "data-why", "data-missing"]) {
            if (one.hasAttribute(name) && one.id !== "save") seen.add(one.getAttribute(name));
        }
    }
};
addEventListener("DOMContentLoaded", () => {
    note();
    let waiting = false; // what no frame shows, nobody sees
    const soon = () => {
        if (!waiting) requestAnimationFrame(() => { waiting = false; note(); });
        waiting = true;
    };
    const all = { subtree: true, childList: true, characterData: true, attributes: true };
    new MutationObserver(soon).observe(document.documentElement, all);
});
window.everSeen = () => { note(); return [...seen]; };
"""
"""Keeps every text that a page ever shows, to the eye or to a screen reader."""


def spelt(text: str) -> str:
    """The text in full-width letters; what is filled in, and tags, stay as they are."""
    wide = {code: code + 0xFEE0 for code in range(ord("A"), ord("z") + 1) if chr(code).isalpha()}
    kept = _KEPT.findall(text)
    parts = [part.translate(wide) for part in _KEPT.split(text)]
    return "".join(part + tag for part, tag in zip(parts, [*kept, ""], strict=True))


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Corpus:
    """Two people; every doubt is there, a verdict by every kind of reviewer, and a disagreement."""
    corpus = make_corpus(tmp_path_factory.mktemp("language") / "review", {ADA: 30, BEN: 10}, title="0815")
    faces = face_ids(corpus, ADA)
    doubts = [doubt.format(other="Ben Example", distance=0.6, width=20, degrees=50, count=5) for doubt in Doubt]
    with corpus.catalog() as catalog, catalog.transaction():
        catalog.faces.rank(
            [Ranking(face, 0.3, Section.LOOK, (doubt,)) for face, doubt in zip(faces, doubts, strict=False)]
        )
        for reviewer, verdict, reason in (("b", "accept", ""), ("c", "reject", "quality")):
            catalog.decisions.say([Row(faces[0], ADA, Kind.VERDICT, verdict, reason)], reviewer, ADA)
        catalog.decisions.say([Row(faces[1], ADA, Kind.VERDICT, "reject", "not a face")], AUTO, ADA)
        catalog.decisions.say([Row(faces[2], ADA, Kind.AGE, "old", "")], "b", ADA)
    return corpus


@pytest.fixture(scope="module", autouse=True)
def another_language() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patched:
        tables = {"xx": {text: spelt(text) for text in review_language.texts()}}
        patched.setattr(language, "tables", lambda: tables)
        yield


@pytest.fixture
def page(chromium: Browser, client: Client) -> Iterator[Page]:
    context = chromium.new_context(locale="xx-AB", viewport={"width": 1280, "height": 800}, has_touch=True)
    context.add_cookies([{"name": name, "value": value, "url": client.base} for name, value in client.cookies.items()])
    context.add_init_script(_NOTE_ALL)
    yield context.new_page()
    context.close()


def english(page: Page, corpus: Corpus) -> set[str]:
    """The English words that the page has ever shown; names, and what the corpus holds, are none."""
    shown = "\n".join(page.evaluate("everSeen()"))
    for data in (str(corpus.root), "https://pictures.example/page", *_DATA):
        shown = shown.replace(data, " ")
    return set(re.findall(r"[A-Za-z]{2,}", shown)) - _KEY_CAPS


def test_no_english_word_is_left_on_a_page_of_another_language(page: Page, client: Client, corpus: Corpus) -> None:
    page.goto(client.base)
    expect(page.locator("html")).to_have_attribute("lang", "xx")
    press(page, "?")
    assert english(page, corpus) == set()
    page.goto(f"{client.base}/nobody")
    assert english(page, corpus) == set()
    page.goto(f"{client.base}/disagreements")
    page.wait_for_selector("#disputes li")
    press(page, "1", "z")
    expect(page.locator("#counts")).to_have_text(spelt("{left} left of {total}").format(left=1, total=1))
    assert english(page, corpus) == set()


def test_no_english_word_is_left_on_a_persons_page(page: Page, client: Client, corpus: Corpus) -> None:
    page.goto(f"{client.base}/identity/{ADA}")
    page.wait_for_selector(f"[data-why^='{spelt('blurred')}']")
    for key in ("F", "6"):
        press(page, key)
        expect(page.locator("#map .legend li, #filters .chip").last).to_be_visible()
    press(page, "6")
    for key, shown in (("f", "#photograph .why li"), ("d", "#near .sum"), ("v", "#near .sum")):
        press(page, key)
        expect(page.locator(shown)).not_to_be_empty()
        press(page, key)
    press(page, *"?", "Escape", "/", "Escape", "m", "Escape", "r", "Escape", "g", "Escape", *"yxxib0aw")
    press(page, *"zZutzA")
    all_saved = page.locator("#save")
    expect(all_saved).to_have_text(f"✓ {spelt('All saved')}")
    page.set_viewport_size({"width": 390, "height": 844})
    page.locator("#fold").click()
    assert english(page, corpus) == set()


def test_a_refusal_is_in_the_readers_language_and_a_language_without_a_file_is_english(client: Client) -> None:
    asked = {
        "de-AT,de;q=0.9": "Nobody",
        "de,xx;q=0.5,en;q=0.2": spelt("Nobody"),
        "en,xx;q=0.9": "Nobody",
        "*;q=x": "Nobody",
    }
    for accepted, word in asked.items():
        answer = client.get(f"{client.base}/api/identity/zoe", headers={"Accept-Language": accepted})
        assert answer.json()["error"].startswith(word)
