"""The map of a person's faces: where the server puts them, and in a real Chromium lasso, keys, touch and address."""

import numpy as np
import pytest
from axe_playwright_python.sync_playwright import Axe
from chromium_page import IN_BROWSER, all_saved, press, revisit
from playwright.sync_api import Browser, BrowserContext, Page, expect
from review_corpus import ADA, BEN, face_ids, journal, make_corpus
from review_corpus import Browser as Client

from facecorpus.corpus import Corpus
from review_ui.map import SIDE, project

OTHERS = 6  # faces of Ada that are unlike the rest


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Corpus:
    """Thirty faces of Ada, of which some are far from the others; Ben has none."""
    corpus = make_corpus(tmp_path_factory.mktemp("map") / "review", {ADA: 30, BEN: 0})
    random = np.random.default_rng(0)
    with corpus.catalog() as catalog, catalog.transaction() as connection:
        for place, face_id in enumerate(face_ids(corpus, ADA)):
            descriptor = random.normal(0, 0.01, 128) + (np.eye(128)[0] if place < OTHERS else 0)
            blob = descriptor.astype(np.float32).tobytes()
            connection.execute("UPDATE face SET embedding = ? WHERE face_id = ?", (blob, face_id))
    return corpus


@pytest.fixture
def page(window: BrowserContext, client: Client) -> Page:
    page = revisit(window, client)
    press(page, "6")
    expect(page.locator("#map .legend li")).to_have_count(3)
    return page


def places(client: Client) -> dict[str, tuple[int, int]]:
    answer = client.ask(f"/api/identity/{ADA}/map").json()
    return dict(zip(answer["ids"], zip(answer["x"], answer["y"], strict=True), strict=True))


def others(client: Client, corpus: Corpus) -> list[tuple[int, int]]:
    found = places(client)
    return [found[face_id] for face_id in face_ids(corpus, ADA)[:OTHERS]]


def on_screen(page: Page, place: tuple[float, float]) -> tuple[float, float]:
    """The pixel of a place of the map."""
    box = page.locator("#map canvas").bounding_box()
    assert box
    scale = (min(box["width"], box["height"]) - 24) / SIDE
    return box["x"] + (box["width"] - scale * SIDE) / 2 + place[0] * scale, box["y"] + 12 + place[1] * scale


def border(page: Page, around: list[tuple[int, int]]) -> list[tuple[float, float]]:
    """The corners of a rectangle around places, in pixels."""
    (left, top), (right, bottom) = np.min(around, axis=0) - 15, np.max(around, axis=0) + 15
    corners = [(left, top), (right, top), (right, bottom), (left, bottom)]
    return [on_screen(page, corner) for corner in corners]


def lasso(page: Page, around: list[tuple[int, int]]) -> None:
    corners = border(page, around)
    page.mouse.move(*corners[0])
    page.mouse.down()
    for corner in corners[1:]:
        page.mouse.move(*corner, steps=3)
    page.mouse.up()


def shown(page: Page) -> set[str]:
    return set(page.locator("[role=gridcell]").evaluate_all("cells => cells.map((cell) => cell.dataset.face)"))


def test_the_map_has_the_two_directions_in_which_descriptors_differ_most() -> None:
    random = np.random.default_rng(1)
    wanted = random.normal(0, 1, (500, 2)) * (4, 1)
    turned = np.linalg.qr(random.normal(0, 1, (128, 2)))[0]
    found = project((wanted @ turned.T + 3).astype(np.float32))
    assert found.min() >= 0 and found.max() == SIDE
    for column in range(2):
        assert abs(np.corrcoef(found[:, column], wanted[:, column])[0, 1]) > 0.99
    assert np.ptp(found[:, 1]) < np.ptp(found[:, 0])  # one scale: what is less apart lies less apart


@pytest.mark.parametrize("count", [0, 1, 2])
def test_few_faces_or_equal_ones_have_places(count: int) -> None:
    assert project(np.ones((count, 128), np.float32)).tolist() == [[SIDE // 2, SIDE // 2]] * count


def test_a_person_without_faces_has_an_empty_map_and_an_empty_order(client: Client) -> None:
    assert client.ask(f"/api/identity/{BEN}/map").json() == {"ids": [], "x": [], "y": []}
    assert client.ask(f"/api/identity/{BEN}/order").json()["ids"] == []


class TestInChromium:
    pytestmark = IN_BROWSER

    def test_a_lasso_shows_what_is_inside_it_also_after_a_reload(
        self, page: Page, client: Client, corpus: Corpus
    ) -> None:
        lasso(page, others(client, corpus))
        wanted = set(face_ids(corpus, ADA)[:OTHERS])
        expect(page.locator("[role=gridcell]")).to_have_count(OTHERS)
        assert shown(page) == wanted and "map=" in page.url
        page.reload()
        expect(page.locator("[role=gridcell]")).to_have_count(OTHERS)
        assert shown(page) == wanted
        page.locator("#chosen [data-facet=map]").click()
        expect(page.locator("[role=gridcell]")).not_to_have_count(OTHERS)
        assert "map=" not in page.url

    def test_a_lasso_with_control_adds_and_escape_shows_all(self, page: Page, client: Client, corpus: Corpus) -> None:
        one, *more = others(client, corpus)
        lasso(page, [one])
        expect(page.locator("#chosen [data-facet=map]")).to_have_count(1)
        before = len(shown(page))
        page.keyboard.down("Control")
        lasso(page, more)
        page.keyboard.up("Control")
        expect(page.locator("#chosen [data-facet=map]")).to_have_count(2)
        assert before < len(shown(page)) == OTHERS
        press(page, "Escape")
        expect(page.locator("#chosen")).to_be_hidden()

    def test_keys_reach_an_area_and_no_key_there_is_a_verdict(self, page: Page, client: Client, corpus: Corpus) -> None:
        expect(page.locator("#map canvas")).to_be_focused()
        expect(page.locator("#map .point")).to_contain_text("Face 1")
        there = {place: face_id for face_id, place in places(client).items()}
        rest = np.mean([place for place, face_id in there.items() if face_id not in face_ids(corpus, ADA)[:OTHERS]], 0)
        press(page, "a", "w", "ArrowRight" if rest[0] < SIDE / 2 else "ArrowLeft")
        press(page, *["ArrowLeft", "ArrowRight"] * 2, "s", "s", "s")
        expect(page.locator("#map canvas")).to_be_focused()
        expect(page.locator("#chosen [data-facet=map]")).to_have_count(1)
        seen = len(shown(page))
        assert 0 < seen < 27
        press(page, "Enter")
        assert page.evaluate("document.activeElement.closest('[role=gridcell]') !== null")
        press(page, "6", "6", "Escape", "Escape")
        expect(page.locator("#map")).to_be_hidden()
        all_saved(page)
        assert journal(corpus) == []

    def test_colours_say_the_section_or_the_verdict(self, page: Page, client: Client, corpus: Corpus) -> None:
        canvas = page.locator("#map canvas")
        expect(canvas).to_have_attribute(
            "aria-label", "Map of 27 faces by section: Look at these 8, Surely right 13, Surely wrong 6"
        )
        press(page, "c")
        expect(page.locator("#map .legend li")).to_have_text(["undecided 27"])
        press(page, "6", "a")
        press(page, "6")
        expect(page.locator("#map .legend li")).to_have_text(["accepted 1", "undecided 26"])
        press(page, "z")
        expect(page.locator("#map .legend li")).to_have_text(["undecided 27"])
        for scheme in ("light", "dark"):
            page.emulate_media(color_scheme=scheme)
            assert Axe().run(page).response["violations"] == []

    def test_a_finger_draws_a_line(self, chromium: Browser, client: Client, corpus: Corpus) -> None:
        window = chromium.new_context(viewport={"width": 390, "height": 800}, has_touch=True)
        page = revisit(window, client)
        page.locator("#fold").tap()
        page.locator("[data-command=map]").tap()
        expect(page.locator("#map .legend li")).to_have_count(3)
        page.locator("#map canvas").scroll_into_view_if_needed()
        session = window.new_cdp_session(page)
        touch = [{"x": float(x), "y": float(y)} for x, y in border(page, others(client, corpus))]
        for kind, points in [("touchStart", touch[:1]), *(("touchMove", [one]) for one in touch[1:]), ("touchEnd", [])]:
            session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})
        expect(page.locator("#chosen [data-facet=map]")).to_have_count(1)
        assert shown(page) and shown(page) <= set(face_ids(corpus, ADA)[:OTHERS])  # those on the small screen
        window.close()
