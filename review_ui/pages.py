"""Templates, answers that carry them, and pictures that browsers may show."""

from collections.abc import Mapping
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from starlette.responses import HTMLResponse, JSONResponse, Response

from facecorpus.system.escape import for_html
from review_ui.files import scripts, static_root
from review_ui.language import chosen, counted, html
from review_ui.page_words import page_words

_TEMPLATES = Environment(
    loader=PackageLoader("review_ui"),
    autoescape=True,
    finalize=for_html,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
_TEMPLATES.globals.update(
    static_root=static_root, scripts=scripts, page_words=page_words, language=chosen, t=html, counted=counted
)

_SIGNATURES: Mapping[bytes, str] = {
    b"\xff\xd8\xff": "image/jpeg",
    b"\x89PNG\r\n\x1a\n": "image/png",
    b"GIF87a": "image/gif",
    b"GIF89a": "image/gif",
    b"BM": "image/bmp",
}


def page(template: str, status: int = 200, **values: Any) -> HTMLResponse:
    """One of the templates, filled in; everything is escaped."""
    return HTMLResponse(_TEMPLATES.get_template(template).render(values), status_code=status)


def refusal(path: str, status: int, sentence: str) -> Response:
    """One sentence: as JSON where a script asked, as a page where a person did."""
    if path.startswith("/api/"):
        return JSONResponse({"error": sentence}, status_code=status)
    return page("message.html", status, sentence=sentence)


def picture_type(head: bytes) -> str | None:
    """The media type of a picture by its first 16 bytes, or None where a browser would not show it as one."""
    for signature, media_type in _SIGNATURES.items():
        if head.startswith(signature):
            return media_type
    return "image/webp" if head[:4] == b"RIFF" and head[8:12] == b"WEBP" else None
