"""The one error tree of the toolkit.

    FacecorpusError              anything that a user can mend; the CLI prints it and exits with 2
    ├── ManifestError            a manifest that breaks a rule: names file, line, column, allowed values
    ├── SettingsError            corpus.toml holds an unknown key or a value of the wrong kind
    ├── CorpusError              the folder is no corpus, is locked, is newer than this program
    ├── SourceError              a source cannot be asked, or answered something that it should not
    ├── ModelError               a model file is missing or is not what it should be
    ├── EngineError              the engine that the settings name is not installed, or its cluster not reached
    ├── PictureError             the bytes are no picture that can be used
    ├── BuildError               there is nothing to build, or a check before writing failed
    ├── ShardsError              shards, or what stands beside them, hold what no build writes
    ├── ExportError              the shards cannot be exported
    └── PublishError             a version cannot be published, or must not be

Every message is one sentence that names the thing, what was expected, and, behind a semicolon, what to do next.
"""

LONGEST = 4000
"""Characters of a message: what others wrote may stand in it, without an end."""


class FacecorpusError(Exception):
    """Anything that a user can mend."""

    def __str__(self) -> str:
        """The message; of one that is too long the beginning and the end, which says what to do."""
        text = super().__str__()
        return text if len(text) <= LONGEST else f"{text[: LONGEST // 2]} … {text[3 - LONGEST // 2 :]}"

    @property
    def hint(self) -> str:
        """What to do next: what stands behind the sentence's last semicolon, or else the whole of it."""
        return hint_of(str(self))


def hint_of(sentence: str) -> str:
    """What to do next, by a sentence as every message is one."""
    return sentence.rpartition("; ")[2]


class ManifestError(FacecorpusError):
    """A manifest breaks a rule."""


class SettingsError(FacecorpusError):
    """corpus.toml holds an unknown key or a value of the wrong kind."""


class CorpusError(FacecorpusError):
    """The folder is no corpus, is locked, or was written by a newer version."""


class SourceError(FacecorpusError):
    """A source cannot be asked, or answered something that it should not."""


class ModelError(FacecorpusError):
    """A model file is missing or is not what it should be."""


class EngineError(FacecorpusError):
    """The engine that the settings name is not installed, or its cluster cannot be reached."""


class PictureError(FacecorpusError):
    """The bytes are no picture that can be used."""


class BuildError(FacecorpusError):
    """There is nothing to build, or a check before writing failed."""


class ShardsError(FacecorpusError):
    """Shards, or what stands beside them, hold what no build writes, or not the bytes that it wrote."""


class ExportError(FacecorpusError):
    """The shards cannot be exported."""


class PublishError(FacecorpusError):
    """A version cannot be published, or must not be."""
