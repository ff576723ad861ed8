"""Every key of the review page in a real Chromium, the mouse, and undo over a reload."""

from pathlib import Path

import pytest
from chromium_page import IN_BROWSER, all_saved, current, opened, press, shows
from playwright.sync_api import BrowserContext, Page, expect
from review_corpus import ADA, BEN, face_ids, make_corpus, rows

from facecorpus.corpus import Corpus

pytestmark = IN_BROWSER


@pytest.fixture
def corpus(tmp_path: Path) -> Corpus:
    return make_corpus(tmp_path / "review", {ADA: 30, BEN: 10}, title='"><img src=x onerror=alert(1)>')


def test_arrows_and_letters_move_over_rows_and_sections(page: Page, corpus: Corpus) -> None:
    look, right = face_ids(corpus, ADA, "look"), face_ids(corpus, ADA, "right")
    columns = int(page.get_attribute("#grid-right", "aria-colcount") or 0)
    assert current(page) == look[0]
    for forth, back in (("ArrowRight", "ArrowLeft"), ("l", "h")):
        press(page, forth)
        assert current(page) == look[1]
        press(page, back)
        assert current(page) == look[0]
    press(page, "End")
    assert current(page) == look[-1]
    press(page, "ArrowRight")  # past the edge lies the next section
    assert current(page) == right[0]
    for down, up in (("ArrowDown", "ArrowUp"), ("j", "k"), ("PageDown", "PageUp")):
        press(page, down)
        assert current(page) in right[columns:]
        press(page, up)
        assert current(page) == right[0]
    press(page, "h", "Home")
    assert current(page) == look[0]


def test_digits_go_to_the_sections_and_open_the_copies(page: Page, corpus: Corpus) -> None:
    for key, section in (("2", "right"), ("3", "wrong"), ("1", "look")):
        press(page, key)
        assert current(page) == face_ids(corpus, ADA, section)[0]
    assert page.locator("#grid-copies").is_hidden()
    press(page, "4")
    assert current(page) == face_ids(corpus, ADA, kept=False)[0]
    page.click("#expand-copies")
    assert page.locator("#grid-copies").is_hidden()
    assert current(page) in face_ids(corpus, ADA)


def test_space_and_a_accept_and_the_focus_stays(page: Page, corpus: Corpus) -> None:
    look = face_ids(corpus, ADA, "look")
    for face, key in zip(look, (" ", "a"), strict=False):
        press(page, key)
        all_saved(page)
        shows(page, face, "✓ accepted")
        assert current(page) == face
        press(page, "l")
    assert rows(corpus) == [(look[0], "accept", ""), (look[1], "accept", "")]


def test_enter_accepts_and_goes_to_the_next_undecided(page: Page, corpus: Corpus) -> None:
    look = face_ids(corpus, ADA, "look")
    press(page, "l", "a", "h", "Enter")
    assert current(page) == look[2]
    all_saved(page)
    assert [row[0] for row in rows(corpus)] == [look[1], look[0]]


def test_r_and_a_reason_reject(page: Page, corpus: Corpus) -> None:
    look = face_ids(corpus, ADA, "look")
    reasons = {
        "w": "wrong person",
        "n": "not a face",
        "d": "duplicate",
        "q": "quality",
        "g": "age label",
        "o": "other",
    }
    for face, (key, reason) in zip(look, reasons.items(), strict=False):
        press(page, "r")
        expect(page.locator("#reasons")).to_be_visible()
        press(page, "l")  # no reason: nothing happens
        press(page, key)
        shows(page, face, f"✗ {reason}")
        assert current(page) == face
        press(page, "l")
    all_saved(page)
    assert rows(corpus) == [(face, "reject", reason) for face, reason in zip(look, reasons.values(), strict=False)]


def test_escape_leaves_a_rejection_undone(page: Page, corpus: Corpus) -> None:
    press(page, "r", "Escape", "x", "Escape")
    assert page.locator("[aria-selected=true]").count() == 0
    assert rows(corpus) == []


def test_shift_a_accepts_the_undecided_of_this_section_alone(page: Page, corpus: Corpus) -> None:
    look = face_ids(corpus, ADA, "look")
    press(page, "r", "w", "Shift+A")
    all_saved(page)
    assert rows(corpus) == [(look[0], "reject", "wrong person"), *((face, "accept", "") for face in look[1:])]


def test_a_selection_takes_one_verdict(page: Page, corpus: Corpus) -> None:
    look = face_ids(corpus, ADA, "look")
    press(page, "x", "l", "l", "x", "r", "q")
    all_saved(page)
    press(page, "Home", "l", "l", "l", "Shift+ArrowRight", "Shift+ArrowRight", "a")
    all_saved(page)
    press(page, "s", "r", "o")
    all_saved(page)
    by_verdict = {row[0]: row[1:] for row in rows(corpus)}
    assert {by_verdict[face] for face in (look[0], look[2])} == {("reject", "quality")}
    assert {by_verdict[face] for face in look[3:6]} == {("accept", "")}
    assert {by_verdict[face] for face in look[6:]} == {("reject", "other")}


def test_a_selection_does_not_outlive_a_change_of_section(page: Page, corpus: Corpus) -> None:
    press(page, "x", "l", "x", "2", "a")
    all_saved(page)
    assert rows(corpus) == [(face_ids(corpus, ADA, "right")[0], "accept", "")]


def test_the_mouse_selects_with_shift_and_control(page: Page, corpus: Corpus) -> None:
    right = face_ids(corpus, ADA, "right")
    page.locator(f"[data-face='{right[1]}']").click()
    page.locator(f"[data-face='{right[3]}']").click(modifiers=["Shift"])
    page.locator(f"[data-face='{right[5]}']").click(modifiers=["Control"])
    page.get_by_role("button", name="Accept", exact=True).click()
    all_saved(page)
    assert {row[0] for row in rows(corpus)} == {*right[1:4], right[5]}
    assert current(page) == right[5]  # the button did not take the keyboard away


def test_z_undoes_to_any_depth_and_over_a_reload(page: Page, corpus: Corpus) -> None:
    face = current(page)
    press(page, "a", "r", "w", "Shift+A")
    all_saved(page)
    page.reload()
    page.wait_for_selector("[role=gridcell]")
    press(page, "z")
    expect(page.locator("#jump-look")).to_have_text(str(len(face_ids(corpus, ADA, "look")) - 1))
    press(page, "z")
    shows(page, face, "✓ accepted")
    page.reload()
    page.wait_for_selector("[role=gridcell]")
    press(page, "z")
    shows(page, face, "% likely")
    press(page, "z")
    expect(page.locator("#notice")).to_have_text("Nothing to undo")
    press(page, "Shift+Z", "Shift+Z")
    shows(page, face, "✗ wrong person")


def test_u_takes_back_my_verdict(page: Page, corpus: Corpus) -> None:
    face = current(page)
    press(page, "u", "a", "u")
    all_saved(page)
    shows(page, face, "% likely")
    assert [row[1] for row in rows(corpus)] == ["accept", "undecided"]


def test_f_shows_the_photograph_and_the_same_keys_hold_in_it(page: Page, corpus: Corpus) -> None:
    look = face_ids(corpus, ADA, "look")
    press(page, "f")
    panel = page.locator("#photograph")
    expect(panel).to_contain_text("CC BY 4.0")
    expect(panel).to_contain_text("A. Photographer")
    expect(panel).to_contain_text('"><img src=x onerror=alert(1)>')
    assert (panel.locator("a").get_attribute("href") or "").startswith("https://pictures.example/page/")
    expect(panel.locator(".frame img")).to_have_js_property("naturalWidth", 96)
    frame, box = panel.locator(".frame").bounding_box(), panel.locator(".box").bounding_box()
    assert frame and box
    assert (box["x"] - frame["x"]) / frame["width"] == pytest.approx(0.25, abs=0.01)
    assert box["width"] / frame["width"] == pytest.approx(0.5, abs=0.01)
    press(page, "a", "l", "r", "q")
    expect(panel.locator(".verdict")).to_have_text("✗ quality")
    all_saved(page)
    assert rows(corpus) == [(look[0], "accept", ""), (look[1], "reject", "quality")]
    press(page, "f")
    expect(panel).to_be_hidden()
    assert current(page) == look[1]


def test_a_page_address_that_is_a_script_is_no_link(window: BrowserContext, tmp_path: Path) -> None:
    with opened(window, make_corpus(tmp_path / "review", {ADA: 3}, page="javascript:alert(1)")) as page:
        press(page, "f")
        expect(page.locator("#photograph")).to_contain_text("javascript:alert(1)")
        assert page.locator("#photograph a").count() == 0


def test_n_and_p_change_the_person_and_the_question_mark_helps(page: Page) -> None:
    press(page, "?")
    expect(page.locator("#help")).to_contain_text("wrong person")
    press(page, "a", "Escape")  # a verdict does not reach through the help
    expect(page.locator("#help")).to_be_hidden()
    press(page, "n")
    expect(page.locator("h1")).to_have_text("Ben Example")
    page.wait_for_selector("[role=gridcell]")
    press(page, "p")
    expect(page.locator("h1")).to_have_text("Ada Example")
    expect(page.locator("#counts")).to_contain_text("27 left of 27")


def test_every_verdict_key_has_a_button_with_a_name(page: Page) -> None:
    names = ["Accept", "Reject, then a reason", "Take back my verdict", "Select", "Full photograph", "Undo", "Redo"]
    names += ["Help: all keys", "Next person with faces left", "Go to section: Surely wrong"]
    for name in names:
        control = page.get_by_role("button", name=name, exact=True).or_(page.get_by_role("link", name=name, exact=True))
        expect(control).to_be_visible()
    press(page, "r")
    for reason in ("wrong person", "not a face", "duplicate", "quality", "age label", "other"):
        expect(page.get_by_role("button", name=f"Reject: {reason}", exact=True)).to_be_visible()


def test_one_cell_of_a_grid_is_in_the_tab_order(page: Page) -> None:
    press(page, "l", "j", "h")
    for section in ("look", "right", "wrong"):
        assert page.locator(f"#grid-{section} [tabindex='0']").count() == 1
    assert page.locator(":focus").get_attribute("role") == "gridcell"


def test_w_rejects_as_wrong_person_and_shift_w_what_is_left_of_the_section(page: Page, corpus: Corpus) -> None:
    look = face_ids(corpus, ADA, "look")
    press(page, "a", "l", "w")
    shows(page, look[1], "✗ wrong person")
    press(page, "Shift+W")
    all_saved(page)
    rejected = [(face, "reject", "wrong person") for face in look[1:]]
    assert rows(corpus) == [(look[0], "accept", ""), *rejected]


def test_automatic_verdicts_show_as_such_and_give_way(page: Page, corpus: Corpus) -> None:
    face = current(page)
    with corpus.catalog() as catalog:
        catalog.decisions.add([face], identity_id=ADA, reviewer="auto", verdict="accept")
    page.reload()
    shows(page, face, "✓ accepted")
    expect(page.locator(f"[data-face='{face}']")).to_have_attribute("data-why", "automatically")
    press(page, "Home", "r", "w")
    shows(page, face, "✗ wrong person")


def test_the_page_stands_at_two_hundred_per_cent(page: Page, corpus: Corpus) -> None:
    page.set_viewport_size({"width": 640, "height": 400})  # what 200 % leaves of 1280 × 800
    press(page, "2", "l", "l", "l", "l", "l")
    cell, bar = page.locator(":focus").bounding_box(), page.locator("#bar").bounding_box()
    assert cell and bar
    assert cell["y"] >= 0
    assert cell["y"] + cell["height"] <= bar["y"]
    assert page.evaluate("document.documentElement.scrollWidth") <= 640
