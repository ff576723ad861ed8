"""What a report is made of, so that the page and the text have the same: sections of sentences, tables and pictures."""

from __future__ import annotations

from base64 import b64encode
from dataclasses import dataclass


@dataclass(frozen=True)
class Cell:
    """A cell of a table; `small` are lines below it, `mark` is what it is told apart by ("best", or a verdict)."""

    text: str = "–"
    small: tuple[str, ...] = ()
    mark: str = ""

    @property
    def style(self) -> str:
        """The mark as the name of a style."""
        return self.mark.replace(" ", "-")


@dataclass(frozen=True)
class Grid:
    """A table with its caption; one `of_words` is read from the left."""

    caption: str
    head: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    of_words: bool = False


@dataclass(frozen=True)
class Picture:
    """A figure: its file name, what stands below it, and the PNG; `wide` is the same for a broad screen."""

    name: str
    caption: str
    png: bytes
    wide: bytes | None = None

    @property
    def source(self) -> str:
        """The picture as a data URL, so that the page needs no other file."""
        return _data_url(self.png)

    @property
    def wide_source(self) -> str:
        """The same of the broad one, "" without one."""
        return _data_url(self.wide) if self.wide else ""


@dataclass(frozen=True)
class Section:
    """A part of the report that can be folded away; `key` is its place in the page."""

    key: str
    title: str
    said: tuple[str, ...] = ()
    note: str = ""
    grids: tuple[Grid, ...] = ()
    pictures: tuple[Picture, ...] = ()


def words(*texts: str) -> tuple[Cell, ...]:
    """A row of plain cells."""
    return tuple(Cell(text) for text in texts)


def _data_url(png: bytes) -> str:
    return f"data:image/png;base64,{b64encode(png).decode()}"
