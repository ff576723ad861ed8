"""What may be a reviewer's name."""

from facecorpus.errors import FacecorpusError
from facecorpus.judging.reviewers import is_reviewer
from facecorpus.system.escape import for_csv
from facecorpus.words import AUTO


def check_reviewer(name: str) -> None:
    """Raise FacecorpusError where that is nobody's name."""
    if for_csv(name) != name:
        raise FacecorpusError(f"{name!r} would be a formula in a spreadsheet; choose a name that begins with no sign.")
    if not is_reviewer(name):
        raise FacecorpusError(f"{name!r} is no reviewer's name; give 1 to 64 printable characters.")
    if name == AUTO:
        raise FacecorpusError(f"{AUTO!r} is the name of the automatic policy; choose another reviewer's name.")
