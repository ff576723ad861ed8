"""Keeping what services answer, as test data and for reports, without what is nobody else's: keys, tokens, contacts."""

import json
import os
import re
import threading
from collections.abc import Collection, Mapping
from pathlib import Path
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from facecorpus.crawl.answer import Answer
from facecorpus.crawl.sources import flickr, openverse
from facecorpus.errors import SourceError
from facecorpus.pictures import media_type
from facecorpus.store import write_atomically

INDEX = "answers.json"
REMOVED = "REMOVED"

_SECRETS = (flickr.KEY, openverse.CLIENT_ID, openverse.CLIENT_SECRET)  # environment variables
_SECRET_NAME = re.compile(
    r"(?:^|[_-])(?:key|token|secret|password|signature|sig)s?$|^apikey$|^client_id$", re.IGNORECASE
)
_SECRET_MEMBER = re.compile(
    rb"""("(?:access_|refresh_|csrf|api_)?(?:token|key|secret)"\s*:\s*)"[^"]*\"""", re.IGNORECASE
)
_BEARER = re.compile(rb"Bearer\s+[\w.~+/-]+=*")
_HEADERS = re.compile(
    r"content-type|retry-after|x-ratelimit-.*|mediawiki-api-error|x-database-lag|x-robots-tag|tdm-reservation"
    r"|content-usage",
    re.IGNORECASE,
)
_KINDS = {"json": ".json", "html": ".html", "xml": ".xml"}


class Recorder:
    """Writes each answer that it is told of into a folder, which is empty before, and INDEX, which says what is what.

    Pictures are noted and not kept: whoever passes the folder on passes on nobody's photograph. Raises SourceError
    where the folder cannot be used.
    """

    def __init__(self, folder: Path, secrets: Collection[str], environment: Mapping[str, str] = os.environ) -> None:
        try:
            folder.mkdir(parents=True, exist_ok=True)
            taken = any(folder.iterdir())
        except OSError as error:
            raise SourceError(
                f"{folder} cannot hold what is recorded ({error.strerror}); name another folder."
            ) from None
        if taken:
            raise SourceError(f"{folder} is not empty; name a new folder for what is recorded.")
        self._folder = folder
        known = {*secrets, *(environment.get(name, "") for name in _SECRETS)}
        self._secrets = sorted((secret.strip() for secret in known if secret.strip()), key=len, reverse=True)
        self._index: list[dict[str, object]] = []
        self._lock = threading.Lock()

    def __call__(self, url: str, answer: Answer) -> None:
        """Keep one answer."""
        with self._lock:
            picture = media_type(answer.content)
            name = "" if picture else f"{len(self._index) + 1:03}-{_plain(url)}{_ending(answer)}"
            told = {key: self._clean_text(value) for key, value in answer.headers.items() if _HEADERS.fullmatch(key)}
            about = {"file": name, "url": self._clean_url(url), "status": answer.status, "headers": told}
            self._index.append(about | ({"picture": picture, "bytes": len(answer.content)} if picture else {}))
            if name:
                write_atomically(self._folder / name, self._clean(answer.content))
            write_atomically(self._folder / INDEX, json.dumps(self._index, ensure_ascii=False, indent=1).encode())

    def _clean(self, body: bytes) -> bytes:
        for secret in self._secrets:
            body = body.replace(secret.encode(), REMOVED.encode())
        body = _SECRET_MEMBER.sub(rb'\1"' + REMOVED.encode() + b'"', body)
        return _BEARER.sub(b"Bearer " + REMOVED.encode(), body)

    def _clean_text(self, text: str) -> str:
        return self._clean(text.encode()).decode()

    def _clean_url(self, url: str) -> str:
        parts = urlsplit(url)
        query = [(name, REMOVED if _SECRET_NAME.search(name) else value) for name, value in parse_qsl(parts.query)]
        return self._clean_text(urlunsplit(parts._replace(query=urlencode(query))))


def _plain(url: str) -> str:
    """The host and the end of the path in letters, digits and hyphens: a file name that leads nowhere."""
    parts = urlsplit(url)
    return re.sub(r"[^a-z0-9]+", "-", f"{parts.hostname} {parts.path[-30:]}".lower()).strip("-")


def _ending(answer: Answer) -> str:
    kind = answer.headers.get("Content-Type", "").lower()
    return next((ending for part, ending in _KINDS.items() if part in kind), ".txt")
