"""Where photographs come from: one file a source, all behind the same small interface."""

from collections.abc import Callable
from functools import partial

from facecorpus.corpus import Corpus
from facecorpus.crawl.fetch import Fetcher
from facecorpus.crawl.sources.archive import Archive
from facecorpus.crawl.sources.commons import Commons
from facecorpus.crawl.sources.flickr import Flickr
from facecorpus.crawl.sources.folder import Folder
from facecorpus.crawl.sources.openverse import Openverse
from facecorpus.crawl.sources.plugin import Plugin
from facecorpus.crawl.sources.search_engines import ENGINES, Engine
from facecorpus.crawl.sources.source import MOST_NAMES, NoPhotographs, Source, WrongPerson, proposals, understood
from facecorpus.crawl.sources.urls import Urls

__all__ = ["MOST_NAMES", "NoPhotographs", "Source", "WrongPerson", "open_source", "proposals", "understood"]


def open_source(name: str, corpus: Corpus, fetcher: Fetcher) -> Source:
    """The source of that name, a plugin's where facecorpus has none; SourceError where the settings do not suffice."""
    crawl = corpus.settings.crawl
    makers: dict[str, Callable[[], Source]] = {
        "commons": lambda: Commons(crawl, fetcher, corpus.manifest.identities),
        "openverse": lambda: Openverse(crawl, fetcher),
        "flickr": lambda: Flickr(crawl, fetcher),
        **{engine: partial(Engine, engine, crawl, fetcher, corpus.root) for engine in ENGINES},
        "urls": lambda: Urls.of(corpus),
        "folder": lambda: Folder.of(corpus),
        "archive": lambda: Archive.of(corpus),
    }
    if name in makers:
        return makers[name]()
    return Plugin(name, crawl, fetcher, corpus.manifest.identities)
