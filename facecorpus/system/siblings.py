"""The packages that install beside facecorpus: are they the ones that an import finds?"""

from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

from facecorpus.errors import FacecorpusError

_HOME = Path(__file__).resolve().parents[2]


def check_sibling(name: str) -> None:
    """Raise FacecorpusError where another package called training, manifests or review_ui hides ours.

    Python looks first where a script or notebook lies. The commands leave the working directory out.
    """
    spec = find_spec(name)
    found = Path(spec.origin).resolve() if spec is not None and spec.origin is not None else None
    if found is None or found.parents[1] != _HOME:
        raise FacecorpusError(
            f"The package {name} of facecorpus is hidden by another one ({found}); rename that, or work in another"
            " folder."
        )


@contextmanager
def training_told() -> Iterator[None]:
    """Raise FacecorpusError where training is hidden, and for whatever it says that a user can put right."""
    check_sibling("training")
    from training import TrainingError

    try:
        yield
    except TrainingError as error:
        raise FacecorpusError(str(error)) from None
