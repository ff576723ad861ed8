"""What a worker of any engine does with a picture: an analysis, or a failure that costs this picture alone."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from facecorpus.errors import ModelError, PictureError
from facecorpus.faces.records import Failure, PhotoAnalysis
from facecorpus.settings import FacesSettings

if TYPE_CHECKING:
    from facecorpus.faces.analyze import Seen
    from facecorpus.faces.models import Models


def look(
    sha256: str, read: Callable[[], bytes], models: "Models", settings: FacesSettings, max_pixels: int
) -> "Seen | Failure":
    """Read a picture and find its faces; whatever goes wrong is a Failure in one sentence."""
    from facecorpus.faces.analyze import see

    try:
        return see(read(), sha256, models, settings, max_pixels)
    except PictureError as error:
        return Failure(sha256, str(error))
    except ModelError as error:  # a detector of another package fails: the picture waits for one that does not
        return Failure(sha256, str(error), retry=True)
    except MemoryError:
        return Failure(
            sha256, "There was not enough memory for this picture; set workers in [faces] lower.", retry=True
        )
    except Exception as error:  # whatever one picture does to a library costs that picture alone
        return Failure(sha256, f"The analysis failed ({type(error).__name__}: {error}); look at the file.")


def describe_all(looked: "Sequence[Seen | Failure]", models: "Models") -> list[PhotoAnalysis | Failure]:
    """Describe the faces of several pictures at once; the results stand in the order given."""
    from facecorpus.faces.analyze import describe

    analyses = iter(describe([seen for seen in looked if not isinstance(seen, Failure)], models))
    return [seen if isinstance(seen, Failure) else next(analyses) for seen in looked]
