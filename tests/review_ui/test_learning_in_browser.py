"""The page ranks anew what is left, in a real Chromium: what must not be 'surely right' stays out of it."""

from pathlib import Path

from chromium_page import IN_BROWSER, all_saved, open_person, press
from playwright.sync_api import BrowserContext, expect
from review_corpus import ADA, face_ids, journal, served
from two_looks import two_looks

from facecorpus.words import Kind, Verdict

pytestmark = IN_BROWSER


def test_no_key_accepts_unseen_what_two_people_claim_or_what_is_outside_its_period(
    window: BrowserContext, tmp_path: Path
) -> None:
    corpus = two_looks(tmp_path / "review")
    look = face_ids(corpus, ADA, "look")
    doubtful, accepted = look[:2], look[2:10]
    with corpus.catalog() as catalog:
        reasons = {face.face_id: face.reasons[0] for face in catalog.faces.for_review(ADA) if face.reasons}
    assert {reasons[face] for face in doubtful} == {"stands for Ben Example, too", "outside the period"}
    with served(corpus) as base:
        page = window.new_page()
        open_person(page, f"{base}/?token=sesame")
        page.locator(f"[data-face='{accepted[0]}']").click()
        press(page, *["Enter"] * 8)
        all_saved(page)
        press(page, "o")
        expect(page.locator("#notice")).to_contain_text("New order, by what you decided")
        press(page, "2", "Shift+A")
        all_saved(page)
        said = {face_id: verdict for face_id, _, verdict, _ in journal(corpus)}
        # Of her second look's other two the current one stays; the last moved to 'surely right' and was accepted there.
        assert {*accepted, look[11]} <= said.keys()
        assert [face for face in doubtful if said.get(face) == "accept"] == []
        press(page, "1")
        for face in doubtful:
            expect(page.locator(f"#grid-look [data-face='{face}']")).to_have_count(1)
        page.close()


def test_a_photograph_that_comes_back_is_shown_where_the_new_order_puts_it(
    window: BrowserContext, tmp_path: Path
) -> None:
    corpus = two_looks(tmp_path / "review")
    look, marked = face_ids(corpus, ADA, "look"), face_ids(corpus, ADA, "right")[0]
    with corpus.catalog() as catalog, served(corpus) as base:
        catalog.decisions.add(
            [marked], identity_id=ADA, reviewer="grace", verdict=Verdict.REMOVE, kind=Kind.REMOVAL, shown_as=ADA
        )
        page = window.new_page()
        open_person(page, f"{base}/?token=sesame")
        page.locator(f"[data-face='{look[2]}']").click()
        press(page, *["Enter"] * 8)
        all_saved(page)
        press(page, "o")
        expect(page.locator("#notice")).to_contain_text("New order, by what you decided")
        assert catalog.decisions.undo(ADA, "grace") == [marked]
        # What was surely right of her first look is to be looked at, now that she is known by the second.
        expect(page.locator(f"[data-face='{marked}']")).to_have_count(1)
        expect(page.locator(f"#grid-look [data-face='{marked}']")).to_have_count(1)
        page.close()
