"""Face datasets from the web, with provenance, and proof of what they are worth.

```python
import facecorpus as fc

corpus = fc.open("mycorpus")                    # or fc.init("mycorpus", "people.csv")
corpus.crawl()                                  # what the commands do: review(auto=True), build(), train(), …
corpus.faces(accepted=True).to_pandas()         # a row a face, with licence and author
corpus.photograph(face_id).image                # the photograph of a face
fc.analyze("group.jpg").faces                   # the faces of any picture
```

Nothing heavy is imported before its first use. Every error that a user can mend is a FacecorpusError.
"""

from typing import TYPE_CHECKING, Any

from facecorpus.errors import (
    BuildError,
    CorpusError,
    EngineError,
    ExportError,
    FacecorpusError,
    ManifestError,
    ModelError,
    PictureError,
    PublishError,
    SettingsError,
    ShardsError,
    SourceError,
)

if TYPE_CHECKING:
    from facecorpus.build.stage import BuildSummary
    from facecorpus.faces.any_picture import analyze
    from facecorpus.faces.records import PhotoAnalysis
    from facecorpus.judging.policy import AutoSummary
    from facecorpus.library import Corpus, Photograph, Run, init, open
    from facecorpus.records import Face
    from facecorpus.takedown.stage import ForgetSummary
    from facecorpus.upkeep.status import Status
    from facecorpus.upkeep.verify import VerifySummary

__version__ = "0.1.0"

__all__ = [
    "AutoSummary",
    "BuildError",
    "BuildSummary",
    "Corpus",
    "CorpusError",
    "EngineError",
    "ExportError",
    "Face",
    "FacecorpusError",
    "ForgetSummary",
    "ManifestError",
    "ModelError",
    "PhotoAnalysis",
    "Photograph",
    "PictureError",
    "PublishError",
    "Run",
    "SettingsError",
    "ShardsError",
    "SourceError",
    "Status",
    "VerifySummary",
    "__version__",
    "analyze",
    "init",
    "open",
]

# Where the names are that are imported at their first use.
_MODULES = {
    "AutoSummary": "facecorpus.judging.policy",
    "BuildSummary": "facecorpus.build.stage",
    "Corpus": "facecorpus.library",
    "Face": "facecorpus.records",
    "ForgetSummary": "facecorpus.takedown.stage",
    "PhotoAnalysis": "facecorpus.faces.records",
    "Photograph": "facecorpus.library",
    "Run": "facecorpus.library",
    "Status": "facecorpus.upkeep.status",
    "VerifySummary": "facecorpus.upkeep.verify",
    "analyze": "facecorpus.faces.any_picture",
    "init": "facecorpus.library",
    "open": "facecorpus.library",
}


def __getattr__(name: str) -> Any:
    """Import what is asked for (PEP 562)."""
    if name not in _MODULES:
        raise AttributeError(f"module 'facecorpus' has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(_MODULES[name]), name)


def __dir__() -> list[str]:
    return __all__
