"""Photographs and crops by content hash: written once under a temporary name, renamed, verifiable."""

import hashlib
import os
import secrets
import shutil
from collections.abc import Iterator
from pathlib import Path


def write_atomically(path: Path, data: bytes, scratch: Path | None = None) -> None:
    """Put data at path so that a reader, or a crash, sees the whole of it or nothing.

    The temporary file lies in the folder scratch, on the same file system; beside path where none is named.
    """
    scratch = scratch or path.parent
    try:
        handle, temporary = _new_file(scratch)
    except FileNotFoundError:
        scratch.mkdir(parents=True, exist_ok=True)
        handle, temporary = _new_file(scratch)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        try:
            os.replace(temporary, path)
        except FileNotFoundError:
            path.parent.mkdir(parents=True, exist_ok=True)
            os.replace(temporary, path)
    except BaseException as error:
        temporary.unlink(missing_ok=True)
        if isinstance(error, OSError) and error.filename is None:
            error.filename = str(path)  # a write that fails does not say of which file
        raise


def _new_file(folder: Path) -> tuple[int, Path]:
    """Open a file under a name that nobody has; as shared as any other file is, unlike those of tempfile."""
    path = folder / f".tmp-{secrets.token_hex(8)}"
    return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666), path


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

    def put(self, face_id: str, jpeg: bytes) -> None:
        """Write one crop; the same face again replaces it."""
        write_atomically(self.path(face_id), jpeg, self.scratch)

    def of_photograph(self, sha256: str) -> list[Path]:
        """The crops of all faces of that photograph, in the catalog or not."""
        return list(self.path(sha256).parent.glob(f"{sha256[:24]}-*.jpg"))

    def remove(self, photo_sha256: str) -> None:
        """Delete the crops of all faces of that photograph, in the catalog or not."""
        for crop in self.of_photograph(photo_sha256):
            crop.unlink()
