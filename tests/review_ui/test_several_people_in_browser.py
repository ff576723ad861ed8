"""Two reviewers on one person, each on a page of their own in a real Chromium."""

from dataclasses import replace

from chromium_page import IN_BROWSER, all_saved, current, open_person, press, shows
from playwright.sync_api import Browser, expect
from review_corpus import ADA, BEN, face_ids, said, served

from facecorpus.corpus import Corpus, Settings
from facecorpus.settings import ReviewSettings

pytestmark = IN_BROWSER


def test_two_browsers_on_one_person_lose_nothing_and_tell_each_other(chromium: Browser, corpus: Corpus) -> None:
    first, second = face_ids(corpus, ADA, "look")[:2]
    with served(corpus, reviewer="ada") as one, served(corpus, reviewer="bob") as two:
        pages = []
        for base in (one, two):
            page = chromium.new_page(viewport={"width": 1280, "height": 800})
            open_person(page, f"{base}/?token=sesame")
            pages.append(page)
        ada, bob = pages
        press(ada, "a")
        all_saved(ada)
        expect(bob.locator("#notice")).to_contain_text("ada has just decided 1 face")
        shows(bob, first, "✓ accepted")
        expect(bob.locator(f"[data-face='{first}']")).to_have_attribute("data-why", "by ada")
        bob.locator(f"[data-face='{first}']").click()
        press(bob, "r", "w", "l", "a")
        all_saved(bob)
        shows(ada, first, "✗ wrong person")
        shows(ada, second, "✓ accepted")
        assert [row[:3] for row in said(corpus)] == [
            (first, "verdict", "accept"),
            (first, "verdict", "reject"),
            (second, "verdict", "accept"),
        ]
        ada.goto(f"{one}/disagreements")
        expect(ada.locator(f"li[data-face='{first}']")).to_contain_text("✓ Ada Example – ada")
        press(ada, "1")
        expect(ada.locator("#counts")).to_have_text("✓ All 1 settled")
        with corpus.catalog() as catalog:
            assert [face.face_id for face in catalog.faces.accepted()] == sorted([first, second])
        press(ada, "z")
        expect(ada.locator("#counts")).to_have_text("1 left of 1")
        for page in pages:
            page.close()


def test_a_moved_face_arrives_on_an_open_page_and_leaves_it_again(chromium: Browser, corpus: Corpus) -> None:
    face = face_ids(corpus, ADA, "look")[0]
    with served(corpus, reviewer="ada") as one, served(corpus, reviewer="bob") as two:
        ada, bob = (chromium.new_page(viewport={"width": 1280, "height": 800}) for _ in range(2))
        open_person(ada, f"{one}/?token=sesame")
        open_person(bob, f"{two}/?token=sesame", BEN)
        here = current(bob)
        expect(bob.locator("#counts")).to_contain_text("9 left of 9")
        press(ada, "m")
        ada.keyboard.type("ben")
        press(ada, "Enter")
        all_saved(ada)
        arrived = bob.locator(f"[data-face='{face}']")
        expect(arrived).to_have_attribute("data-verdict", "accept")
        expect(bob.locator("#notice")).to_contain_text("ada has just moved 1 face here: see Look at these")
        expect(bob.locator("#counts")).to_contain_text("9 left of 10")
        assert current(bob) == here
        press(ada, "z")
        expect(arrived).to_have_count(0)
        press(ada, "Shift+Z")
        expect(arrived).to_have_count(1)
        ada.close()
        bob.close()


def test_the_second_of_two_judges_without_seeing_what_the_first_said(chromium: Browser, corpus: Corpus) -> None:
    face = face_ids(corpus, ADA, "look")[0]
    corpus.settings = replace(Settings(), review=ReviewSettings(overlap=1.0))
    with served(corpus, reviewer="ada") as one, served(corpus, reviewer="bob") as two:
        ada = chromium.new_page()
        open_person(ada, f"{one}/?token=sesame")
        press(ada, "r", "w")
        all_saved(ada)
        bob = chromium.new_page()
        open_person(bob, f"{two}/?token=sesame")
        shows(bob, face, "% likely")
        expect(bob.locator(f"[data-face='{face}']")).to_have_attribute("data-why", "second look")
        expect(bob.locator("#counts")).to_contain_text("27 left of 27")
        press(bob, "a")
        all_saved(bob)
        expect(bob.locator("#notice")).to_contain_text("somebody else judged it differently")
        ada.close()
        bob.close()
