"""Files in the corpus folder that no stage wrote or keeps, and that may still name what goes: exported decisions."""

from collections.abc import Iterator
from pathlib import Path

from facecorpus.build.kind import Kind
from facecorpus.catalog.removals import Marked
from facecorpus.corpus import Corpus
from facecorpus.errors import FacecorpusError
from facecorpus.export.stage import MARK
from facecorpus.judging.exchange import strike_out

_FILES = ("catalog.sqlite*", "corpus.toml", "manifest.csv", "decisions.jsonl*", ".*")
_FOLDERS = ("photos", "crops", "parts", "quarantine", "runs", "receipts", "versions")
_PACKED = (".zip", ".tar", ".gz", ".tgz", ".xz", ".zst")
_CHUNK = 1 << 20


def strike_out_beside(corpus: Corpus, marked: Marked) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Write exported decisions anew without what is marked; their names, and those of other files that hold some of it.

    Of a photograph its sha256, the beginning of its face_ids and its addresses are looked for. What is packed, as a
    backup is, is not opened and counts as one that may hold it.
    """
    struck, naming = [], []
    needles = [name.encode() for sha256 in marked.photographs for name in (sha256, f"{sha256[:24]}-")]
    needles += [url.encode() for url in marked.urls]
    for path in _files_beside(corpus):
        name = str(path.relative_to(corpus.root))
        try:
            struck += [name] * (strike_out(path, marked.photographs, marked.identity_id) > 0)
        except FacecorpusError:  # no exported decisions
            naming += [name] * _holds(path, needles)
    return tuple(struck), tuple(naming)


def exports_in(corpus: Corpus) -> tuple[str, ...]:
    """The folders in the corpus to which shards were exported."""
    return tuple(sorted(mark.parent.name for mark in corpus.root.glob(f"*/{MARK}")))


def _files_beside(corpus: Corpus) -> Iterator[Path]:
    own = {kind.folder(corpus.shards).name for kind in Kind} | set(exports_in(corpus))
    for top in sorted(corpus.root.iterdir()):
        if top.name not in own and not any(top.match(pattern) for pattern in (*_FILES, *_FOLDERS)):
            files = sorted(top.rglob("*")) if top.is_dir() else [top]
            yield from (path for path in files if path.is_file() and not path.is_symlink())


def _holds(path: Path, needles: list[bytes]) -> bool:
    overlap = max(map(len, needles), default=1) - 1
    last = b""
    if path.suffix in _PACKED:
        return True
    try:
        with path.open("rb") as file:
            while chunk := file.read(_CHUNK):
                last += chunk
                if any(needle in last for needle in needles):
                    return True
                last = last[-overlap:] if overlap else b""
    except OSError:
        return False
    return False
