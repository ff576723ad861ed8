"""What the page's scripts ask for, read from JSON and checked."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import Request

from facecorpus.manifest import AgeGroup

REASONS = {
    "w": "wrong person",
    "n": "not a face",
    "d": "duplicate",
    "q": "quality",
    "g": "age label",
    "o": "other",
}
"""Why a face is rejected, by the key that says so after 'r'."""

AGES = {"y": AgeGroup.YOUNG, "a": AgeGroup.ADULT, "o": AgeGroup.OLD}
"""The age groups, by the key that says so after 'g'."""

VERDICTS: Mapping[str, Sequence[str]] = {
    "verdict": ("accept", "reject", "undecided"),
    "settle": ("accept", "reject", "undecided"),
    "age": (*AgeGroup, "undecided"),
    "removal": ("remove", "undecided"),
}
"""What may be said of a face, by kind."""

MOST_FACES = 100_000


@dataclass(frozen=True, slots=True)
class Verdicts:
    """POST /api/decisions: one thing said of several faces on a person's page."""

    page: str  # identity_id of the person whose page it is
    identity_id: str  # as whose picture the faces are judged; the page's, or "this is X"
    face_ids: tuple[str, ...]
    kind: str
    verdict: str
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
    kind = _choice(body, "kind", tuple(VERDICTS), "verdict")
    verdict = _choice(body, "verdict", VERDICTS[kind])
    reason = _text(body, "reason", "")
    if reason not in (REASONS.values() if verdict == "reject" else ("",)):
        raise HTTPException(422, f"A rejection, and nothing else, has a reason: {', '.join(REASONS.values())}.")
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
