"""The program with a line more than it has: links to its files, but for those that changed."""

from collections.abc import Mapping
from pathlib import Path

ROOT = Path(__file__).parents[2]


def with_lines(program: Path, lines: Mapping[str, tuple[str, str]]) -> Path:
    """Make a folder that holds the program with new lines, by file: (the line before it, the new one)."""
    program.mkdir()
    for package in ("facecorpus", "review_ui"):
        (program / package).symlink_to(ROOT / package)
    for name, (before, new) in lines.items():
        text = (ROOT / name).read_text(encoding="utf-8")
        assert text.count(f"{before}\n") == 1, before
        _unfold(program, Path(name).parent)
        (program / name).unlink()
        (program / name).write_text(text.replace(f"{before}\n", f"{before}\n{new}\n"), encoding="utf-8")
    return program


def _unfold(program: Path, folder: Path) -> None:
    """Make a folder of the program, where it is a link, one of links to what is in the real folder."""
    if folder.parent != Path():
        _unfold(program, folder.parent)
    if not (program / folder).is_symlink():
        return
    (program / folder).unlink()
    (program / folder).mkdir()
    for entry in (ROOT / folder).iterdir():
        if entry.name != "__pycache__":
            (program / folder / entry.name).symlink_to(entry)
