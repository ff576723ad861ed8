"""Photographs and crops by content hash: written once under a temporary name, renamed, verifiable."""

import hashlib
import json
import os
import secrets
import shutil
from collections.abc import Iterator
from pathlib import Path

from facecorpus.system.modes import file_mode, make_file, make_folder, set_mode

UNFINISHED = ".tmp-"
"""How the names begin of files that are being written."""


def write_atomically(path: Path, data: bytes, scratch: Path | None = None) -> None:
    """Put data at path so that a reader, or a crash, sees the whole of it or nothing.

    A file of a corpus names the folder scratch, on the same file system: there the temporary file lies, and whoever may
    use that folder may use the file. Without one it lies beside path, and the umask says who may use the file.
    """
    in_corpus = scratch is not None
    scratch = scratch or path.parent
    try:
        handle, temporary = _new_file(scratch, in_corpus)
    except FileNotFoundError:
        _make(scratch, in_corpus)
        handle, temporary = _new_file(scratch, in_corpus)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        try:
            os.replace(temporary, path)
        except FileNotFoundError:
            _make(path.parent, in_corpus)
            os.replace(temporary, path)
    except BaseException as error:
        temporary.unlink(missing_ok=True)
        if isinstance(error, OSError) and error.filename is None:
            error.filename = str(path)  # a write that fails does not say of which file
        raise


def clear_unfinished(folder: Path) -> None:
    """Delete what killed writers left half written in that very folder; nobody may be writing."""
    for path in folder.glob(f"{UNFINISHED}*"):
        path.unlink()


def _new_file(folder: Path, in_corpus: bool) -> tuple[int, Path]:
    """Open a file under a name that nobody has; as shared as its folder, or as any other file is."""
    path = folder / f"{UNFINISHED}{secrets.token_hex(8)}"
    mode = file_mode(folder) if in_corpus else 0o666
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    if in_corpus:
        set_mode(handle, mode)
    return handle, path


def _make(folder: Path, in_corpus: bool) -> None:
    if in_corpus:
        make_folder(folder)
    else:
        folder.mkdir(parents=True, exist_ok=True)


class _Files:
    """A folder of files that are whole; those half written lie in its sub-folder .tmp."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.scratch = root / ".tmp"

    def clear_scratch(self) -> None:
        """Delete what killed writers left half written; nobody may be writing."""
        if self.scratch.exists():
            shutil.rmtree(self.scratch)


class Store(_Files):
    """A folder of files named by the sha256 of their bytes (hex), two levels deep: ab/cd/abcd…"""

    def path(self, sha256: str) -> Path:
        """Where the bytes of that hash are, or would be."""
        return self.root / f"{sha256[:2]}/{sha256[2:4]}/{sha256}"

    def put(self, data: bytes, sha256: str | None = None) -> str:
        """Store the bytes, unless they are there already, and return their sha256 (hex), where it is not given."""
        sha256 = sha256 or hashlib.sha256(data).hexdigest()
        path = self.path(sha256)
        if not path.exists():
            write_atomically(path, data, self.scratch)
        return sha256

    def read(self, sha256: str) -> bytes:
        """The bytes of that hash; FileNotFoundError where they are not stored."""
        return self.path(sha256).read_bytes()

    def remove(self, sha256: str) -> None:
        """Delete the bytes of that hash; none may be there."""
        self.path(sha256).unlink(missing_ok=True)

    def damaged(self) -> Iterator[Path]:
        """Files whose bytes no longer have the hash in their name."""
        for path in sorted(self.root.glob("??/??/[!.]*")):
            if hashlib.sha256(path.read_bytes()).hexdigest() != path.name:
                yield path


class Crops(_Files):
    """The aligned face crops, as JPEG files named by face_id (which begins with the photograph's hash)."""

    def path(self, face_id: str) -> Path:
        """Where the crop of that face is, or would be."""
        return self.root / f"{face_id[:2]}/{face_id[2:4]}/{face_id}.jpg"

    def put(self, face_id: str, jpeg: bytes) -> bytes:
        """Write one crop, and return its sha256; the same face again replaces it."""
        write_atomically(self.path(face_id), jpeg, self.scratch)
        return hashlib.sha256(jpeg).digest()

    def of_photograph(self, sha256: str) -> list[Path]:
        """The crops of all faces of that photograph, in the catalog or not."""
        return list(self.path(sha256).parent.glob(f"{sha256[:24]}-*.jpg"))

    def remove(self, photo_sha256: str) -> None:
        """Delete the crops of all faces of that photograph, in the catalog or not."""
        for crop in self.of_photograph(photo_sha256):
            crop.unlink()


class Quarantine:
    """Files that a repair moved out of the way: nothing that nobody knows is ever deleted.

    A file keeps its path in the corpus below this folder, so that it can be taken back. `list.jsonl` has a line for
    each move: what, and why.
    """

    def __init__(self, corpus_root: Path) -> None:
        self._corpus = corpus_root
        self.root = corpus_root / "quarantine"
        self.list = self.root / "list.jsonl"

    def put(self, path: Path, why: str) -> Path:
        """Move a file of the corpus here; return where it lies now."""
        place = self.root / path.relative_to(self._corpus)
        number = 0
        while (target := place.with_name(f"{place.name}.{number}") if number else place).exists():
            number += 1
        make_folder(target.parent)
        line = {"file": str(target.relative_to(self.root)), "from": str(path.relative_to(self._corpus)), "why": why}
        make_file(self.list)
        with self.list.open("a", encoding="utf-8") as file:  # first the line: a kill between leaves one too many
            file.write(json.dumps(line, ensure_ascii=False) + "\n")
            file.flush()
            os.fsync(file.fileno())
        os.rename(path, target)
        return target

    def take_back(self) -> tuple[int, int]:
        """Move every file back whose place is free; how many were moved, and how many stay."""
        moved = stayed = 0
        kept = []
        for line in self._lines():
            source, target = self.root / line["file"], self._corpus / line["from"]
            if not source.exists():
                continue
            if target.exists():
                stayed += 1
                kept.append(line)
                continue
            make_folder(target.parent)
            os.rename(source, target)
            moved += 1
        self._write(kept)
        return moved, stayed

    def forget(self, sha256: str) -> None:
        """Delete what is here of that photograph: its bytes, its crops, and the lines that name them."""
        if not self.list.exists():
            return
        for path in [*self.root.glob(f"photos/??/??/{sha256}*"), *self.root.glob(f"crops/??/??/{sha256[:24]}-*")]:
            path.unlink()
        self._write([line for line in self._lines() if sha256[:24] not in line["file"]])

    def _lines(self) -> list[dict[str, str]]:
        if not self.list.exists():
            return []
        return [json.loads(line) for line in self.list.read_text(encoding="utf-8").splitlines() if line.endswith("}")]

    def _write(self, lines: list[dict[str, str]]) -> None:
        text = "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines)
        if self.root.exists():
            write_atomically(self.list, text.encode(), self.root)
