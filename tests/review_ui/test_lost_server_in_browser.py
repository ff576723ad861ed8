"""A server that dies under the review page in a real Chromium: no verdict is lost or doubled."""

import pytest
from chromium_page import IN_BROWSER, all_saved, current, open_person, press, shows
from playwright.sync_api import BrowserContext, Route, expect
from review_corpus import ADA, Process, face_ids, rows

from facecorpus.corpus import Corpus

pytestmark = IN_BROWSER


@pytest.mark.parametrize("reached", [False, True], ids=["before-the-request-arrived", "before-the-answer-was-read"])
def test_a_server_killed_between_key_and_answer_loses_and_doubles_nothing(
    window: BrowserContext, corpus: Corpus, reached: bool
) -> None:
    look = face_ids(corpus, ADA, "look")
    first = Process(corpus)
    page = window.new_page()
    open_person(page, first.url)
    press(page, "a", "l")
    all_saved(page)

    def kill(route: Route) -> None:
        if reached:
            route.fetch()  # the server has written the verdict, but its answer is lost
        first.kill()
        route.abort()

    page.route("**/api/decisions", kill, times=1)
    press(page, "r", "w")
    expect(page.locator("#save")).to_have_text("! 1 change kept here")
    expect(page.locator(f"[data-face='{look[1]}']")).to_have_attribute("data-saved", "no")
    press(page, "l", "a", "z")  # work goes on while the server is away
    expect(page.locator("#save")).to_contain_text("3 changes kept here")

    second = Process(corpus, first.port)
    other = window.new_page()
    other.goto(second.url)  # what the restarted server opens in the same browser
    all_saved(page)
    shows(page, look[1], "✗ wrong person")
    shows(page, look[2], "% likely")
    assert rows(corpus) == [
        (look[0], "accept", ""),
        (look[1], "reject", "wrong person"),
        (look[2], "accept", ""),
        (look[2], "undecided", "undo"),
    ]
    other.close()
    page.close()
    second.kill()


def test_verdicts_that_wait_outlive_a_reload(window: BrowserContext, corpus: Corpus) -> None:
    first = Process(corpus)
    page = window.new_page()
    page.on("dialog", lambda dialog: dialog.accept())
    open_person(page, first.url)
    face = current(page)
    first.kill()
    press(page, "a")
    expect(page.locator("#save")).to_contain_text("1 change kept here")
    second = Process(corpus, first.port)
    open_person(page, second.url)
    all_saved(page)
    assert rows(corpus) == [(face, "accept", "")]
    page.close()
    second.kill()
