"""Builds that are kept by name, in versions/NAME: what did not change is the very file of the build, by hard link."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from facecorpus.build.compare import compare
from facecorpus.build.kind import Kind
from facecorpus.corpus import Corpus
from facecorpus.errors import BuildError
from facecorpus.shards import DATA, RECORD, described, file_in, is_plain_name, recorded, sealed_record
from facecorpus.system.folder import link, replaced_folder, settle

_CARD = "README.md"
_UNFINISHED = (".tmp", ".old")
_LAST = Kind.CROPS.folder_name  # so begin the folders of the last builds


@dataclass(frozen=True, slots=True)
class Build:
    """A folder of shards in a corpus: the last build of a kind, or one that was kept by name."""

    kind: Kind
    folder: Path
    version: str = ""  # its name; '': the last build

    @property
    def name(self) -> str:
        """The folder's path in the corpus."""
        return f"{self.folder.parent.name}/{self.version}" if self.version else self.folder.name


def builds(corpus: Corpus) -> Iterator[Build]:
    """Every build in the corpus, the kept ones last."""
    yield from (Build(kind, kind.folder(corpus.shards)) for kind in Kind)
    for folder in sorted(corpus.versions.glob("[!.]*")):
        if folder.is_dir() and folder.suffix not in _UNFINISHED:
            kind = recorded(folder).get("kind")
            yield Build(Kind(kind) if kind in list(Kind) else Kind.CROPS, folder, folder.name)


def settle_all(corpus: Corpus) -> None:
    """Bring every build to rest after a crash."""
    interrupted = {path.with_suffix("") for path in corpus.versions.glob("[!.]*") if path.suffix in _UNFINISHED}
    for folder in (*interrupted, *(build.folder for build in builds(corpus))):
        settle(folder)


def checked_tag(tag: str) -> str:
    """The name; BuildError where it cannot be that of a version."""
    if not is_plain_name(tag) or " " in tag or Path(tag).suffix in _UNFINISHED or tag.startswith(_LAST):
        raise BuildError(f"--tag {tag!r} is no name of a version; give letters, digits, dots and dashes, as in v1.")
    return tag


def named_build(corpus: Corpus, name: str) -> Build:
    """The kept build of that name, or the last build in that folder; BuildError where there is none."""
    found = {build.version or build.name: build for build in builds(corpus) if recorded(build.folder)["files"]}
    if name not in found:
        there = ", ".join(found) or "none yet"
        raise BuildError(f"There is no version {name!r}; there are: {there}. facecorpus build --tag NAME keeps one.")
    return found[name]


def keep(corpus: Corpus, tag: str, kind: Kind) -> Path:
    """Keep the last build of that kind as version `tag`; its folder.

    Its card has what differs from the version before. It appears as a whole or not at all; the same build again changes
    nothing. Raises BuildError where the name is taken by another build, or the disk does not take it.
    """
    built, target = kind.folder(corpus.shards), corpus.versions / checked_tag(tag)
    settle(target)
    record = recorded(built)
    if target.exists():
        there = recorded(target)
        if (there.get("kind"), there["fingerprint"]) != (kind, record["fingerprint"]) or "taken_down" in there:
            raise BuildError(
                f"There is a version {tag} already, of another build, and it stays as it is; the new build is in"
                f" {built}: keep it under another name."
            )
        return target
    versions = {build: recorded(build.folder).get("number", 0) for build in builds(corpus) if build.version}
    before = max((build for build in versions if build.kind == kind), key=lambda build: versions[build], default=None)
    changes = "This is the first version that was kept."
    if before:
        changes = compare(before.folder, built, before.version, tag).as_markdown()
    try:
        with replaced_folder(target) as folder:
            (folder / DATA).mkdir()
            for name in record["files"].keys() - {_CARD}:
                link(file_in(built, name), file_in(folder, name))
            card = (built / _CARD).read_text(encoding="utf-8")
            (folder / _CARD).write_text(f"{card}\n## Version {tag}\n\n{changes}\n", encoding="utf-8")
            record = record | {"version": tag, "number": 1 + max(versions.values(), default=0)}
            record["files"] = record["files"] | {_CARD: described(folder / _CARD)}
            del record["sha256"]
            (folder / RECORD).write_bytes(sealed_record(record))
    except OSError as error:
        raise BuildError(f"{target} could not be written ({error}); make room, and run this again.") from None
    return target
