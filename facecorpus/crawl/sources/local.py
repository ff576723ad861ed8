"""Candidates whose bytes are on this machine: which source reads them, and how."""

from facecorpus.crawl.inspection import Fetched
from facecorpus.crawl.sources import archive, folder
from facecorpus.records import Candidate

READERS = {folder.NAME: folder.read_file, archive.NAME: archive.read_member}
"""By source, how a file of this machine is read."""


def read_here(candidate: Candidate, max_bytes: int) -> Fetched | None:
    """What reading a candidate's file brings; None for one that is on the web."""
    reader = READERS.get(candidate.source)
    return reader(candidate.url, max_bytes) if reader else None
