"""How many key presses a clean corpus takes: an oracle that knows the truth follows the page's order and keys.

    python benchmarks/review_effort.py CORPUS… [--prove]

Each CORPUS is what review_mixed.py made, with one seed each. Two ways of working are tried on a copy of its catalog:
`the page alone`, and `after --auto`, which first lets `facecorpus review --auto` decide. Every section is looked at
whole, in the order in which the page leads on: the rarer kind is marked, group by group or run by run, and the rest
taken at once. `y` has the page go on to the next person by itself.

Where the page says that there is not enough to judge a person by, the first right faces are accepted, until it can, and
`o` gives the new order. Each key of the page counts as one press, moves included; the baseline is one press for each
face. --prove presses the keys of the person with most faces to look at in the real page, in a headless Chromium, after
--auto, and compares every verdict in the journal with the oracle's.
"""

import argparse
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from playwright.sync_api import sync_playwright
from review import CHROMIUM, FLAGS, REVIEWER, Server, fresh, let_in, wait, window
from review_mixed import Truth

from facecorpus.catalog import Catalog
from facecorpus.corpus import Corpus
from facecorpus.judging.likeness import FEWEST
from facecorpus.judging.policy import auto_review
from facecorpus.settings import ReviewSettings
from review_ui.learning import Teacher

COLUMNS = 9  # of the page at 1280 pixels; --prove checks it
DIGITS = {"l": "1", "r": "2", "w": "3"}  # the sections' keys, in the page's order
SHOWN = 2 * COLUMNS  # faces of "surely right" that are shown
NO_IDEA = 500  # per mille: what the page says of a face whose person it cannot judge
KEY, THOUGHT, GLANCE = 0.28, 1.35, 0.40
"""Seconds for a key press, for a decision to press keys that are no moves, and for a look at one face among others.

The first two are K and M of the keystroke-level model (Card, Moran & Newell 1980, CACM 23:7: an average typist, a
mental preparation); the third is one movement of the eye (230 ms), one cycle of perception (100) and one of thought
(70) of the same authors' Model Human Processor (The Psychology of Human-Computer Interaction, 1983, chapter 2). They
are taken from there: no person was timed.
"""
MANY = 30_000


Verdict = tuple[list[str], bool]
"""Faces, and whether they are accepted."""

Plan = tuple[list[str], list[Verdict]]
"""Keys, and the verdicts that they give."""


@dataclass
class Effort:
    """What the oracle did."""

    keys: list[str] = field(default_factory=list)
    looked: set[str] = field(default_factory=set)
    thoughts: int = 0

    @property
    def seconds(self) -> float:
        """How long a person would take, by the assumptions above."""
        return KEY * len(self.keys) + GLANCE * len(self.looked) + THOUGHT * self.thoughts


class Oracle:
    """Works on one person's page: knows where the cursor is, and writes the verdicts that its keys give."""

    def __init__(self, catalog: Catalog, corpus: Corpus, identity_id: str, truth: Truth, effort: Effort) -> None:
        self._catalog, self._corpus, self._identity_id = catalog, corpus, identity_id
        self.effort = effort
        index = catalog.review.index(identity_id, REVIEWER, ReviewSettings())
        self._right = truth.right(catalog, identity_id, index.face_ids)
        standings = zip(index.face_ids, index.standings, strict=True)
        self._decided = {face_id for face_id, one in standings if one.verdict}
        self.sections: dict[str, list[str]] = {letter: [] for letter in "lrwc"}
        for face_id, letter in zip(index.face_ids, index.sections, strict=True):
            self.sections[letter].append(face_id)
        self._group = {index.face_ids[place]: number for place, number in index.alike.items()}
        self._likely = dict(zip(index.face_ids, index.likely, strict=True))  # per mille, as the page has it
        self._current = ""  # the face on which a new order left the cursor
        self._gather()
        self._judged = any(likely != NO_IDEA for likely in index.likely)
        # The page opens at the first face left to decide, of the first section that has one.
        self._at = next((letter for letter in DIGITS if self.left(letter)), "")

    def left(self, section: str) -> list[str]:
        """The undecided faces of a section, in its order."""
        return [face_id for face_id in self.sections[section] if face_id not in self._decided]

    def work(self) -> None:
        """Decide everything, in the order in which the page leads on from section to section."""
        self._teach()
        while self._at:
            section = self._at
            self.effort.looked.update(self.left(section))
            if section == "r" and len(self.sections[section]) > SHOWN:
                self._press("Shift+A")  # shows what was not shown; the same key again decides
            keys, verdicts = min(self._plans(section), key=lambda plan: len(plan[0]))
            self._press(*keys)
            for face_ids, accept in verdicts:
                self._say(face_ids, accept)
            self._current = ""
            self._at = next((letter for letter in DIGITS if self.left(letter)), "")
        # The page goes on to the next person by itself once everything is decided (the setting of `y`).

    def _teach(self) -> None:
        """Where a person cannot be judged yet, accept the first right faces and ask for the new order."""
        right = [face_id for face_id in self.left("l") if self._right[face_id]][:FEWEST]
        if self._judged or len(right) < FEWEST:
            return
        faces = self.sections["l"]
        self.effort.looked.update(faces[: faces.index(right[-1]) + 1])
        decided: set[int] = set()
        keys, verdicts = self._mark(faces, {faces.index(one) for one in right}, 0, decided)
        current = faces[first(faces, decided, max(decided))]  # it stays where it is
        self._press(*keys, "o")
        for face_ids, accept in verdicts:
            self._say(face_ids, accept)
        order = Teacher().order(self._catalog, self._corpus.manifest[self._identity_id], self._corpus.settings)
        rows = zip(order.face_ids, order.sections, order.likely, strict=True)
        news = {face_id: (letter, likely) for face_id, letter, likely in rows if face_id != current}
        self._likely.update({face_id: likely for face_id, (_, likely) in news.items()})
        before = {face_id: letter for letter in DIGITS for face_id in self.sections[letter]}
        for letter in DIGITS:
            own = [face_id for face_id in self._likely if news.get(face_id, before.get(face_id, " "))[0] == letter]
            self.sections[letter] = sorted(own, key=self._likely.__getitem__)
        self._gather()
        self._at = next((letter for letter in DIGITS if self.left(letter)), "")
        self._current = current

    def _gather(self) -> None:
        """Faces to look at that are alike stand where the most suspicious of them does."""
        faces = self.sections["l"]
        place = {face_id: number for number, face_id in enumerate(faces)}
        leads: dict[int, int] = {}
        for face_id in faces:
            if face_id in self._group:
                leads.setdefault(self._group[face_id], place[face_id])
        faces.sort(key=lambda one: (leads.get(self._group.get(one, -1), place[one]), place[one]))

    def _plans(self, section: str) -> Iterator[Plan]:
        """Ways to decide a section: mark the rarer kind and take the rest at once, or reject the first ones together.

        For the list begins with the likeliest wrong faces; the right ones among those are accepted again.
        """
        faces = self.sections[section]
        for rest in (True, False):
            yield self._plan(faces, 0, rest)
        if section == "l" and len(self.left("l")) == len(faces):
            yield from (self._plan(faces, cut, True) for cut in range(1, len(faces) + 1))

    def _plan(self, faces: Sequence[str], cut: int, rest: bool) -> Plan:
        """Reject the faces before the cut, decide the odd ones, and take the rest, right or wrong, at once."""
        decided = set(range(cut)) | {place for place, face_id in enumerate(faces) if face_id in self._decided}
        keys: list[str] = []
        verdicts: list[Verdict] = []
        if cut:
            keys += [f"Shift+{key}" for key in moves(0, cut - 1, len(faces))] + ["w"]
            verdicts.append((list(faces[:cut]), False))
        odd = {place for place in range(cut) if self._right[faces[place]]}
        odd |= {place for place in range(len(faces)) if place not in decided and self._right[faces[place]] != rest}
        cursor = faces.index(self._current) if self._current in faces else first(faces, decided)
        marks, said = self._mark(faces, odd, cursor, decided)
        keys, verdicts = keys + marks, verdicts + said
        left = [face_id for place, face_id in enumerate(faces) if place not in decided]
        if left:
            keys.append("Shift+A" if rest else "Shift+W")
            verdicts.append((left, rest))
        return keys, verdicts

    def _mark(self, faces: Sequence[str], odd: set[int], cursor: int, decided: set[int]) -> Plan:
        """Decide odd faces, each with those that are alike or stand beside it; the page goes on by itself."""
        keys: list[str] = []
        verdicts: list[Verdict] = []
        todo = sorted(odd)
        while todo:
            place = next((one for one in todo if one >= cursor), todo[0])
            accept = self._right[faces[place]]
            run = [place]
            while run[-1] + 1 in todo and self._right[faces[run[-1] + 1]] == accept:
                run.append(run[-1] + 1)
            group = self._alike(faces, place, decided)
            keys += moves(cursor, place, len(faces))
            if len(group) > 1 and set(group) <= set(todo) and len(group) >= len(run):
                taken = group
                keys.append("c" if accept else "Shift+C")
            else:
                taken = run
                keys += [f"Shift+{key}" for key in moves(place, run[-1], len(faces))] + ["a" if accept else "w"]
            verdicts.append(([faces[one] for one in taken], accept))
            decided |= set(taken)
            todo = [one for one in todo if one not in taken]
            cursor = first(faces, decided, max(taken))
        return keys, verdicts

    def _alike(self, faces: Sequence[str], place: int, decided: set[int]) -> list[int]:
        """The places of the undecided faces of a face's group."""
        group = self._group.get(faces[place])
        if group is None or place in decided:
            return [place]
        return [one for one, face_id in enumerate(faces) if self._group.get(face_id) == group and one not in decided]

    def _press(self, *keys: str) -> None:
        self.effort.keys += keys

    def _say(self, face_ids: Sequence[str], accept: bool) -> None:
        self.effort.thoughts += 1
        self._decided.update(face_ids)
        if face_ids:
            self._catalog.decisions.add(
                list(face_ids),
                identity_id=self._identity_id,
                reviewer=REVIEWER,
                verdict="accept" if accept else "reject",
                reason="" if accept else "wrong person",
            )


def first(faces: Sequence[str], decided: set[int], after: int = -1) -> int:
    """Where the page's cursor goes: the first undecided place after that one, or else from the beginning."""
    open_ = [place for place in range(len(faces)) if place not in decided]
    return next((place for place in open_ if place > after), open_[0] if open_ else max(after, 0))


def moves(place: int, target: int, count: int) -> list[str]:
    """The fewest keys from one place of a grid to another: along the rows, up and down first, or from either end."""
    ways = [_arrows(place, target, count)]
    if count > 1:
        ways += [["Home", *_arrows(0, target, count)], ["End", *_arrows(count - 1, target, count)]]
    return min(ways, key=len)


def _arrows(place: int, target: int, count: int) -> list[str]:
    along = ["ArrowRight" if target > place else "ArrowLeft"] * abs(target - place)
    vertical: list[str] = []
    while place // COLUMNS != target // COLUMNS:
        vertical.append("ArrowDown" if target > place else "ArrowUp")
        place = min(count - 1, place + COLUMNS) if target > place else place - COLUMNS
    vertical += ["ArrowRight" if target > place else "ArrowLeft"] * abs(target - place)
    return min(along, vertical, key=len)


WAYS = ("the page alone", "after --auto")


@dataclass(frozen=True)
class Outcome:
    """What one way of working took and gave on one corpus."""

    keys: float  # of one for each face
    looked: float  # share of the faces
    purity: float  # of the accepted faces
    kept: float  # of the right faces
    hours: float  # for MANY faces at this pace

    @property
    def met(self) -> bool:
        """Whether the goal is: a fifth of the keys, 99.5 % purity, 98 % kept."""
        return self.keys <= 0.2 and self.purity >= 0.995 and self.kept >= 0.98

    def __str__(self) -> str:
        shares = f"{self.keys:8.1%}{self.looked:11.1%}{self.purity:9.2%}{self.kept:8.1%}{self.hours:7.1f}"
        return shares + "  goal met" * self.met


def main() -> None:
    """Try all ways on a copy of each corpus, and print what each took and gave."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("corpora", metavar="CORPUS", type=Path, nargs="+")
    parser.add_argument("--prove", action="store_true")
    options = parser.parse_args()
    outcomes: dict[str, list[Outcome]] = {name: [] for name in WAYS}
    for corpus in map(Corpus, options.corpora):
        truth = Truth(corpus)
        print(f"\n{corpus.root.name}")
        faces = describe(corpus, truth)
        print(f"{'':18}{'keys':>8}{'looked at':>11}{'purity':>9}{'kept':>8}{'hours':>7}  ({MANY:,} faces)")
        for name in WAYS:
            with fresh(corpus) as copy:
                outcomes[name].append(outcome(copy, truth, name == "after --auto", faces))
            print(f"{name:18}{outcomes[name][-1]}")
        if options.prove:
            prove(corpus, truth)
    if len(options.corpora) > 1:
        print("\nmean (range)")
        for name, found in outcomes.items():
            print(f"{name:18}{summary(found)}")


def summary(found: Sequence[Outcome]) -> str:
    """Mean and range over the corpora."""
    parts = []
    for key, form in (("keys", ".1%"), ("looked", ".1%"), ("purity", ".2%"), ("kept", ".1%"), ("hours", ".1f")):
        values = [getattr(one, key) for one in found]
        parts.append(f"{key} {sum(values) / len(values):{form}} ({min(values):{form}}–{max(values):{form}})")
    return ", ".join(parts) + f"; goal met by {sum(one.met for one in found)} of {len(found)}"


def describe(corpus: Corpus, truth: Truth) -> int:
    """Say what stands in the sections before anybody decided; returns the number of faces to decide."""
    counts = {letter: [0, 0] for letter in "lrwc"}
    people = corpus.manifest.identities
    with corpus.catalog() as catalog:
        for person in people:
            index = catalog.review.index(person.identity_id, REVIEWER, ReviewSettings())
            right = truth.right(catalog, person.identity_id, index.face_ids)
            for face_id, letter in zip(index.face_ids, index.sections, strict=True):
                counts[letter][right[face_id]] += 1
    for letter, name in {"r": "surely right", "l": "look at these", "w": "surely wrong"}.items():
        print(f"{name:14} {sum(counts[letter]):5} faces, {counts[letter][0]} of them wrong, {counts[letter][1]} right")
    faces = sum(sum(counts[letter]) for letter in "lrw")
    print(f"{faces} faces of {len(people)} people to decide; {sum(counts['c'])} copies need no verdict\n")
    return faces


def outcome(corpus: Corpus, truth: Truth, auto: bool, faces: int) -> Outcome:
    """Work through all people, then compare what is accepted with the truth."""
    effort = Effort(["y"])  # once: the page goes on to the next person, too
    kept = wrong = right = 0
    if auto:
        auto_review(corpus)
    with corpus.catalog() as catalog:
        for person in corpus.manifest.identities:
            Oracle(catalog, corpus, person.identity_id, truth, effort).work()
            index = catalog.review.index(person.identity_id, REVIEWER, ReviewSettings())
            is_right = truth.right(catalog, person.identity_id, index.face_ids)
            copies = {one for one, letter in zip(index.face_ids, index.sections, strict=True) if letter == "c"}
            standings = zip(index.face_ids, index.standings, strict=True)
            accepted = {face_id for face_id, one in standings if one.verdict == "accept"} - copies
            kept += sum(is_right[face_id] for face_id in accepted)
            wrong += sum(not is_right[face_id] for face_id in accepted)
            right += sum(is_right[face_id] for face_id in index.face_ids if face_id not in copies)
    return Outcome(
        keys=len(effort.keys) / faces,
        looked=len(effort.looked) / faces,
        purity=kept / (kept + wrong),
        kept=kept / right,
        hours=effort.seconds / faces * MANY / 3600,
    )


def prove(corpus: Corpus, truth: Truth) -> None:
    """Press the oracle's keys in the real page, and compare the journal with what the oracle wrote."""
    with corpus.catalog() as catalog:
        looks = {
            p.identity_id: catalog.review.index(p.identity_id, REVIEWER, ReviewSettings()).sections.count("l")
            for p in corpus.manifest.identities
        }
    identity_id = max(looks, key=looks.__getitem__)
    effort = Effort()
    with fresh(corpus) as copy:
        auto_review(copy)
        with copy.catalog() as catalog:
            Oracle(catalog, copy, identity_id, truth, effort).work()
            wanted = [(one.face_id, one.verdict) for one in catalog.decisions.all()]
    with fresh(corpus) as copy, sync_playwright() as playwright:
        auto_review(copy)
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS.split())
        server = Server(copy)
        page = window(browser, let_in(browser, server)).new_page()
        asked: list[str] = []
        # The page also learns by itself when a person pauses; here only where the oracle asks, so that both compare.
        page.route("**/order", lambda route: route.continue_() if asked else route.abort())
        page.goto(f"{server.base}/identity/{identity_id}")
        wait(page, "watched.first > 0")
        columns = int(page.get_attribute("#grid-look", "aria-colcount") or 0)
        assert columns == COLUMNS, f"{columns} columns"
        for key in effort.keys:
            if key == "o":
                wait(page, "document.querySelector('#save').dataset.state === 'saved'")
                asked.append(key)
                page.keyboard.press(key)
                wait(page, "document.querySelector('#notice').textContent.startsWith('New order')")
                asked.clear()
                page.evaluate("document.querySelector('#notice').textContent = ''")
            else:
                page.keyboard.press(key)
        wait(page, "document.querySelector('#save').dataset.state === 'saved'")
        with copy.catalog() as catalog:
            found = [(one.face_id, one.verdict) for one in catalog.decisions.all()]
        browser.close()
        server.end()
    same = "every verdict is the oracle's" if sorted(found) == sorted(wanted) else "THE VERDICTS DIFFER"
    print(f"\nin the real page: {len(effort.keys)} keys pressed, {len(found)} verdicts in the journal; {same}")


if __name__ == "__main__":
    main()
