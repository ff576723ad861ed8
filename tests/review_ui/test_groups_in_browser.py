"""Groups, the faces like one, and going on after a verdict, in a real Chromium and on the server."""

from pathlib import Path

import numpy as np
import pytest
from chromium_page import IN_BROWSER, all_saved, current, press, revisit, shows
from playwright.sync_api import BrowserContext, Page, expect
from review_corpus import ADA, BEN, face_ids, make_corpus, rows, said, served
from review_corpus import Browser as Client

from facecorpus.corpus import Corpus
from review_ui.neighbours import MOST, Neighbours

pytestmark = IN_BROWSER


@pytest.fixture
def corpus(tmp_path: Path) -> Corpus:
    """Ada's first, third and sixth face to look at are alike; one of Ben's is like them."""
    corpus = make_corpus(tmp_path / "review", {ADA: 30, BEN: 10})
    look = face_ids(corpus, ADA, "look")
    alike = [look[0], look[2], look[5], face_ids(corpus, BEN, "right")[1]]
    with corpus.catalog() as catalog, catalog.transaction() as connection:
        for number, (face_id,) in enumerate(connection.execute("SELECT face_id FROM face").fetchall()):
            place = 0.01 * alike.index(face_id) if face_id in alike else 2 + number
            embedding = (np.eye(128, dtype=np.float32)[0] * place).tobytes()
            connection.execute("UPDATE face SET embedding = ? WHERE face_id = ?", (embedding, face_id))
        connection.executemany("UPDATE ranking SET alike = 0 WHERE face_id = ?", [(one,) for one in alike[:3]])
    return corpus


@pytest.fixture
def going_on(window: BrowserContext, page: Page) -> Page:
    """The page with its setting as a new browser has it."""
    page.evaluate("localStorage.setItem('facecorpus:advance', 'face')")
    return page


def shown(page: Page, section: str = "look") -> list[str]:
    cells = f"[...document.querySelectorAll('#grid-{section} [data-face]')].map((cell) => cell.dataset.face)"
    return list(page.evaluate(cells))


# ---- Groups


def test_faces_that_are_alike_stand_together_and_one_key_accepts_them(going_on: Page, corpus: Corpus) -> None:
    page, look = going_on, face_ids(corpus, ADA, "look")
    group = [look[0], look[2], look[5]]
    rest = [face for face in look if face not in group]
    assert shown(page) == [*group, *rest]
    press(page, "c")
    all_saved(page)
    assert rows(corpus) == [(face, "accept", "") for face in group]
    assert current(page) == rest[0]
    press(page, "z", "C")  # a face like no other is a group of its own
    all_saved(page)
    assert rows(corpus)[-1] == (rest[0], "reject", "wrong person")
    page.reload()
    page.wait_for_selector("[role=gridcell]")
    assert shown(page) == [*group, *rest]  # it stays where it is while one works


def test_what_is_decided_of_a_group_stays_as_it_is(page: Page, corpus: Corpus) -> None:
    look = face_ids(corpus, ADA, "look")
    press(page, "w", "l", "c")
    all_saved(page)
    assert rows(corpus) == [(look[0], "reject", "wrong person"), (look[2], "accept", ""), (look[5], "accept", "")]


# ---- Like this one


def test_the_nearest_faces_of_all_people_and_one_key_moves_one_here(page: Page, corpus: Corpus) -> None:
    look, ben = face_ids(corpus, ADA, "look"), face_ids(corpus, BEN, "right")[1]
    press(page, "v")
    figures = page.locator("#near li")
    expect(figures).to_have_count(MOST + 1)
    sources = [figures.nth(place).locator("img").get_attribute("src") for place in range(4)]
    assert sources == [f"/crops/{face}.jpg" for face in (look[0], look[2], look[5], ben)]
    press(page, "l", "l", "l", "M")
    expect(figures.nth(3)).to_contain_text("accepted as Ada Example")
    assert said(corpus) == [(ben, "verdict", "accept", ADA)]
    press(page, "z")
    expect(figures.nth(3)).to_contain_text("undecided")
    press(page, "Z")
    expect(figures.nth(3)).to_contain_text("accepted as Ada Example")
    press(page, "Escape")
    expect(page.locator("#near")).to_be_hidden()
    shows(page, ben, "✓ accepted")


def test_the_nearest_are_those_of_the_catalog_as_it_is_now(corpus: Corpus) -> None:
    look, ben = face_ids(corpus, ADA, "look"), face_ids(corpus, BEN, "right")[1]
    neighbours = Neighbours()
    with corpus.catalog() as catalog:
        assert neighbours.of(catalog, look[0])[:4] == [look[0], look[2], look[5], ben]
        with corpus.catalog() as other, other.transaction() as connection:
            connection.execute("UPDATE face SET kept = 0 WHERE face_id = ?", (look[2],))
        assert neighbours.of(catalog, look[0])[:3] == [look[0], look[5], ben]
        everybody = neighbours.of(catalog, look[0])
        assert len(everybody) == len(set(everybody)) == MOST + 1


def test_the_nearest_are_the_true_nearest(tmp_path: Path) -> None:
    corpus = make_corpus(tmp_path / "review", {ADA: 300, BEN: 40})
    dice = np.random.default_rng(3)
    with corpus.catalog() as catalog:
        ids = [face_id for block, _ in catalog.descriptors.blocks(50) for face_id in block]
        descriptors = dice.normal(0, 0.1, (len(ids), 128)).astype(np.float32)
        with catalog.transaction() as connection:
            rows = [(one.tobytes(), face_id) for one, face_id in zip(descriptors, ids, strict=True)]
            connection.executemany("UPDATE face SET embedding = ? WHERE face_id = ?", rows)
        neighbours = Neighbours()
        for row in (0, 150, 330 - 34):
            apart = np.square(descriptors - descriptors[row]).sum(axis=1)
            assert neighbours.of(catalog, ids[row]) == [ids[other] for other in apart.argsort()[: MOST + 1]]


def test_a_face_that_is_gone_is_said_to_be(ada: Client) -> None:
    answer = ada.ask(f"/api/identity/{ADA}/like/nothing")
    assert (answer.status_code, answer.json()["error"]) == (409, "There is no face nothing any more; reload the page.")


# ---- Going on


def test_verdicts_go_on_over_the_decided_and_from_section_to_section(going_on: Page, corpus: Corpus) -> None:
    page = going_on
    order = shown(page)
    press(page, "l", "a")
    assert current(page) == order[2]
    press(page, "h", "h", "r", "q")  # the second is decided
    assert current(page) == order[2]
    press(page, "End", "w")
    assert current(page) == order[2]  # back to what was passed over
    press(page, "Shift+A")
    assert current(page) == face_ids(corpus, ADA, "right")[0]
    press(page, "u", "g", "o")
    assert current(page) == face_ids(corpus, ADA, "right")[0]  # neither taking back nor an age goes on


def test_the_setting_is_kept_and_leads_on_to_the_next_person(going_on: Page, corpus: Corpus) -> None:
    page = going_on
    press(page, "y")
    expect(page.locator("#notice")).to_have_text("After a verdict: next person, too.")
    page.reload()
    page.wait_for_selector("[role=gridcell]")
    press(page, "Shift+A", "Shift+A", "Shift+W")
    expect(page.locator("h1")).to_have_text("Ben Example")
    assert len(rows(corpus)) == 27
    page.wait_for_selector("[role=gridcell]")
    press(page, "y")
    expect(page.locator("#notice")).to_have_text("After a verdict: stay.")


def test_undo_reaches_the_page_that_a_face_left(window: BrowserContext, corpus: Corpus) -> None:
    with served(corpus) as base:
        client, ben = Client(base, "sesame"), face_ids(corpus, BEN, "right")[1]
        client.decide([ben], "accept", who=BEN, identity_id=ADA)
        page = revisit(window, client, BEN)
        press(page, "z")
        all_saved(page)
        assert said(corpus)[-1] == (ben, "verdict", "undecided", ADA)
