"""What may be a reviewer's name."""

from facecorpus.errors import FacecorpusError
from facecorpus.judging.reviewers import is_reviewer
from facecorpus.system.escape import for_csv
from facecorpus.words import AUTO
from review_ui.language import t


def check_reviewer(name: str) -> None:
    """Raise FacecorpusError where that is nobody's name."""
    if for_csv(name) != name:
        raise FacecorpusError(
            t("{name} would be a formula in a spreadsheet; choose a name that begins with no sign.", name=repr(name))
        )
    if not is_reviewer(name):
        raise FacecorpusError(t("{name} is no reviewer's name; give 1 to 64 printable characters.", name=repr(name)))
    if name == AUTO:
        raise FacecorpusError(
            t("{name} is the name of the automatic policy; choose another reviewer's name.", name=repr(AUTO))
        )
