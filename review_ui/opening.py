"""Open the browser without the token on its command line, which every account of the machine can read."""

import os
import shutil
import signal
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

from review_ui.pages import page

_OTHERS = 0o077  # all rights of group and others


@contextmanager
def private_page(corpus: Path, url: str, port: int) -> Iterator[str]:
    """The address of a file that this account alone can read and that leads on to `url`; deleted at the end."""
    folder = _private_folder(corpus.resolve() / f".review-{port}")
    try:
        file = folder / "open.html"
        handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "wb") as written:
            written.write(bytes(page("opening.html", url=url).body))
        with _signals_end():
            yield file.as_uri()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _private_folder(wanted: Path) -> Path:
    """That folder, or one for temporary files where it cannot be made private.

    It is in the corpus because browsers that come as snaps see nothing of /tmp.
    """
    shutil.rmtree(wanted, ignore_errors=True)  # of a review that was killed
    try:
        wanted.mkdir(mode=0o700)
        if not wanted.stat().st_mode & _OTHERS:
            return wanted
        wanted.rmdir()  # a disk that knows no modes
    except OSError:
        pass
    return Path(tempfile.mkdtemp(prefix="facecorpus-review-"))


@contextmanager
def _signals_end() -> Iterator[None]:
    """Have a closed terminal and a kill end the program as Ctrl-C does, so that the file does not stay."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    taken = [number for number in _ENDS if signal.getsignal(number) == signal.SIG_DFL]
    for number in taken:
        signal.signal(number, _ENDS[number])
    try:
        yield
    finally:
        for number in taken:
            signal.signal(number, signal.SIG_DFL)


def _end(number: int, _: FrameType | None) -> None:
    raise SystemExit(128 + number)


def _terminate(_number: int, _: FrameType | None) -> None:
    signal.raise_signal(signal.SIGTERM)  # for which the server has a handler of its own while it runs


_ENDS: dict[int, Callable[[int, FrameType | None], None]] = {signal.SIGTERM: _end}
if sys.platform != "win32":
    _ENDS[signal.SIGHUP] = _terminate
