"""Candidates whose bytes are on this machine: which source reads them, and how."""

from facecorpus.crawl.inspection import Fetched
from facecorpus.crawl.sources import archive, folder
from facecorpus.records import Candidate

_READERS = {folder.NAME: folder.read_file, archive.NAME: archive.read_member}


def read_here(candidate: Candidate, max_bytes: int) -> Fetched | None:
    """What reading a candidate's file brings; None for one that is on the web."""
    reader = _READERS.get(candidate.source)
    return reader(candidate.url, max_bytes) if reader else None
