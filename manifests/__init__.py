"""The manifests that facecorpus ships: who is in a corpus, one CSV file each."""

from importlib.resources import files
from os import PathLike
from pathlib import Path

from facecorpus.errors import ManifestError

_FOLDER = Path(str(files(__name__)))


def list_shipped() -> tuple[str, ...]:
    """The names of the shipped manifests, sorted, without ".csv"."""
    return tuple(sorted(path.stem for path in _FOLDER.glob("*.csv")))


def find_shipped(name: str) -> Path:
    """The file of a shipped manifest, like `find_shipped("paper77")`.

    Raises ManifestError that lists the shipped names where there is no such manifest.
    """
    if name not in list_shipped():
        raise ManifestError(
            f"No manifest called {name!r} is shipped; choose one of {', '.join(list_shipped())},"
            " or give the path of your own CSV file."
        )
    return _FOLDER / f"{name}.csv"


def find_manifest(given: str | PathLike[str]) -> Path:
    """The file that is meant: a path where there is such a file, else the name of a shipped manifest.

    Raises ManifestError as find_shipped does.
    """
    return Path(given) if Path(given).is_file() else find_shipped(str(given))
