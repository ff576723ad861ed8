"""What one line adds to the page: a reason to reject in words.py; a key in keys.js, and what it does in identity.js."""

from pathlib import Path

from changed_program import with_lines
from playwright.sync_api import BrowserContext, expect
from review_corpus import ADA, Process, journal, make_corpus
from test_keys_in_browser import all_saved, chromium, current, open_person, press, pytestmark, shows, window

__all__ = ["chromium", "pytestmark", "window"]  # fixtures and marks that hold here, too


def test_one_line_adds_a_reason_to_the_page_and_to_its_help(window: BrowserContext, tmp_path: Path) -> None:
    line = {"facecorpus/words.py": ('    OTHER = "other", "o"', '    BLURRED = "blurred", "b"')}
    corpus = make_corpus(tmp_path / "review", {ADA: 12})
    process = Process(corpus, folder=with_lines(tmp_path / "program", line))
    try:
        page = window.new_page()
        open_person(page, process.url)
        face = current(page)
        press(page, "r")
        expect(page.get_by_role("button", name="Reject: blurred", exact=True)).to_be_visible()
        press(page, "?")
        expect(page.locator("#help")).to_contain_text("blurred")
        press(page, "Escape", "b")
        all_saved(page)
        shows(page, face, "✗ blurred")
        page.close()
    finally:
        process.kill()
    assert journal(corpus) == [(face, "ada", "reject", "blurred")]


def test_a_line_in_each_of_two_files_adds_a_key_with_its_button_and_its_help(
    window: BrowserContext, tmp_path: Path
) -> None:
    lines = {
        "review_ui/static/keys.js": (
            "export const COMMANDS = [",
            '  { name: "greet", keys: ["v"], label: "Greet", group: "Look", bar: "looks", button: "Hello" },',
        ),
        "review_ui/static/identity.js": ("const ACTIONS = {", '  greet: () => notice("Good morning"),'),
    }
    corpus = make_corpus(tmp_path / "review", {ADA: 12})
    process = Process(corpus, folder=with_lines(tmp_path / "program", lines))
    try:
        page = window.new_page()
        open_person(page, process.url)
        press(page, "v")
        expect(page.locator("#notice")).to_have_text("Good morning")
        expect(page.get_by_role("button", name="Greet", exact=True)).to_have_text("Hello v")
        press(page, "?")
        expect(page.locator("#help")).to_contain_text("Greet")
        page.close()
    finally:
        process.kill()
