"""What the page's scripts ask for, read from JSON and checked."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request

from facecorpus.catalog.decisions import SAYABLE
from facecorpus.records import Box
from facecorpus.words import Kind, Reason, Verdict

MOST_FACES = 100_000
MOST_BYTES = 4_000_000
"""Of a body: the ids of so many faces, with quotes and commas, are less."""

MOST_PIXELS = 1_000_000
"""Of a photograph's side."""

LARGEST = 2**63 - 1
"""The largest whole number that the catalog holds."""


@dataclass(frozen=True, slots=True)
class Verdicts:
    """POST /api/decisions: one thing said of several faces on a person's page."""

    page: str  # identity_id of the person whose page it is
    identity_id: str  # as whose picture the faces are judged; the page's, or "this is X"
    face_ids: tuple[str, ...]
    kind: Kind
    verdict: str  # one that is SAYABLE in that kind
    reason: str  # of a rejection
    instead_of: tuple[str, ...] = ()  # faces that an acceptance rejects, for that reason: the person's is another one


@dataclass(frozen=True, slots=True)
class Drawing:
    """POST /api/drawings: a box around a face that no detector found, as the person's whose page it is."""

    page: str
    photo_sha256: str
    box: Box  # pixels of the upright photograph
    instead_of: tuple[str, ...]  # faces that stood for the person, and do not show them


@dataclass(frozen=True, slots=True)
class Step:
    """POST /api/undo and /api/redo; `batch` is the one that the page believes to be the latest."""

    page: str
    batch: int | None


async def read_verdicts(request: Request) -> Verdicts:
    """The body of a request; HTTPException 422 in one sentence where it is not one."""
    body = await _body(request)
    face_ids, instead_of = _ids(body, "face_ids"), _ids(body, "instead_of", ())
    if not face_ids:
        raise HTTPException(422, "face_ids: a list of one or more texts is expected.")
    kind = Kind(_choice(body, "kind", [one for one in Kind if one != Kind.BOX], Kind.VERDICT))
    verdict = _choice(body, "verdict", SAYABLE[kind])
    reason = _text(body, "reason", "")
    if instead_of and (verdict != Verdict.ACCEPT or kind != Kind.VERDICT):
        raise HTTPException(422, "instead_of: only what is accepted is accepted instead of something.")
    if reason not in (tuple(Reason) if verdict == Verdict.REJECT or instead_of else ("",)):
        raise HTTPException(422, f"A rejection, and nothing else, has a reason: {', '.join(Reason)}.")
    identity_id = _text(body, "identity_id")
    page = _text(body, "page", identity_id)
    return Verdicts(page, identity_id, face_ids, kind, verdict, reason, instead_of)


async def read_drawing(request: Request) -> Drawing:
    """The body of a drawing; HTTPException 422 where it is not one."""
    body = await _body(request)
    numbers = body.get("box")
    if not isinstance(numbers, list) or len(numbers) != 4 or not all(map(_is_pixels, numbers)):
        raise HTTPException(422, "box: left, top, width and height in pixels are expected.")
    x, y, width, height = map(float, numbers)
    return Drawing(
        _text(body, "page"), _text(body, "photo_sha256"), (x, y, width, height), _ids(body, "instead_of", ())
    )


async def read_step(request: Request) -> Step:
    """The body of an undo or a redo; HTTPException 422 where it is not one."""
    body = await _body(request)
    batch = body.get("batch")
    if batch is not None and (not isinstance(batch, int) or isinstance(batch, bool) or abs(batch) > LARGEST):
        raise HTTPException(422, "batch: a whole number or null is expected.")
    return Step(_text(body, "page"), batch)


def whole_number(text: str) -> int | None:
    """The number that is written there; None where it is none, or larger than the catalog holds."""
    return int(text) if text.isdecimal() and len(text) < len(str(LARGEST)) else None


async def read_at_most(request: Request, limit: int) -> bytes | None:
    """The body of a request; None where it has more bytes than that, of which no more are kept, or breaks off."""
    body = bytearray()
    try:
        async for chunk in request.stream():
            body += chunk
            if len(body) > limit:
                return None
    except ClientDisconnect:
        return None
    return bytes(body)


async def _body(request: Request) -> Mapping[str, Any]:
    read = await read_at_most(request, MOST_BYTES)
    if read is None:
        raise HTTPException(413, f"body: at most {MOST_BYTES} bytes are read.")
    try:
        body = json.loads(read)
    except (ValueError, RecursionError):  # a number of thousands of digits is a ValueError, too
        raise HTTPException(422, "body: JSON is expected.") from None
    if not isinstance(body, dict):
        raise HTTPException(422, "body: a JSON object is expected.")
    return body


def _ids(body: Mapping[str, Any], key: str, default: Sequence[str] | None = None) -> tuple[str, ...]:
    ids = body.get(key, default)
    if not isinstance(ids, list | tuple) or not all(map(_is_text, ids)):
        raise HTTPException(422, f"{key}: a list of texts is expected.")
    if len(ids) > MOST_FACES:
        raise HTTPException(422, f"{key}: at most {MOST_FACES} at once.")
    return tuple(dict.fromkeys(ids))


def _is_pixels(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value < MOST_PIXELS


def _is_text(value: object) -> bool:
    """Whether it is a text that can be stored: JSON also writes halves of characters."""
    if not isinstance(value, str):
        return False
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True


def _text(body: Mapping[str, Any], key: str, default: str | None = None) -> str:
    value = body.get(key, default)
    if not _is_text(value):
        raise HTTPException(422, f"{key}: a text is expected.")
    return str(value)


def _choice(body: Mapping[str, Any], key: str, choices: Sequence[str], default: str | None = None) -> str:
    value = _text(body, key, default)
    if value not in choices:
        raise HTTPException(422, f"{key}: one of {', '.join(choices)} is expected.")
    return value
