"""Candidates whose bytes are on this machine: which source reads them, and how."""

import os
from urllib.parse import unquote, urlsplit
from urllib.request import url2pathname

from facecorpus.crawl.inspection import Fetched
from facecorpus.crawl.sources import archive, folder
from facecorpus.records import Candidate
from facecorpus.settings import FetchSettings

READERS = {folder.NAME: folder.read_file, archive.NAME: archive.read_member}
"""By source, how a file of this machine is read."""


def file_of(url: str) -> str:
    """The path in a file: URL of these sources, with the member of an archive behind a #."""
    parts = urlsplit(url)
    return os.path.realpath(url2pathname(parts.path)) + f"#{unquote(parts.fragment)}" * bool(parts.fragment)


def read_here(candidate: Candidate, settings: FetchSettings) -> Fetched | None:
    """What reading a candidate's file brings; None for one that is on the web."""
    reader = READERS.get(candidate.source)
    return reader(candidate.url, settings) if reader else None
