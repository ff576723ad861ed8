"""A source that asks a catalogue of JSON files, and a detector that sees a face in the middle of every picture."""

import os
from collections.abc import Iterator, Sequence
from urllib.parse import urlsplit

from facecorpus.crawl.fetch import Fetcher
from facecorpus.crawl.sources import NoPhotographs, Source
from facecorpus.errors import SourceError
from facecorpus.faces.detect import Detection
from facecorpus.faces.records import Picture
from facecorpus.manifest import Identity
from facecorpus.records import Candidate
from facecorpus.settings import CrawlSettings, FacesSettings


class Shelf(Source):
    """Asks SHELF_ADDRESS/<identity_id>.json for a list of objects with url, title, author and licence."""

    name = "shelf"

    def __init__(self, settings: CrawlSettings, fetcher: Fetcher, people: Sequence[Identity]) -> None:
        self._address = os.environ.get("SHELF_ADDRESS", "")
        if not self._address:
            raise SourceError("Source 'shelf' needs the address of its catalogue; set SHELF_ADDRESS.")
        self._fetcher = fetcher
        self.hosts = (urlsplit(self._address).netloc,)

    def candidates(self, identity: Identity) -> Iterator[Candidate]:
        """What the catalogue lists, in its order."""
        listed = self._fetcher.get_json(f"{self._address}/{identity.identity_id}.json", {})
        if not listed:
            raise NoPhotographs(f"{identity.name}: the shelf holds no photographs.")
        for entry in listed:
            yield Candidate(
                identity.identity_id,
                self.name,
                entry["url"],
                title=entry.get("title"),
                author=entry.get("author"),
                licence=entry.get("licence"),
            )

    def requests(self, identity: Identity, wanted: int) -> int:
        """One, whatever is wanted."""
        return 1


class Middle:
    """One face, half as wide and as high as the picture."""

    name = "middle 1.0"

    def __init__(self, settings: FacesSettings) -> None:
        pass

    def detect(self, picture: Picture, settings: FacesSettings) -> list[Detection]:
        """The one face."""
        height, width = picture.shape[:2]
        return [Detection((width / 4, height / 4, width / 2, height / 2), 1.0)]
