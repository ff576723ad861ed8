"""facecorpus.log: what commands did in a corpus and how they ended, for whoever looks for the cause of something.

It may name people and addresses, as a refused host or a warning does: `forget` deletes it. Several processes may write
to it; a log that cannot be written is no reason to stop.
"""

import logging
import time
from contextlib import suppress
from logging.handlers import RotatingFileHandler
from pathlib import Path
from typing import Any

from facecorpus.system.escape import lines_for_terminal
from facecorpus.system.modes import make_file

NAME = "facecorpus.log"
LOG = logging.getLogger("facecorpus")
LOG.addHandler(logging.NullHandler())  # a library does not speak unless it is asked to

_BYTES = 1_000_000
_OLDER = 3  # logs that are kept beside, as facecorpus.log.1 and on


class _Lines(logging.Formatter):
    converter = staticmethod(time.gmtime)
    command = ""  # that this process carries out

    def __init__(self) -> None:
        super().__init__("%(asctime)s %(process)d %(levelname)s", "%Y-%m-%dT%H:%M:%SZ")

    def format(self, record: logging.LogRecord) -> str:
        """Nothing in it that a terminal obeys."""
        return lines_for_terminal(f"{super().format(record)} {self.command}: {record.getMessage()}")


class _File(RotatingFileHandler):
    """Opens the log for each line, so that it can be deleted, or moved aside by another process, at any time."""

    def __init__(self, path: Path) -> None:
        super().__init__(path, maxBytes=_BYTES, backupCount=_OLDER, encoding="utf-8", delay=True)

    def emit(self, record: logging.LogRecord) -> None:
        """Write one line."""
        super().emit(record)
        self.close_file()

    def close_file(self) -> None:
        """Close the file until the next line."""
        stream, self.stream = self.stream, None
        if stream is not None:
            with suppress(OSError):
                stream.close()

    def _open(self) -> Any:
        make_file(Path(self.baseFilename))
        return super()._open()

    def handleError(self, record: logging.LogRecord) -> None:
        """Go on: the disk may be full, or only be read."""
        self.close_file()


def name_log(command: str) -> None:
    """Say which command the lines from now on are of."""
    _Lines.command = command


def show_log() -> None:
    """Show every line of this process on stderr, those that are not kept too."""
    _attach(logging.StreamHandler(), logging.DEBUG)


def write_log(corpus: Path) -> None:
    """Keep what this process logs from now on in that corpus folder."""
    end_log(_File)
    _attach(_File(corpus / NAME), logging.INFO)


def end_log(kind: type[logging.Handler] = logging.StreamHandler) -> None:
    """Keep and show nothing more."""
    for handler in [one for one in LOG.handlers if isinstance(one, kind)]:
        LOG.removeHandler(handler)


def forget_log(corpus: Path) -> None:
    """Delete the log, and the older ones beside it."""
    for path in corpus.glob(f"{NAME}*"):
        path.unlink()


def _attach(handler: logging.Handler, level: int) -> None:
    handler.setLevel(level)
    handler.setFormatter(_Lines())
    LOG.setLevel(logging.DEBUG)
    LOG.addHandler(handler)
