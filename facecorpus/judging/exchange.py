"""Decisions between machines: a CSV or JSON Lines file, keyed by face and photograph hash."""

import csv
import json
import re
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, fields, replace
from datetime import UTC, datetime, timedelta
from io import StringIO
from pathlib import Path
from typing import Any

from facecorpus.catalog.decisions import REDO, SAYABLE, UNDO
from facecorpus.catalog.drawn import box_of, drawn_face, is_whole_photograph, whole_photograph
from facecorpus.catalog.exchange import Exchanged, Merged
from facecorpus.corpus import Corpus
from facecorpus.errors import FacecorpusError
from facecorpus.judging.annotations import read_annotations
from facecorpus.judging.reviewers import is_reviewer
from facecorpus.store import write_atomically
from facecorpus.system.border import clean
from facecorpus.system.tables import delimiter_of
from facecorpus.words import AUTO, Kind, Reason, Verdict

_CLOCKS_DIFFER = timedelta(minutes=5)  # so far may the clock of another machine be ahead
_AGAIN = "name what facecorpus review export wrote."
_FACE_ID = re.compile(r"([0-9a-f]{24})-\d{1,9}")
_SHA256 = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class ExportSummary:
    """What was written."""

    file: Path
    decisions: int
    reviewers: int

    def __str__(self) -> str:
        return f"Wrote {self.decisions} decisions of {self.reviewers} reviewers to {self.file}."


@dataclass(frozen=True, slots=True)
class Speaker:
    """What a file says in one reviewer's name."""

    reviewer: str
    here: bool  # somebody reviews on this machine under that name
    said: tuple[tuple[str, int], ...]  # a verdict, with its kind where that is another, and how often
    added: int  # of it, what is new here

    def __str__(self) -> str:
        said = ", ".join(f"{count} {what}" for what, count in self.said)
        return f"{self.reviewer}{', who reviews here' * self.here}: {said}; {self.added} new."


@dataclass(frozen=True, slots=True)
class ImportSummary:
    """What became of the lines of a file, or would become."""

    number: int | None  # by which review withdraw --import takes it back; None: nothing was taken over
    added: int
    known: int  # said here already
    older: int  # the reviewer has said something newer here
    without_face: int  # the face is not in this corpus
    without_person: int  # the person is not in this corpus
    drawn: int  # added faces that people drew there, and that the stage faces makes here
    speakers: tuple[Speaker, ...]
    dry_run: bool

    def __str__(self) -> str:
        lines = [
            f"{self.added} decisions {'would be ' * self.dry_run}added, {self.known} were here already, {self.older}"
            " are older than what is here."
        ]
        if self.without_face:
            lines.append(
                f"{self.without_face} are of faces that are not in this corpus: crawl the same photographs here, or"
                " copy the corpus, and import once more."
            )
        if self.without_person:
            lines.append(f"{self.without_person} are of people who are not in this corpus's manifest.")
        if self.drawn:
            lines.append(f"{self.drawn} are faces that somebody drew: facecorpus faces makes them.")
        if self.dry_run:
            lines += [*map(str, self.speakers), "Nothing was taken over."]
        elif self.number is not None:
            lines.append(f"This is import {self.number}: facecorpus review withdraw --import {self.number} undoes it.")
        return "\n".join(lines)


@dataclass(frozen=True, slots=True)
class WithdrawSummary:
    """How much was taken back."""

    decisions: int
    of: tuple[tuple[str, int], ...]  # of whom, and how many

    def __str__(self) -> str:
        if not self.of:
            return "0 decisions were taken back: nothing of it holds any more."
        said = ", ".join(f"{count} decisions of {reviewer}" for reviewer, count in self.of)
        return f"Taken back: {said}. Nothing was deleted; each can undo it on the page."


def export_decisions(corpus: Corpus, file: Path) -> ExportSummary:
    """Write every reviewer's latest word of each kind on each face, withdrawn ones included."""
    with corpus.reading() as catalog:
        rows = catalog.exchange.given()
    if file.suffix not in _WRITERS:
        raise FacecorpusError(
            f"{file} is named neither {' nor '.join(_WRITERS)}; the name's end says how it is written."
        )
    write_atomically(file, _WRITERS[file.suffix](rows).encode("utf-8"))
    return ExportSummary(file, len(rows), len({row.reviewer for row in rows}))


def import_decisions(
    corpus: Corpus,
    file: Path,
    *,
    own_name: bool = False,
    settled: bool = False,
    dry_run: bool = False,
    reviewer: str = "coco",
) -> ImportSummary:
    """Append what the file says newer than this corpus; all of it or, where a line is wrong, nothing.

    A file that ends in .json is one of COCO or of Label Studio; COCO's is said to be the word of `reviewer`.
    With `own_name` also what it says in the name of somebody who reviews here, with `settled` also what ends
    disagreements. `dry_run` compares alone. Raises FacecorpusError for a file that cannot be read, with the line that
    is wrong, and for what is not allowed.
    """
    number, unknown = None, 0
    words = [] if file.suffix == ".json" else list(_read(file))
    with corpus.catalog() as catalog, catalog.transaction():
        if file.suffix == ".json":
            annotated = read_annotations(file, catalog.known_faces.all(), reviewer)
            unknown = annotated.unknown
            words = [_checked(str(file), asdict(word)) for word in annotated.words]
        outcomes = catalog.exchange.compared(words)
        new = [word for word, outcome in zip(words, outcomes, strict=True) if outcome == Merged.ADDED]
        here = catalog.exchange.reviewers_here() - {AUTO}
        if not dry_run:
            _allow(file, new, set() if own_name else here, settled)
            number = catalog.exchange.add(new, clean(file.name)) if new else None
    return ImportSummary(
        number=number,
        added=outcomes.count(Merged.ADDED),
        known=outcomes.count(Merged.KNOWN),
        older=outcomes.count(Merged.OLDER),
        without_face=outcomes.count(Merged.NO_FACE) + unknown,
        without_person=outcomes.count(Merged.NO_PERSON),
        drawn=sum(word.verdict == Verdict.DRAWN for word in new),
        speakers=_speakers(words, new, here),
        dry_run=dry_run,
    )


def strike_out(file: Path, photographs: Collection[str], identity_id: str | None) -> int:
    """Write an exported file anew without what it says of these photographs and that person; how many words went.

    Raises FacecorpusError for a file that is no export.
    """
    words = list(_read(file))
    kept = [
        word
        for word in words
        if word.photo_sha256 not in photographs and identity_id not in (word.identity_id, word.shown_as)
    ]
    if len(kept) < len(words):
        write_atomically(file, _WRITERS[file.suffix](kept).encode("utf-8"))
    return len(words) - len(kept)


def withdraw_decisions(corpus: Corpus, reviewer: str | None = None, number: int | None = None) -> WithdrawSummary:
    """Take back all that a reviewer said, or all of one import, by rows that are appended; nothing is deleted.

    Raises FacecorpusError where nothing is named, or nothing is known by that name or number.
    """
    with corpus.catalog() as catalog, catalog.transaction():
        imports = catalog.exchange.imports()
        if (reviewer is None) == (number is None):
            known = [f"--import {one.number} ({one.file}, {one.imported_at[:10]})" for one in imports]
            names = ", ".join([*sorted(catalog.exchange.reviewers()), *known]) or "nobody has said anything"
            raise FacecorpusError(f"Say whose words to take back, either a reviewer or --import NUMBER; here: {names}.")
        if reviewer is not None and reviewer not in catalog.exchange.reviewers():
            raise FacecorpusError(f"{reviewer!r} has said nothing here; facecorpus review withdraw lists who has.")
        if number is not None and number not in {one.number for one in imports}:
            raise FacecorpusError(f"There is no import {number}; facecorpus review withdraw lists those that are here.")
        taken_back = catalog.decisions.withdraw(reviewer, number)
    return WithdrawSummary(sum(taken_back.values()), tuple(sorted(taken_back.items())))


def _allow(file: Path, new: Sequence[Exchanged], names: set[str], settled: bool) -> None:
    """Raise FacecorpusError where the words need a permission that was not given."""
    if own := sorted({word.reviewer for word in new} & names):
        raise FacecorpusError(
            f"{file} speaks in the name of {', '.join(own)}, who reviews here; --own-name takes it over, if it is from"
            " your other machine, and --dry-run shows it first."
        )
    settling = sum(word.kind == Kind.SETTLE and word.verdict != Verdict.UNDECIDED for word in new)
    if settling and not settled:
        raise FacecorpusError(
            f"{file} settles {settling} faces, which stands above every verdict given here; --settled takes that over,"
            " and --dry-run shows it first."
        )


def _speakers(words: Sequence[Exchanged], new: Sequence[Exchanged], here: set[str]) -> tuple[Speaker, ...]:
    said: dict[str, Counter[str]] = defaultdict(Counter)
    for word in words:
        said[word.reviewer][word.verdict if word.kind == Kind.VERDICT else f"{word.kind} {word.verdict}"] += 1
    added = Counter(word.reviewer for word in new)
    return tuple(
        Speaker(name, name in here, tuple(sorted(counts.items())), added[name]) for name, counts in sorted(said.items())
    )


_COLUMNS = tuple(field.name for field in fields(Exchanged))


def _write_csv(rows: Iterable[Exchanged]) -> str:
    text = StringIO(newline="")
    writer = csv.DictWriter(text, _COLUMNS)
    writer.writeheader()
    writer.writerows(asdict(row) for row in rows)
    return text.getvalue()


def _write_jsonl(rows: Iterable[Exchanged]) -> str:
    return "".join(f"{json.dumps(asdict(row), ensure_ascii=False)}\n" for row in rows)


_WRITERS = {".csv": _write_csv, ".jsonl": _write_jsonl}


def _read(file: Path) -> Iterator[Exchanged]:
    if file.suffix not in _WRITERS:
        raise FacecorpusError(f"{file} is named neither {' nor '.join(_WRITERS)}; {_AGAIN}")
    try:
        text = file.read_text(encoding="utf-8-sig")
        lines = _rows(text) if file.suffix == ".csv" else _objects(text)
        for number, line in lines:
            yield _checked(f"{file}, line {number}", line)
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise FacecorpusError(f"{file} cannot be read ({error}); {_AGAIN}") from None


def _rows(text: str) -> Iterator[tuple[int, Any]]:
    reader = csv.DictReader(StringIO(text, newline=""), delimiter=delimiter_of(text))
    if sorted(reader.fieldnames or ()) != sorted(_COLUMNS):  # also where no line follows
        yield 1, None
    for row in reader:
        yield reader.line_num, row


def _objects(text: str) -> Iterator[tuple[int, Any]]:
    for number, line in enumerate(text.split("\n"), 1):
        if line.strip():
            yield number, _json(line)


def _json(line: str) -> Any:
    try:
        return json.loads(line)
    except (ValueError, RecursionError):
        return None


def _checked(where: str, line: Any) -> Exchanged:
    """The line as a word, where an export can have written it: names and times are the only things left to believe."""
    if (
        not isinstance(line, dict)
        or line.keys() != {*_COLUMNS}
        or not all(isinstance(one, str) for one in line.values())
    ):
        raise FacecorpusError(f"{where}: expected {', '.join(_COLUMNS)}, all texts, and nothing else; {_AGAIN}")
    row = Exchanged(**{name: line[name] for name in _COLUMNS})
    if row.kind not in list(Kind) or row.verdict not in SAYABLE[Kind(row.kind)]:
        raise FacecorpusError(f"{where}: {row.verdict!r} is nothing that can be said in kind {row.kind!r}; {_AGAIN}")
    drawn = row.verdict == Verdict.DRAWN
    reasons = {"", *(Reason if row.verdict == Verdict.REJECT else (UNDO, REDO) * (row.verdict == Verdict.UNDECIDED))}
    if not (box_of(row.reason) if drawn else row.reason in reasons):
        raise FacecorpusError(f"{where}: {row.reason[:40]!r} is no reason for {row.verdict!r}; {_AGAIN}")
    if not is_reviewer(row.reviewer):
        raise FacecorpusError(f"{where}: {row.reviewer[:80]!r} is no reviewer's name; {_AGAIN}")
    face = _FACE_ID.fullmatch(row.face_id)
    of_photograph = face and _SHA256.fullmatch(row.photo_sha256) and row.photo_sha256.startswith(face[1])
    if row.kind == Kind.PHOTOGRAPH or (row.kind == Kind.REMOVAL and is_whole_photograph(row.face_id)):
        of_photograph = row.face_id == whole_photograph(row.photo_sha256)
    if not of_photograph or (drawn and row.face_id != drawn_face(row.photo_sha256, row.reason)):
        raise FacecorpusError(f"{where}: the face is not one of the photograph; {_AGAIN}")
    return replace(row, decided_at=_moment(where, row.decided_at))


def _moment(where: str, text: str) -> str:
    """The time in the form in which this catalog has its own."""
    try:
        moment = datetime.fromisoformat(text)
        if moment.tzinfo is None:
            raise ValueError
        moment = moment.astimezone(UTC)
    except (ValueError, OverflowError):
        raise FacecorpusError(
            f"{where}: decided_at is {text[:40]!r}; it must be a time like 2026-01-31T12:00:00.000+00:00."
        ) from None
    if moment > datetime.now(UTC) + _CLOCKS_DIFFER:
        raise FacecorpusError(
            f"{where}: {text} lies in the future; set the clock of the machine that says so, and export there again."
        )
    return moment.isoformat(timespec="milliseconds")
