"""What the review page can do in a real Chromium: moving, ages, removal, duplicates, search, lasso, many faces,
learning."""

import re
from pathlib import Path

import numpy as np
from axe_playwright_python.sync_playwright import Axe
from chromium_page import IN_BROWSER, all_saved, current, opened, press, shows
from playwright.sync_api import BrowserContext, Page, expect
from review_corpus import ADA, BEN, face_ids, journal, make_corpus, said

from facecorpus.corpus import Corpus

CELLS_ON_SCREEN = """[...document.querySelectorAll("[role=gridcell]")]
    .map((cell) => cell.getBoundingClientRect())
    .filter((box) => box.bottom > 0 && box.top < innerHeight).length"""

# A second later: a scroll that has ended already gives no event to wait for.
NODES_AT_REST = """new Promise((done) => {
    setTimeout(() => done(document.querySelectorAll("*").length), 1000);
})"""

pytestmark = IN_BROWSER


# ---- Moving, ages, removal


def test_m_moves_a_face_to_another_person_and_z_brings_it_back(page: Page, corpus: Corpus) -> None:
    face = current(page)
    press(page, "m", "b", "e", "n", "Enter")
    all_saved(page)
    shows(page, face, "→ Ben Example")
    assert said(corpus) == [(face, "verdict", "accept", BEN)]
    with corpus.catalog() as catalog:
        (built,) = catalog.faces.accepted()
        assert (built.identity_id, built.licence) == (BEN, "CC BY 4.0")
    page.goto(page.url.replace(ADA, BEN))
    shows(page, face, "✓ accepted")
    page.goto(page.url.replace(BEN, ADA))
    page.wait_for_selector("[role=gridcell]")
    press(page, "z")
    shows(page, face, "% likely")


def test_g_says_the_age_group_of_the_photograph(page: Page, corpus: Corpus) -> None:
    face = current(page)
    press(page, "g", "o")
    all_saved(page)
    cell = page.locator(f"[data-face='{face}']")
    expect(cell).to_have_attribute("data-why", "looks old")
    shows(page, face, "% likely")  # an age is no verdict
    with corpus.catalog() as catalog:
        sha256 = catalog.review.details([face], ADA)[0].photo_sha256
        assert catalog.review.age_corrections() == {(sha256, ADA): "old"}
    press(page, "z")
    expect(cell).not_to_have_attribute("data-why", "looks old")
    with corpus.catalog() as catalog:
        assert catalog.review.age_corrections() == {}


def test_t_marks_the_photograph_and_it_leaves_the_grid_at_once(page: Page, corpus: Corpus) -> None:
    face, following = face_ids(corpus, ADA)[6:8]
    page.locator(f"[data-face='{face}']").click()
    press(page, "t")
    expect(page.locator(f"[data-face='{face}']")).to_have_count(0)
    assert current(page) == following
    all_saved(page)
    with corpus.catalog() as catalog:
        assert [sha256[:24] for sha256 in catalog.review.marked()] == [face[:24]]
    page.reload()
    page.wait_for_selector("[role=gridcell]")
    expect(page.locator(f"[data-face='{face}']")).to_have_count(0)
    press(page, "z")
    expect(page.locator(f"[data-face='{face}']")).to_have_count(1)


# ---- Looking


def test_the_picture_that_wikidata_shows_leads_the_strip(window: BrowserContext, corpus: Corpus) -> None:
    face = face_ids(corpus, ADA, "look")[2]
    with corpus.catalog() as catalog, catalog.transaction() as connection:
        found = "UPDATE candidate SET found_by = 'P18 of Q1' WHERE substr(photo_sha256, 1, 24) = ?"
        connection.execute(found, (face[:24],))
    with opened(window, corpus) as page:
        first = page.locator("#references img").first
        expect(first).to_have_attribute("src", re.compile(f"/crops/{face}.jpg"))
        expect(first).to_have_attribute("alt", "The face in Wikidata's picture of this person")


def test_d_shows_near_duplicates_side_by_side(page: Page, corpus: Corpus) -> None:
    copy = face_ids(corpus, ADA, kept=False)[0]
    press(page, "4", "d")
    figures = page.locator("#near li")
    expect(figures).to_have_count(2)
    expect(page.locator("#near .sum")).to_contain_text("2 photographs alike")
    press(page, "l", "r", "d")  # the second: rejected as a duplicate
    all_saved(page)
    expect(figures.nth(1)).to_contain_text("✗ duplicate")
    ((judged, *_),) = said(corpus)
    assert judged != copy
    press(page, "d")
    expect(page.locator("#near")).to_be_hidden()
    assert current(page) == copy


def test_a_near_duplicate_of_somebody_else_is_shown_as_a_conflict(window: BrowserContext, tmp_path: Path) -> None:
    corpus = make_corpus(tmp_path / "review", {ADA: 5, BEN: 5})
    mine, other = face_ids(corpus, ADA)[0], face_ids(corpus, BEN)[0]
    with corpus.catalog() as catalog, catalog.transaction() as connection:
        connection.executemany("INSERT INTO conflict (face_id, other_id) VALUES (?, ?)", [(mine, other), (other, mine)])
    with opened(window, corpus) as page:
        page.locator(f"[data-face='{mine}']").click()
        expect(page.locator(f"[data-face='{mine}']")).to_have_attribute("data-why", "stands for Ben Example, too")
        press(page, "d")
        expect(page.locator("#near .sum")).to_contain_text("standing for 2 people")
        press(page, "l", "r", "w")
        all_saved(page)
        assert said(corpus) == [(other, "verdict", "reject", BEN)]
        press(page, "z")  # what was said here is taken back here
        all_saved(page)
        assert said(corpus)[-1] == (other, "verdict", "undecided", BEN)


def test_the_slash_finds_faces_by_their_caption_and_people_by_name(page: Page, corpus: Corpus) -> None:
    press(page, "/")
    page.keyboard.type("portrait 17")
    expect(page.locator("#search-list")).to_contain_text("1 face here")
    press(page, "Enter")
    expect(page.locator("[role=gridcell][aria-selected=true]")).to_have_count(1)
    press(page, "f")
    expect(page.locator("#photograph .title")).to_have_text("A portrait 17")
    press(page, "f", "/")
    page.keyboard.type("ben ex")
    press(page, "Enter")
    expect(page.locator("h1")).to_have_text("Ben Example")


def test_dragging_the_mouse_selects_what_the_rectangle_touches(page: Page, corpus: Corpus) -> None:
    look = face_ids(corpus, ADA, "look")
    first, third = (page.locator(f"[data-face='{face}']").bounding_box() for face in (look[0], look[2]))
    assert first and third
    page.mouse.move(first["x"] + 20, first["y"] + 20)
    page.mouse.down()
    page.mouse.move(third["x"] + 20, third["y"] + 40, steps=4)
    page.mouse.up()
    expect(page.locator("[role=gridcell][aria-selected=true]")).to_have_count(3)
    press(page, "a")
    all_saved(page)
    assert [row[0] for row in said(corpus)] == look[:3]


def test_surely_right_is_collapsed_and_one_key_accepts_it(window: BrowserContext, tmp_path: Path) -> None:
    corpus = make_corpus(tmp_path / "review", {ADA: 100})
    right = face_ids(corpus, ADA, "right")
    with opened(window, corpus) as page:
        columns = int(page.get_attribute("#grid-right", "aria-colcount") or 0)
        assert page.get_attribute("#grid-right", "aria-rowcount") == "2"
        press(page, "2", "End")
        assert current(page) == right[2 * columns - 1]
        press(page, "e", "End")
        assert current(page) == right[-1]
        press(page, "e", "Shift+A", "Shift+A")  # the first shows them all
        all_saved(page)
        assert [row[0] for row in said(corpus)] == right


def nodes_at_rest(page: Page) -> int:
    """How many elements the page has once its scrolling has ended, and what was drawn ahead of it is gone."""
    return int(page.evaluate(NODES_AT_REST))


def test_thirty_thousand_faces_keep_the_page_small(window: BrowserContext, tmp_path: Path) -> None:
    corpus = make_corpus(tmp_path / "review", {ADA: 30_000})
    right = face_ids(corpus, ADA, "right")
    with opened(window, corpus) as page:
        press(page, "2", "e")
        nodes = []
        for _ in range(5):
            press(page, "PageDown", "PageDown")
            page.evaluate("() => { scrollBy(0, 3000); return new Promise((done) => setTimeout(done, 50)); }")
            assert page.evaluate(CELLS_ON_SCREEN) > 20  # no hole where the page was scrolled to
            nodes.append(nodes_at_rest(page))
        press(page, "End")
        assert current(page) == right[-1]
        expect(page.locator(":focus")).to_be_in_viewport(ratio=1)
        nodes.append(nodes_at_rest(page))
        assert max(nodes) < 500
        press(page, "Shift+A")
        all_saved(page)
        assert len(journal(corpus)) == len(right)
        press(page, "z")
        expect(page.locator("#notice")).to_have_text(f"Undone: {len(right)} faces")


def test_an_audit_by_axe_finds_no_barrier(page: Page) -> None:
    axe = Axe()

    def audit() -> None:
        found = axe.run(page)
        assert found.violations_count == 0, found.generate_report()

    audit()
    press(page, "a", "l", "w", "l", "x")
    all_saved(page)
    for key, back in (("f", "f"), ("d", "d"), ("r", "Escape"), ("g", "Escape"), ("/", "Escape"), ("?", "Escape")):
        press(page, key)
        page.wait_for_timeout(200)
        audit()
        press(page, back)
    page.emulate_media(color_scheme="dark")
    audit()
    base = page.url.split("/identity", maxsplit=1)[0]
    for path in ("/", "/disagreements"):
        page.goto(base + path)
        audit()


def test_every_key_has_a_button(page: Page) -> None:
    press(page, "?")
    keys = [key for key in page.locator("#help kbd").all_inner_texts() if re.fullmatch(r"[a-zA-Z/?]", key)]
    page.locator("#show-moves").click()
    shortcuts = " ".join(
        button.get_attribute("aria-keyshortcuts") or "" for button in page.locator("button[aria-keyshortcuts], a").all()
    ).split()
    assert sorted(set(keys) - set(shortcuts) - {"n", "p"}) == []


# ---- Learning along


def test_the_faces_left_are_ranked_anew_below_the_screen_and_nothing_jumps(
    window: BrowserContext, tmp_path: Path
) -> None:
    corpus = make_corpus(tmp_path / "review", {ADA: 400})
    _describe(corpus)
    with opened(window, corpus) as page:
        count = "[...document.querySelectorAll('#grid-look [data-face]')].map((cell) => cell.dataset.face)"
        before = page.evaluate(count)
        for _ in range(8):
            press(page, "Enter")
        here = current(page)
        box = page.locator(":focus").bounding_box()
        assert box
        expect(page.locator("#notice")).to_contain_text("New order below")
        assert current(page) == here
        after = page.locator(":focus").bounding_box()
        assert after
        assert (after["x"], after["y"]) == (box["x"], box["y"])
        seen = page.evaluate(count)
        assert seen[:27] == before[:27]
        press(page, "o")
        expect(page.locator("#notice")).to_contain_text("New order, by what you decided")
        assert page.evaluate(count)[:27] != before[:27]


def _describe(corpus: Corpus) -> None:
    """Faces of two kinds, of which every second is another person's."""
    own, other = np.zeros(128, np.float32), np.zeros(128, np.float32)
    own[0], other[1] = 0.4, 0.4
    with corpus.catalog() as catalog, catalog.transaction() as connection:
        for number, (face_id,) in enumerate(connection.execute("SELECT face_id FROM face ORDER BY face_id").fetchall()):
            embedding = (other if number % 2 else own).tobytes()
            connection.execute("UPDATE face SET embedding = ? WHERE face_id = ?", (embedding, face_id))
