"""Decisions between machines: a CSV or JSON Lines file, keyed by face and photograph hash."""

import csv
import json
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, fields
from datetime import datetime
from io import StringIO
from pathlib import Path
from typing import Any

from facecorpus.catalog.decisions import SAYABLE, Exchanged, Merged
from facecorpus.corpus import Corpus
from facecorpus.errors import FacecorpusError
from facecorpus.store import write_atomically
from facecorpus.words import Kind


@dataclass(frozen=True, slots=True)
class ExportSummary:
    """What was written."""

    file: Path
    decisions: int
    reviewers: int

    def __str__(self) -> str:
        return f"Wrote {self.decisions} decisions of {self.reviewers} reviewers to {self.file}."


@dataclass(frozen=True, slots=True)
class ImportSummary:
    """What became of the lines of a file."""

    added: int
    known: int  # said here already
    older: int  # the reviewer has said something newer here
    without_face: int  # the face is not in this corpus
    without_person: int  # the person is not in this corpus

    def __str__(self) -> str:
        lines = [
            f"{self.added} decisions added, {self.known} were here already, {self.older} are older than what is here."
        ]
        if self.without_face:
            lines.append(
                f"{self.without_face} are of faces that are not in this corpus: crawl the same photographs here, or"
                " copy the corpus, and import once more."
            )
        if self.without_person:
            lines.append(f"{self.without_person} are of people who are not in this corpus's manifest.")
        return "\n".join(lines)


def export_decisions(corpus: Corpus, file: Path) -> ExportSummary:
    """Write every reviewer's latest word of each kind on each face, withdrawn ones included."""
    with corpus.catalog() as catalog:
        rows = catalog.decisions.exchanged()
    if file.suffix not in _WRITERS:
        raise FacecorpusError(f"{file}: the name must end in {' or '.join(_WRITERS)}, which says how it is written.")
    write_atomically(file, _WRITERS[file.suffix](rows).encode("utf-8"))
    return ExportSummary(file, len(rows), len({row.reviewer for row in rows}))


def import_decisions(corpus: Corpus, file: Path) -> ImportSummary:
    """Append what the file says newer than this corpus; all of it or, where a line is wrong, nothing.

    Raises FacecorpusError for a file that cannot be read, with the line that is wrong.
    """
    rows = list(_read(file))
    with corpus.catalog() as catalog:
        outcomes = catalog.decisions.merge(rows)
    return ImportSummary(
        added=outcomes.count(Merged.ADDED),
        known=outcomes.count(Merged.KNOWN),
        older=outcomes.count(Merged.OLDER),
        without_face=outcomes.count(Merged.NO_FACE),
        without_person=outcomes.count(Merged.NO_PERSON),
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
        raise FacecorpusError(
            f"{file}: the name must end in {' or '.join(_WRITERS)}, as facecorpus review export writes it."
        )
    try:
        text = file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise FacecorpusError(f"{file} cannot be read ({error}); name what facecorpus review export wrote.") from None
    lines: Iterable[tuple[int, Any]]
    if file.suffix == ".csv":
        reader = csv.DictReader(StringIO(text, newline=""))
        lines = ((reader.line_num, row) for row in reader)
    else:
        lines = ((number, _json(line)) for number, line in enumerate(text.splitlines(), 1) if line.strip())
    for number, line in lines:
        yield _checked(f"{file}, line {number}", line)


def _json(line: str) -> Any:
    try:
        return json.loads(line)
    except (json.JSONDecodeError, RecursionError):
        return None


def _checked(where: str, line: Any) -> Exchanged:
    if not isinstance(line, dict) or not all(isinstance(line.get(name), str) for name in _COLUMNS):
        raise FacecorpusError(
            f"{where}: expected {', '.join(_COLUMNS)}, all texts, as facecorpus review export writes them."
        )
    row = Exchanged(**{name: line[name] for name in _COLUMNS})
    if row.kind not in list(Kind) or row.verdict not in SAYABLE[Kind(row.kind)]:
        raise FacecorpusError(f"{where}: {row.verdict!r} is nothing that can be said in kind {row.kind!r}.")
    if not row.reviewer or not row.face_id.startswith(row.photo_sha256[:24]):
        raise FacecorpusError(f"{where}: a reviewer is missing, or the face is not one of the photograph.")
    try:
        datetime.fromisoformat(row.decided_at)
    except ValueError:
        raise FacecorpusError(f"{where}: decided_at must be a time like 2026-01-31T12:00:00.000+00:00.") from None
    return row
