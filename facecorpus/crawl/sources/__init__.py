"""Where photographs come from: one file a source, all behind the same small interface."""

from facecorpus.corpus import Corpus
from facecorpus.crawl.fetch import Fetcher
from facecorpus.crawl.sources.archive import Archive
from facecorpus.crawl.sources.commons import Commons
from facecorpus.crawl.sources.flickr import Flickr
from facecorpus.crawl.sources.folder import Folder
from facecorpus.crawl.sources.openverse import Openverse
from facecorpus.crawl.sources.source import NoPhotographs, Source, WrongPerson
from facecorpus.crawl.sources.urls import Urls
from facecorpus.errors import SourceError
from facecorpus.settings import SOURCES

__all__ = ["NoPhotographs", "Source", "WrongPerson", "open_source"]


def open_source(name: str, corpus: Corpus, fetcher: Fetcher) -> Source:
    """The source of that name; SourceError where it is not known, or the settings do not suffice for it."""
    match name:
        case "commons":
            return Commons(corpus.settings.crawl, fetcher, corpus.manifest.identities)
        case "openverse":
            return Openverse(corpus.settings.crawl, fetcher)
        case "flickr":
            return Flickr(corpus.settings.crawl, fetcher)
        case "urls":
            return Urls.of(corpus)
        case "folder":
            return Folder.of(corpus)
        case "archive":
            return Archive.of(corpus)
    raise SourceError(f"There is no source {name!r}; 'sources' in corpus.toml may name {', '.join(SOURCES)}.")
