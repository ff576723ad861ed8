"""What the machine missed, mended in a real Chromium by keys, mouse and touch: other faces, photographs, boxes."""

from collections.abc import Iterator

import pytest
from axe_playwright_python.sync_playwright import Axe
from chromium_page import IN_BROWSER, all_saved, current, open_person, press, shows
from more_faces import add_bystander
from playwright.sync_api import Browser, Page, expect
from review_corpus import ADA, BEN, face_ids, make_corpus, said, served

from facecorpus.corpus import Corpus

pytestmark = IN_BROWSER


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Corpus:
    """One corpus for all: each test takes faces of its own."""
    corpus = make_corpus(tmp_path_factory.mktemp("lost") / "review", {ADA: 30, BEN: 10})
    for face in face_ids(corpus, ADA, "look"):
        for number in (1, 2):
            add_bystander(corpus, face, number)
    return corpus


@pytest.fixture(scope="module")
def address(shared: Corpus) -> Iterator[str]:
    with served(shared) as base:
        yield f"{base}/?token=sesame"


@pytest.fixture(scope="module")
def opened_once(chromium: Browser, address: str) -> Iterator[Page]:
    page = chromium.new_context(viewport={"width": 1280, "height": 800}, has_touch=True).new_page()
    page.set_default_timeout(20_000)
    open_person(page, address)
    yield page
    page.context.close()


@pytest.fixture
def page(opened_once: Page) -> Iterator[Page]:
    """The page of Ada, on the first face that nobody has judged."""
    opened_once.reload()
    opened_once.wait_for_selector("[role=gridcell]")
    yield opened_once
    press(opened_once, "Escape")


def no_barrier(page: Page) -> None:
    found = Axe().run(page)
    assert not found.response["violations"], found.generate_report()


def built(corpus: Corpus) -> set[str]:
    with corpus.catalog() as catalog:
        return {face.face_id for face in catalog.faces.accepted()}


# ---- Another face of the photograph


def test_tab_goes_from_face_to_face_and_i_names_one(page: Page, shared: Corpus) -> None:
    shown = current(page)
    press(page, "f")
    faces = page.locator(".frame button.box")
    expect(faces).to_have_count(2)
    press(page, "Tab", "Tab")
    expect(faces.nth(1)).to_be_focused()
    expect(page.locator("#photograph .other")).to_have_text("Chosen: a bystander.")
    no_barrier(page)
    press(page, "i")
    expect(page.locator("#notice")).to_contain_text("is this face")
    expect(page.locator("#photograph .verdict").first).to_contain_text("✗ wrong person")
    other = str(faces.nth(1).get_attribute("data-face"))
    assert other in built(shared)
    press(page, "Escape")
    shows(page, shown, "✗ wrong person")
    page.click("[data-command=expand][data-section=right]")
    shows(page, other, "✓ accepted")
    page.reload()
    page.wait_for_selector("[role=gridcell]")
    press(page, "z")
    all_saved(page)
    shows(page, shown, "% likely")
    expect(page.locator(f"[data-face='{other}']")).to_have_count(0)
    assert other not in built(shared)
    press(page, "Z")
    shows(page, shown, "✗ wrong person")
    assert other in built(shared)


@pytest.mark.parametrize("by", ["click", "tap"])
def test_a_face_is_named_by_mouse_and_by_touch(page: Page, shared: Corpus, by: str) -> None:
    shown = current(page)
    press(page, "f")
    face = page.locator(".frame button.box").first
    getattr(face, by)()
    getattr(page.locator("#verdicts [data-command=instead]"), by)()
    expect(page.locator("#notice")).to_contain_text("is this face")
    other = str(face.get_attribute("data-face"))
    assert said(shared)[-2:] == [(other, "verdict", "accept", ADA), (shown, "verdict", "reject", ADA)]


def test_without_a_chosen_face_nothing_is_said(page: Page, shared: Corpus) -> None:
    before = said(shared)
    press(page, "i")
    expect(page.locator("#notice")).to_contain_text("Choose a face first")
    press(page, "f", "i")
    assert said(shared) == before


# ---- Copies


def test_a_copy_is_looked_at_and_chosen(page: Page, shared: Corpus) -> None:
    press(page, "4", "l", "d")
    copy = current(page)
    expect(page.locator("#near li")).to_have_count(2)
    press(page, "i")
    expect(page.locator("#near li").first).to_contain_text("accepted as Ada")
    expect(page.locator("#near li").last).to_contain_text("✗ duplicate")
    (now, _, _, _), (kept, _, verdict, _) = said(shared)[-2:]
    assert (verdict, now in built(shared), kept in built(shared)) == ("reject", True, False), copy
    press(page, "z")
    expect(page.locator("#near li").first).to_contain_text("undecided")
