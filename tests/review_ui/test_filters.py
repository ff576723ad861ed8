"""Filters and sorting: what the server says of faces, and in a real Chromium the chips, the address and a reload."""

import pytest
from chromium_page import CHROMIUM, press, revisit
from playwright.sync_api import BrowserContext, Page, expect
from review_corpus import ADA, BEN, face_ids, make_corpus
from review_corpus import Browser as Client

from facecorpus.catalog.traits import Traits
from facecorpus.corpus import Corpus
from review_ui.traits import traits_json, without_detail


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Corpus:
    """Thirty faces of Ada; the first to look at is small, and sharp, and of 1999."""
    corpus = make_corpus(tmp_path_factory.mktemp("filters") / "review", {ADA: 30, BEN: 5})
    face = face_ids(corpus, ADA, "look")[2]
    with corpus.catalog() as catalog, catalog.transaction() as connection:
        connection.execute("UPDATE face SET width = 30, sharpness = 500 WHERE face_id = ?", (face,))
        connection.execute(
            "UPDATE candidate SET taken_on = '1999-05', licence = 'CC0' WHERE substr(photo_sha256, 1, 24) = ?",
            (face[:24],),
        )
    return corpus


@pytest.fixture
def page(window: BrowserContext, client: Client) -> Page:
    return revisit(window, client)


def a_face(**changed: object) -> Traits:
    values = {"face_id": "a", "reasons": "[]", "source": "commons", "licence": "CC0", "taken_on": "2001-02"}
    numbers = {"width": 90.0, "sharpness": 20.0, "yaw": -50.0, "chroma": 1.0}
    return Traits(**(values | numbers | changed))  # type: ignore[arg-type]


def test_a_face_has_the_words_of_its_measures() -> None:
    said = traits_json([a_face(), a_face(face_id="b", width=39.9, taken_on="", chroma=None, source="")])
    assert said["ids"] == ["a", "b"]
    words = {name: [facet["words"][of] for of in facet["of"]] for name, facet in said["facets"].items()}
    assert words == {
        "reason": [(), ()],
        "source": [("commons",), ("not stated",)],
        "licence": [("CC0",), ("CC0",)],
        "year": [("2001",), ("not stated",)],
        "size": [("80 to 160",), ("under 40 pixels",)],
        "sharpness": [("medium",), ("medium",)],
        "turned": [("turned away",), ("turned away",)],
        "colour": [("greyscale",), ("not stated",)],
    }
    assert said["orders"] == {"size": [90, 40], "sharpness": [20, 20], "turned": [50, 50], "year": [2001, 0]}


def test_reasons_lose_their_figures() -> None:
    said = traits_json([a_face(reasons='["tiny (20 px)", "in a group (5 faces)", "blurred", "tiny (30 px)"]')])
    assert said["facets"]["reason"]["words"] == [("tiny", "in a group", "blurred")]
    assert without_detail("in a group of 5") == "in a group"  # as rankings said it before


def test_every_shown_face_has_its_traits(client: Client, corpus: Corpus) -> None:
    said = client.ask(f"/api/identity/{ADA}/traits").json()
    assert sorted(said["ids"]) == sorted(client.ask(f"/api/identity/{ADA}").json()["ids"])
    row = said["ids"].index(face_ids(corpus, ADA, "look")[2])
    assert said["facets"]["year"]["words"][said["facets"]["year"]["of"][row]] == ["1999"]
    assert client.ask("/api/identity/nobody/traits").status_code == 404


@pytest.mark.browser
@pytest.mark.skipif(not CHROMIUM.exists(), reason="/usr/bin/chromium is not installed: apt-get install chromium")
class TestInChromium:
    def test_chips_choose_and_a_reload_keeps_them(self, page: Page, corpus: Corpus) -> None:
        face = face_ids(corpus, ADA, "look")[2]
        press(page, "F")
        page.get_by_role("button", name="1999 1").click()
        expect(page.locator("[role=gridcell]")).to_have_count(1)
        expect(page.locator("[role=gridcell]")).to_have_attribute("data-face", face)
        expect(page.locator("#counts")).to_contain_text("27 left of 27")  # progress counts all faces still
        page.reload()
        expect(page.locator("[role=gridcell]")).to_have_count(1)
        assert page.url.endswith("?year=1999")
        page.locator("#chosen button").click()
        expect(page.locator("[data-face]").nth(5)).to_be_visible()
        assert "?" not in page.url

    def test_facets_narrow_each_other_and_words_of_one_facet_add_up(self, page: Page) -> None:
        press(page, "F")
        page.get_by_role("button", name="CC BY 4.0").first.click()
        expect(page.get_by_role("button", name="1999")).to_have_count(0)
        page.get_by_role("button", name="CC0").first.click()
        expect(page.get_by_role("button", name="1999 1")).to_be_visible()
        page.get_by_role("button", name="Clear filters").click()
        expect(page.locator("#chosen")).to_be_hidden()

    def test_sorting_turns_round_and_ends(self, page: Page, corpus: Corpus) -> None:
        look = face_ids(corpus, ADA, "look")
        first = page.locator("#grid-look [data-face]").first
        press(page, "F")
        sort = page.get_by_role("group", name="Sort by").get_by_role("button", name="size")
        sort.click()
        expect(first).to_have_attribute("data-face", look[2])
        sort.click()
        expect(page.locator(f"#grid-look [data-place='{len(look) - 1}']")).to_have_attribute("data-face", look[2])
        assert page.url.endswith("?sort=-size")
        sort.click()
        expect(first).to_have_attribute("data-face", look[0])
