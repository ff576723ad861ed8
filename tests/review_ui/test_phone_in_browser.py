"""The page on a phone, in a real Chromium that emulates one: folded bars, large targets, swiping, two fingers."""

from collections.abc import Iterator

import pytest
from axe_playwright_python.sync_playwright import Axe
from chromium_page import IN_BROWSER, all_saved, revisit, shows
from playwright.sync_api import Browser, Page, expect
from review_corpus import ADA, BEN, face_ids, make_corpus, rows
from review_corpus import Browser as Client

from facecorpus.corpus import Corpus

pytestmark = IN_BROWSER

SMALL = """[...document.querySelectorAll("button, a.button, input")]
    .filter((one) => one.offsetParent && !one.closest("dialog:not([open])"))
    .map((one) => one.getBoundingClientRect()).filter((box) => box.height < 44 || box.width < 44).length"""


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Corpus:
    return make_corpus(tmp_path_factory.mktemp("phone") / "review", {ADA: 30, BEN: 10})


@pytest.fixture
def phone(chromium: Browser, client: Client) -> Iterator[Page]:
    context = chromium.new_context(viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True)
    page = revisit(context, client)
    yield page
    context.close()


def drag(page: Page, face: str, across: int, down: int = 0) -> None:
    """Drag a finger over a face, as the touch screen reports it."""
    cell = page.locator(f"[data-face='{face}']")
    box = cell.bounding_box()
    assert box
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    session = page.context.new_cdp_session(page)
    for kind, share in (("touchStart", 0.0), ("touchMove", 0.3), ("touchMove", 0.7), ("touchMove", 1.0)):
        points = [{"x": x + share * across, "y": y + share * down}]
        session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})
    session.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})


def test_a_swipe_accepts_or_rejects_and_undo_is_there(phone: Page, corpus: Corpus) -> None:
    first, second = face_ids(corpus, ADA, "look")[:2]
    drag(phone, first, 120)
    shows(phone, first, "✓ accepted")
    drag(phone, second, -120)
    shows(phone, second, "✗ wrong person")
    drag(phone, face_ids(corpus, ADA, "look")[2], 30)  # too short
    all_saved(phone)
    assert rows(corpus) == [(first, "accept", ""), (second, "reject", "wrong person")]
    for face in (second, first):
        phone.get_by_role("button", name="Undo", exact=True).click()  # a tap may only end the last drag's fling
        shows(phone, face, "% likely")


def test_bars_fold_away_and_targets_are_large(phone: Page, client: Client) -> None:
    expect(phone.locator("#looks")).to_be_hidden()
    assert phone.locator("#verdicts button:visible").count() == 4
    top, bar = phone.locator("#top").bounding_box(), phone.locator("#bar").bounding_box()
    assert top
    assert bar
    assert top["height"] + bar["height"] < 844 / 2
    assert phone.evaluate(SMALL) == 0
    phone.locator("#fold").tap()
    expect(phone.locator("#looks")).to_be_visible()
    assert phone.evaluate(SMALL) == 0
    assert Axe().run(phone).violations_count == 0
    for path in ("", "/disagreements", f"/identity/{ADA}"):
        phone.goto(client.base + path)
        assert phone.evaluate("document.documentElement.scrollWidth") <= 390


def test_two_fingers_enlarge_the_photograph(phone: Page) -> None:
    phone.locator("[role=gridcell]").first.tap()
    phone.get_by_role("button", name="Full photograph", exact=True).tap()
    frame = phone.locator("#photograph .frame")
    expect(frame).to_be_visible()
    before = frame.bounding_box()
    assert before
    x, y = before["x"] + before["width"] / 2, before["y"] + before["height"] / 2
    session = phone.context.new_cdp_session(phone)
    for kind, half in (("touchStart", 20), ("touchMove", 30), ("touchMove", 40)):
        points = [{"x": x - half, "y": y, "id": 0}, {"x": x + half, "y": y, "id": 1}]
        session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})
    session.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    after = frame.bounding_box()
    assert after
    assert after["width"] == pytest.approx(2 * before["width"], rel=0.05)
