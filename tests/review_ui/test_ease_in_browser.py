"""What makes the page easy, in a real Chromium: seen before accepted, sizes, comparing, the hint, and words whole."""

import pytest
from chromium_page import IN_BROWSER, all_saved, current, press, revisit
from playwright.sync_api import BrowserContext, Page, expect
from review_corpus import ADA, BEN, Browser, face_ids, make_corpus, rows

from facecorpus.corpus import Corpus

pytestmark = IN_BROWSER


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Corpus:
    return make_corpus(tmp_path_factory.mktemp("ease") / "review", {ADA: 100, BEN: 10})


@pytest.fixture
def page(window: BrowserContext, client: Browser) -> Page:
    return revisit(window, client)


def test_what_was_not_shown_is_opened_before_it_is_accepted(page: Page, corpus: Corpus) -> None:
    right = face_ids(corpus, ADA, "right")
    columns = int(page.get_attribute("#grid-right", "aria-colcount") or 0)
    expect(page.locator("#more-right")).to_have_text(f"+{len(right) - 2 * columns} more e")
    press(page, "2", "Shift+A")
    expect(page.locator("#more-right")).to_be_hidden()
    expect(page.locator("#notice")).to_contain_text(f"All {len(right)} undecided faces are shown now")
    assert rows(corpus) == []
    press(page, "Shift+A")
    all_saved(page)
    assert [row[0] for row in rows(corpus)] == right
    press(page, "z")
    expect(page.locator("#notice")).to_contain_text("Undone")


def test_a_key_and_the_slider_make_faces_larger_and_a_reload_keeps_them(page: Page) -> None:
    cell = page.locator("[role=gridcell]").first
    before = cell.bounding_box()
    press(page, "+", "+")
    assert before
    larger = cell.bounding_box()
    assert larger
    assert larger["height"] > before["height"] + 30
    page.reload()
    page.wait_for_selector("[role=gridcell]")
    assert cell.bounding_box() == larger
    page.locator("#size").fill("1")
    expect(page.locator("[role=gridcell]").first).to_have_css("width", f"{before['width']:g}px")
    press(page, "l")
    assert current(page)


def test_a_held_key_shows_the_face_beside_the_surest(page: Page) -> None:
    face = current(page)
    page.keyboard.down("q")
    shown = page.locator(".compare img")
    expect(shown).to_have_count(2)
    assert f"/crops/{face}.jpg" in (shown.first.get_attribute("src") or "")
    page.keyboard.up("q")
    expect(shown).to_have_count(0)


def test_the_hint_goes_for_good_with_one_key(page: Page) -> None:
    hint = page.locator("#hint")
    expect(hint).to_be_visible()
    assert hint.locator("p").count() == 3
    press(page, "Escape")
    expect(hint).to_be_hidden()
    page.reload()
    page.wait_for_selector("[role=gridcell]")
    expect(hint).to_be_hidden()


def test_buttons_for_moving_are_behind_the_help(page: Page) -> None:
    right = page.get_by_role("button", name="Face to the right", exact=True)
    expect(right).to_be_hidden()
    press(page, "?")
    page.get_by_role("button", name="Buttons for moving on the page").click()
    before = current(page)
    right.click()
    assert current(page) != before


def test_a_reason_is_whole_where_the_cursor_is(page: Page) -> None:
    cut = "(cell) => [cell.scrollHeight > cell.clientHeight + 1, cell.scrollWidth > cell.clientWidth + 1]"
    page.locator("[role=gridcell]").first.evaluate(
        "(cell) => { cell.dataset.why = 'stands for Somebody With-A-Rather-Long-Name, too, as nobody would think'; }"
    )
    assert page.locator(":focus").evaluate(cut) == [False, False]


# ---- The overview, and the disagreements


def test_the_overview_finds_people_and_says_its_keys(page: Page, client: Browser) -> None:
    page.goto(client.base)
    expect(page.locator(".chart tr")).to_have_count(2)
    press(page, "?")
    expect(page.locator("#help")).to_contain_text("Find a person by name")
    press(page, "Escape", "/")
    page.keyboard.type("ben")
    expect(page.locator(".people li:visible")).to_have_count(1)
    expect(page.locator("#found")).to_have_text("1 of 2 people")
    press(page, "Escape")
    expect(page.locator(".people li:visible")).to_have_count(2)
    press(page, "/")
    page.keyboard.type("ben")
    press(page, "Enter")
    expect(page.locator("h1")).to_have_text("Ben Example")


def test_a_disagreement_shows_the_surest_face_of_both_people(page: Page, client: Browser, corpus: Corpus) -> None:
    face = face_ids(corpus, ADA, "look")[0]
    with corpus.catalog() as catalog:
        catalog.decisions.add([face], identity_id=ADA, reviewer="eve", verdict="accept")
        catalog.decisions.add([face], identity_id=BEN, reviewer="bob", verdict="accept", shown_as=ADA)
        portraits = catalog.review.portraits()
    page.goto(f"{client.base}/disagreements")
    pictures = page.locator("#disputes figure img")
    expect(pictures).to_have_count(2)
    assert [picture.get_attribute("src") for picture in pictures.all()] == [
        f"/crops/{portraits[who]}.jpg" for who in (ADA, BEN)
    ]
