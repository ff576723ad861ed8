"""What the page's scripts ask for, read from JSON and checked."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import Request

from facecorpus.catalog.decisions import SAYABLE
from facecorpus.words import Kind, Reason, Verdict

MOST_FACES = 100_000


@dataclass(frozen=True, slots=True)
class Verdicts:
    """POST /api/decisions: one thing said of several faces on a person's page."""

    page: str  # identity_id of the person whose page it is
    identity_id: str  # as whose picture the faces are judged; the page's, or "this is X"
    face_ids: tuple[str, ...]
    kind: Kind
    verdict: str  # one that is SAYABLE in that kind
    reason: str


@dataclass(frozen=True, slots=True)
class Step:
    """POST /api/undo and /api/redo; `batch` is the one that the page believes to be the latest."""

    page: str
    batch: int | None


async def read_verdicts(request: Request) -> Verdicts:
    """The body of a request; HTTPException 422 in one sentence where it is not one."""
    body = await _body(request)
    face_ids = body.get("face_ids")
    if not isinstance(face_ids, list) or not face_ids or not all(isinstance(face_id, str) for face_id in face_ids):
        raise HTTPException(422, "face_ids: a list of one or more texts is expected.")
    if len(face_ids) > MOST_FACES:
        raise HTTPException(422, f"face_ids: at most {MOST_FACES} at once.")
    kind = Kind(_choice(body, "kind", tuple(Kind), Kind.VERDICT))
    verdict = _choice(body, "verdict", SAYABLE[kind])
    reason = _text(body, "reason", "")
    if reason not in (tuple(Reason) if verdict == Verdict.REJECT else ("",)):
        raise HTTPException(422, f"A rejection, and nothing else, has a reason: {', '.join(Reason)}.")
    identity_id = _text(body, "identity_id")
    page = _text(body, "page", identity_id)
    return Verdicts(page, identity_id, tuple(dict.fromkeys(face_ids)), kind, verdict, reason)


async def read_step(request: Request) -> Step:
    """The body of an undo or a redo; HTTPException 422 where it is not one."""
    body = await _body(request)
    batch = body.get("batch")
    if batch is not None and (not isinstance(batch, int) or isinstance(batch, bool)):
        raise HTTPException(422, "batch: a whole number or null is expected.")
    return Step(_text(body, "page"), batch)


async def _body(request: Request) -> Mapping[str, Any]:
    try:
        body = json.loads(await request.body())
    except (UnicodeDecodeError, json.JSONDecodeError, RecursionError):
        raise HTTPException(422, "body: JSON is expected.") from None
    if not isinstance(body, dict):
        raise HTTPException(422, "body: a JSON object is expected.")
    return body


def _text(body: Mapping[str, Any], key: str, default: str | None = None) -> str:
    value = body.get(key, default)
    if not isinstance(value, str):
        raise HTTPException(422, f"{key}: a text is expected.")
    return value


def _choice(body: Mapping[str, Any], key: str, choices: Sequence[str], default: str | None = None) -> str:
    value = _text(body, key, default)
    if value not in choices:
        raise HTTPException(422, f"{key}: one of {', '.join(choices)} is expected.")
    return value
