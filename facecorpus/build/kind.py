"""The three kinds of a build, each in a folder of its own."""

from enum import StrEnum
from pathlib import Path


class Kind(StrEnum):
    """What a row holds as its picture."""

    CROPS = "crops"  # the aligned face
    ORIGINAL = "original"  # the photograph as it was fetched
    WITHOUT_IMAGES = "without-images"  # nothing: addresses, hashes, boxes and landmarks

    def folder(self, shards: Path) -> Path:
        """Where a build of this kind lies, given the folder of the usual one."""
        return shards.with_name(self.folder_name)

    @property
    def folder_name(self) -> str:
        """The name of its folder within the corpus."""
        return "shards" if self is Kind.CROPS else f"shards-{self}"


WHAT = {
    Kind.CROPS: "aligned faces",
    Kind.ORIGINAL: "faces in whole photographs",
    Kind.WITHOUT_IMAGES: "addresses of faces (no pictures)",
}
"""What a build of each kind holds, in words, after a number."""
