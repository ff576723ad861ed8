"""Photographs in a zip or tar file: <identity_id>/<file> in it, perhaps below one folder. Nothing is unpacked to disk.

So no member's name can lead anywhere (path traversal), links and devices are no members, and no more of a member is
read than a photograph may have (zip bombs). A compressed tar can only be read from its beginning and is refused.
"""

import lzma
import struct
import tarfile
import time
import zipfile
import zlib
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path, PurePosixPath
from urllib.parse import quote, unquote, urldefrag

from facecorpus.catalog.connection import now
from facecorpus.corpus import Corpus
from facecorpus.crawl.inspection import Fetched, inspected, path_of
from facecorpus.crawl.sources.source import NoPhotographs, Source, strangers
from facecorpus.errors import SourceError
from facecorpus.manifest import Identity
from facecorpus.records import Candidate, Download
from facecorpus.settings import FetchSettings
from facecorpus.words import Outcome

NAME = "archive"

_DAMAGED = (
    # What the standard library raises where an archive is damaged, or written by rules that it does not know.
    *(zipfile.BadZipFile, tarfile.TarError, zlib.error, lzma.LZMAError, struct.error),
    *(OSError, EOFError, LookupError, RuntimeError, ValueError, OverflowError),
)


class _Zip:
    """The files of a zip. Reading is safe from several threads."""

    def __init__(self, path: Path) -> None:
        self._zip = zipfile.ZipFile(path)
        self.names = [info.filename for info in self._zip.infolist() if not info.is_dir()]

    def read(self, name: str, most: int) -> bytes:
        """Up to `most` bytes of a member, whatever size its header states."""
        with self._zip.open(name) as member:
            return member.read(most)


class _Tar:
    """The regular files of a tar that is not compressed: where each one's bytes are."""

    def __init__(self, path: Path) -> None:
        self._path = path
        with tarfile.open(path, "r:") as tar:
            self._places = {info.name: (info.offset_data, info.size) for info in tar if info.isreg()}
        self.names = list(self._places)

    def read(self, name: str, most: int) -> bytes:
        """Up to `most` bytes of a member."""
        begin, size = self._places[name]
        with self._path.open("rb") as file:
            file.seek(begin)
            return file.read(min(size, most))


class Archive(Source):
    """Proposes an archive's files; their URLs are file: ones of the archive with the member after the #."""

    name = NAME
    hosts = ()

    def __init__(self, path: Path, identities: Sequence[Identity]) -> None:
        self._path = path
        people = {identity.identity_id for identity in identities}
        names = _open(path).names
        self._members = _by_person(names, people)
        self.warnings = strangers(NAME, {PurePosixPath(name).parent.name for name in names} - {""}, people)
        if not self._members:
            raise SourceError(
                f"{path} holds no photographs of anybody in the manifest; expected members named by identity_id, like"
                f" {identities[0].identity_id}/1.jpg."
            )

    @classmethod
    def of(cls, corpus: Corpus) -> "Archive":
        """The archive that the settings name; SourceError where they name none, or it cannot be read."""
        named = corpus.settings.crawl.archive
        if not named:
            raise SourceError(
                "Source 'archive' needs a zip or tar file: set archive in section [crawl] of corpus.toml."
            )
        return cls((corpus.root / Path(named).expanduser()).absolute(), corpus.manifest.identities)

    def candidates(self, identity: Identity) -> Iterator[Candidate]:
        """The person's members by name."""
        members = self._members.get(identity.identity_id)
        if not members:
            raise NoPhotographs(f"{identity.name}: no files below {identity.identity_id}/ in {self._path}.")
        for rank, member in enumerate(sorted(members)):
            url = f"{self._path.as_uri()}#{quote(member, errors='surrogateescape')}"
            title = PurePosixPath(member).name
            yield Candidate(identity.identity_id, NAME, url, rank=rank, title=title, found_by=self._path.name)

    def requests(self, identity: Identity, wanted: int) -> int:
        """None: it reads a file of this machine."""
        return 0


def read_member(url: str, settings: FetchSettings) -> Fetched:
    """'Download' a URL of this source by reading the member."""
    tried_at, begun = now(), time.monotonic()
    address, fragment = urldefrag(url)
    path, member = path_of(address), unquote(fragment, errors="surrogateescape")

    def failed(outcome: Outcome, detail: str) -> Fetched:
        return Fetched(Download(url, tried_at, time.monotonic() - begun, None, outcome, detail))

    try:
        data = _open(path).read(member, settings.max_bytes + 1)
    except (SourceError, KeyError):  # no such archive, no such member
        return failed(Outcome.GONE, f"{path} holds no {member} any more")
    except _DAMAGED as error:
        return failed(Outcome.REFUSED, f"{member} in {path} cannot be read: {error}")  # damaged, or with a password
    if len(data) > settings.max_bytes:
        return failed(Outcome.TOO_BIG, f"more than {settings.max_bytes} bytes")
    return inspected(url, data, tried_at, time.monotonic() - begun, None, settings)


@dataclass(frozen=True, slots=True)
class _State:
    """By what an archive that was exchanged is told from the one that was opened."""

    path: Path
    size: int
    changed: int  # nanoseconds


def _open(path: Path) -> _Zip | _Tar:
    """The archive's table of members, kept for the next call. Raises SourceError where it cannot be read."""
    try:
        about = path.stat()
        return _opened(_State(path, about.st_size, about.st_mtime_ns))
    except _DAMAGED as error:
        raise SourceError(
            f"{path} cannot be read as an archive ({error}); expected a zip file, or a tar file that is not compressed"
            " (unpack .tar.gz to .tar first: gunzip FILE)."
        ) from None


@lru_cache(maxsize=2)
def _opened(state: _State) -> _Zip | _Tar:
    return _Zip(state.path) if zipfile.is_zipfile(state.path) else _Tar(state.path)


def _by_person(names: Sequence[str], people: set[str]) -> Mapping[str, list[str]]:
    """Members by identity_id: that of the folder they lie in; hidden files are left out."""
    found: dict[str, list[str]] = defaultdict(list)
    for name in names:
        *folders, file = PurePosixPath(name).parts or ("",)
        if folders and folders[-1] in people and not file.startswith("."):
            found[folders[-1]].append(name)
    return found
