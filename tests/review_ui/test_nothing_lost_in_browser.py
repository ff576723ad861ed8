"""What the machine missed, mended in a real Chromium by keys, mouse and touch: other faces, photographs, boxes."""

from collections.abc import Callable, Iterator
from io import BytesIO
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from chromium_page import IN_BROWSER, all_saved, current, open_person, press, shows
from more_faces import add_bystander, add_faceless
from PIL import Image
from playwright.sync_api import Browser, Locator, Page, Route, expect
from review_corpus import ADA, BEN, Process, face_ids, make_corpus, said, served

from facecorpus.corpus import Corpus
from facecorpus.engines.drawn import make_drawn
from review_ui.catalog_thread import CatalogThread

pytestmark = IN_BROWSER


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Corpus:
    """One corpus for all: each test takes faces of its own."""
    corpus = make_corpus(tmp_path_factory.mktemp("lost") / "review", {ADA: 30, BEN: 10})
    for face in face_ids(corpus, ADA, "look"):
        for number in (1, 2):
            add_bystander(corpus, face, number)
    add_faceless(corpus, ADA, {f"without {number}": picture(number) for number in range(4)})
    return corpus


def picture(number: int) -> bytes:
    """A photograph in which no detector finds a face."""
    buffer = BytesIO()
    Image.effect_noise((320, 240), 10 + number).save(buffer, "JPEG")
    return buffer.getvalue()


@pytest.fixture(scope="module")
def address(shared: Corpus) -> Iterator[str]:
    """Of a server that makes drawn faces itself: the models are loaded once."""

    async def make(self: object) -> None:
        with shared.catalog() as catalog:
            assert make_drawn(shared, catalog) == []

    with pytest.MonkeyPatch.context() as patch, served(shared) as base:
        patch.setattr(CatalogThread, "_make_drawn", make)
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


# ---- Photographs without a face, and drawn faces


@pytest.fixture
def whole(page: Page, shared: Corpus) -> Iterator[Page]:
    """The grid of photographs in which no face was found."""
    press(page, "5")
    expect(page.locator("#faceless li").first).to_be_visible()
    yield page
    press(page, "Escape")


def looked_at(page: Page) -> Locator:
    return page.locator("#faceless [aria-current=true]")


def test_a_photograph_is_looked_at_in_one_key(whole: Page) -> None:
    count = whole.locator("#jumps [data-command=faceless] .quiet")
    before = int(count.inner_text())
    photo = looked_at(whole).locator("img").get_attribute("src")
    no_barrier(whole)
    press(whole, "a", "w")  # no verdict: no face is looked at
    press(whole, "0")
    expect(whole.locator("#notice")).to_contain_text("No face here")
    expect(count).to_have_text(str(before - 1))
    line = whole.locator("#faceless li", has=whole.locator(f"img[src='{photo}']"))
    expect(line).to_contain_text("✓ no face here")
    press(whole, "z")
    expect(line).to_contain_text("not looked at")
    press(whole, "Z")
    expect(line).to_contain_text("✓ no face here")
    photographs = whole.locator("#faceless li").count()
    press(whole, "t")
    expect(whole.locator("#faceless li")).to_have_count(photographs - 1)
    expect(whole.locator("#notice")).to_contain_text("1 photograph marked for removal everywhere")
    press(whole, "z")
    expect(whole.locator("#faceless li")).to_have_count(photographs)
    whole.locator("#faceless li").last.click()
    expect(whole.locator("#faceless li").last).to_have_attribute("aria-current", "true")


def drawn(page: Page, shared: Corpus, draw: Callable[[Page], None]) -> str:
    """Draw a box in the photograph that is current, and take it; the face that was made of it."""
    before = built(shared)
    draw(page)
    expect(page.locator("#notice")).to_contain_text("The drawn face is made")
    (made,) = built(shared) - before
    return made


def by_keys(page: Page) -> None:
    press(page, "b")
    expect(page.locator(".draft")).to_be_focused()
    press(page, "ArrowLeft", "ArrowUp", "Shift+ArrowRight", "Shift+ArrowDown")
    no_barrier(page)
    press(page, "Enter")


def by_mouse(page: Page) -> None:
    page.locator("#no-face [data-command=draw]").click()
    frame = page.locator(".frame").bounding_box()
    assert frame
    page.mouse.move(frame["x"] + 0.6 * frame["width"], frame["y"] + 0.7 * frame["height"])
    page.mouse.down()
    page.mouse.move(frame["x"] + 0.2 * frame["width"], frame["y"] + 0.2 * frame["height"], steps=3)
    page.mouse.up()
    page.locator("[data-draft=done]").click()


def by_touch(page: Page) -> None:
    page.locator("#no-face [data-command=draw]").tap()
    frame = page.locator(".frame").bounding_box()
    assert frame
    fingers = page.context.new_cdp_session(page)

    def touch(kind: str, *at: float) -> None:
        points = [{"x": frame["x"] + at[0] * frame["width"], "y": frame["y"] + at[1] * frame["height"]}] if at else []
        fingers.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})

    touch("touchStart", 0.3, 0.2)
    touch("touchMove", 0.5, 0.5)
    touch("touchMove", 0.7, 0.7)
    touch("touchEnd")
    page.locator("[data-draft=done]").click()  # a tap so soon after a drag is none to Chromium


@pytest.mark.parametrize("draw", [by_keys, by_mouse, by_touch])
def test_a_face_is_drawn(whole: Page, shared: Corpus, draw: Callable[[Page], None]) -> None:
    photographs = whole.locator("#faceless li").count()
    face = drawn(whole, shared, draw)
    expect(whole.locator("#faceless li")).to_have_count(photographs - 1)
    with shared.catalog() as catalog:
        (made,) = catalog.known_faces.all(face_id=face)
    assert (made.detector, made.identity, made.verdict) == ("person", ADA, "accept")
    assert min(made.box[2:]) > 0.2 * min(made.width, made.height)
    press(whole, "z")
    expect(whole.locator("#faceless li")).to_have_count(photographs)
    assert face not in built(shared)


def test_escape_gives_a_box_up_and_then_goes_back(whole: Page, shared: Corpus) -> None:
    before = said(shared)
    press(whole, "b", "Escape")
    expect(whole.locator(".draft")).to_be_hidden()
    expect(whole.locator("#photograph")).to_be_visible()
    press(whole, "Escape")
    expect(whole.locator("#faceless")).to_be_visible()
    assert said(shared) == before


def test_a_face_is_drawn_beside_one_that_was_found(page: Page, shared: Corpus) -> None:
    shown = current(page)
    press(page, "f")
    expect(page.locator(".frame button.box")).to_have_count(2)
    press(page, "b", *["ArrowRight"] * 20, *["ArrowDown"] * 20, "Enter")
    expect(page.locator("#notice")).to_contain_text("The drawn face is made")
    expect(page.locator(".frame button.box")).to_have_count(3)
    expect(page.locator("#photograph .verdict").first).to_contain_text("✗ wrong person")
    assert shown not in built(shared)
    press(page, "z")
    expect(page.locator(".frame button.box")).to_have_count(2)


def test_a_box_outlives_a_server_that_is_killed(chromium: Browser, tmp_path: Path) -> None:
    corpus = make_corpus(tmp_path / "review", {ADA: 4})
    add_faceless(corpus, ADA, {"one": picture(9)})
    first = Process(corpus)
    page = chromium.new_context().new_page()
    open_person(page, first.url)

    def kill(route: Route) -> None:
        first.kill()
        route.abort()

    page.route("**/api/drawings", kill, times=1)
    press(page, "5")
    expect(page.locator("#faceless li")).to_be_visible()
    press(page, "b", "Enter")
    expect(page.locator("#save")).to_contain_text("1 change kept here")
    second = Process(corpus, first.port)
    page.context.new_page().goto(second.url)
    expect(page.locator("#notice")).to_contain_text("The drawn face is made")
    assert len(built(corpus)) == 1
    page.context.close()
    second.kill()
