"""Progress on a screen."""

from __future__ import annotations

from io import StringIO

from rich.console import Console

from training.job import Progress
from training.machine.progress import Board


def test_progress_in_a_terminal_is_one_table_with_rate_and_time_left() -> None:
    screen = Console(file=StringIO(), force_terminal=True, width=100)
    with Board(screen, "Networks", [("photo/race", 100)]) as board:
        board.start("photo/race")
        board.update("photo/race", Progress(10, 100))
        board.update("photo/race", Progress(50, 100, 0.5, 0.75))
        board.finish("photo/race")
    text = screen.file.getvalue()  # type: ignore[attr-defined]
    assert "50/100" in text
    assert "75.0%" in text
    assert "1 of 1 done" in text
