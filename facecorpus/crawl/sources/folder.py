"""Photographs that lie in a folder already: DIR/<identity_id>/* on this machine, or as a list says."""

import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from facecorpus.catalog.connection import now
from facecorpus.corpus import Corpus
from facecorpus.crawl.inspection import Fetched, inspected, path_of
from facecorpus.crawl.sources import folder_list
from facecorpus.crawl.sources.source import NoPhotographs, Source, strangers
from facecorpus.errors import SourceError
from facecorpus.manifest import Identity
from facecorpus.records import Candidate, Download
from facecorpus.settings import FetchSettings
from facecorpus.system.names import identity_id_of
from facecorpus.words import Outcome

NAME = "folder"
_NOT_PHOTOGRAPHS = ("labels.csv",)


class Folder(Source):
    """A folder with one sub-folder per identity_id, or with a list of its files; its URLs are file: ones."""

    name = NAME
    hosts = ()

    def __init__(self, root: Path, people: Sequence[str], listed: Path | None = None) -> None:
        self._root = root
        self._listed = folder_list.read(listed) if listed else {}
        self._homes = {} if listed else homes(root)
        unknown = [path.name for name, paths in self._homes.items() if name not in people for path in paths]
        self.warnings = strangers(NAME, unknown, people)

    @classmethod
    def of(cls, corpus: Corpus) -> "Folder":
        """The folder that the settings name.

        Raises SourceError where they name none, or one without a sub-folder of any identity.
        """
        named = corpus.settings.crawl.folder
        if not named:
            raise SourceError("Source 'folder' needs a directory: set folder in section [crawl] of corpus.toml.")
        root = (corpus.root / Path(named).expanduser()).absolute()
        people = [identity.identity_id for identity in corpus.manifest.identities]
        listed = corpus.settings.crawl.folder_list
        source = cls(root, people, corpus.root / Path(listed).expanduser() if listed else None)
        if not (source._homes.keys() | source._listed.keys()) & set(people):
            what = "holds no photographs of anybody in the manifest" if root.is_dir() else "is no folder"
            raise SourceError(
                f"{root} {what}; expected one sub-folder per person, named by identity_id like {root / people[0]}, with"
                " the files in it."
            )
        return source

    def candidates(self, identity: Identity) -> Iterator[Candidate]:
        """The files listed of the person, or those of the sub-folder by name without hidden ones and labels.csv."""
        listed = [
            (self._root / one.picture, one.taken_on or None, one.box)
            for one in self._listed.get(identity.identity_id, ())
        ]
        homes = self._homes.get(identity.identity_id, ())
        files = listed or [(file, None, "") for home in homes for file in _files(home)]
        if not files:
            raise NoPhotographs(f"{identity.name}: no files in {self._root / identity.identity_id}.")
        for rank, (file, taken_on, box) in enumerate(files):
            yield Candidate(
                identity.identity_id, NAME, file.as_uri(), rank=rank, title=file.name, taken_on=taken_on, box=box
            )

    def requests(self, identity: Identity, wanted: int) -> int:
        """None: it reads this machine's files."""
        return 0


def homes(root: Path) -> dict[str, list[Path]]:
    """The sub-folders by the identity_id that their names are, or make."""
    found: dict[str, list[Path]] = {}
    for path in sorted(root.iterdir()) if root.is_dir() else ():
        if path.is_dir() and not path.name.startswith("."):
            found.setdefault(identity_id_of(path.name), []).append(path)
    return found


def people_in(root: Path) -> tuple[Identity, ...]:
    """A person for each sub-folder that holds files, by its name; nothing else is stated of anybody.

    Raises SourceError where there is none.
    """
    people: dict[str, Identity] = {}
    for identity_id, folders in homes(root).items():
        if any(_files(home) for home in folders):
            own = folders[0].name
            spoken = own.replace("_", " ").replace("-", " ").title() if own == identity_id else own
            taken = {one.name for one in people.values()}
            people[identity_id] = Identity(identity_id, own if spoken in taken else spoken)
    if not people:
        raise SourceError(
            f"{root} holds no photographs of anybody; expected one sub-folder per person, named after the person, with"
            " the files in it."
        )
    return tuple(people.values())


def _files(home: Path) -> list[Path]:
    files = [file for file in sorted(home.iterdir()) if file.is_file() and not file.name.startswith(".")]
    return [file for file in files if file.name not in _NOT_PHOTOGRAPHS]


def read_file(url: str, settings: FetchSettings) -> Fetched:
    """'Download' a file: URL of this source by reading the file."""
    tried_at, begun = now(), time.monotonic()
    path = path_of(url)

    def failed(outcome: Outcome, detail: str) -> Fetched:
        return Fetched(Download(url, tried_at, time.monotonic() - begun, None, outcome, detail))

    try:
        if not path.is_file():
            return failed(Outcome.GONE, f"{path} is no file any more")
        if (size := path.stat().st_size) > settings.max_bytes:
            return failed(Outcome.TOO_BIG, f"{size} bytes; at most {settings.max_bytes} are taken")
        data = path.read_bytes()
    except OSError as error:
        return failed(Outcome.REFUSED, f"{path} cannot be read: {error.strerror}")
    return inspected(url, data, tried_at, time.monotonic() - begun, None, settings)
