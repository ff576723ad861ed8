"""What the machine refuses, said in a sentence: a full disk, a folder that may not be written, a catalog in use."""

import errno
import os
import sqlite3

_AGAIN = "then run the same command again: nothing is half-written."

_FILES = {
    errno.ENOSPC: f"the disk is full; make room, {_AGAIN}",
    errno.EDQUOT: f"your quota of that disk is used up; make room, {_AGAIN}",
    errno.EROFS: f"it is on a disk that can only be read; mount it for writing, {_AGAIN}",
    errno.EACCES: f"you have no right to; change its owner or mode, {_AGAIN}",
    errno.EPERM: f"you have no right to; change its owner or mode, {_AGAIN}",
    errno.EIO: "the disk reports an error; look at it, and at your copies, before you go on.",
    errno.EMFILE: f"too many files are open; raise the limit (ulimit -n), {_AGAIN}",
}

_CATALOG = {
    "SQLITE_FULL": "the disk is full, or the folder for temporary files ({temporary}); make room, {again}",
    "SQLITE_READONLY": "it may only be read; make its folder writable, {again}",
    "SQLITE_CANTOPEN": "it cannot be opened; see to it that its folder exists and is writable, {again}",
    "SQLITE_IOERR": "the disk reports an error, or is full; look at it, {again}",
    "SQLITE_BUSY": "another program is writing to it; wait until that has ended, {again}",
    "SQLITE_CORRUPT": "it is damaged; restore it from a copy.",
    "SQLITE_NOTADB": "it is no SQLite database; restore it from a copy.",
}
# What Python says of text that is no UTF-8: where it is read, and where a trigger hands it to one of its functions.
_NO_TEXT = ("Could not decode to UTF-8", "user-defined function raised exception")


def sentence_of(error: BaseException) -> str | None:
    """The sentence for an error of the system or of SQLite that a user can mend; None for any other."""
    if isinstance(error, sqlite3.Error):
        # An extended name begins with the plain one: SQLITE_IOERR_WRITE.
        name = getattr(error, "sqlite_errorname", None) or ""
        if str(error).startswith(_NO_TEXT):
            name = "SQLITE_CORRUPT"
        reason = next((text for plain, text in _CATALOG.items() if name.startswith(plain)), None)
        return reason and f"The catalog could not be written: {reason.format(temporary=_temporary(), again=_AGAIN)}"
    if isinstance(error, OSError) and error.errno in _FILES:
        where = error.filename if isinstance(error.filename, str | os.PathLike) else "A file"
        return f"{os.fspath(where)} could not be written or read: {_FILES[error.errno]}"
    if isinstance(error, FileNotFoundError) and "temporary directory" in str(error):
        return f"No folder for temporary files can be written; make room in {_temporary()}, or set TMPDIR, {_AGAIN}"
    return None


def _temporary() -> str:
    return os.environ.get("TMPDIR", "/tmp")
