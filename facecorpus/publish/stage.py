"""The command `publish`: a kept version to the Hugging Face Hub, after it was said what would leave the machine."""

import time
from dataclasses import dataclass

from facecorpus.build.kind import WHAT, Kind
from facecorpus.corpus import Corpus
from facecorpus.errors import PublishError
from facecorpus.publish.hub import Hub, Visibility
from facecorpus.publish.leaving import leaving
from facecorpus.shards import RECORD, recorded
from facecorpus.system.console import duration


@dataclass(frozen=True, slots=True)
class PublishPreview:
    """What would leave the machine, and to where."""

    version: str
    kind: str
    address: str  # of the repository
    files: int
    bytes: int
    faces: int
    people: int
    licences: dict[str, int]  # faces by family, as build.json counts them
    with_basis: int  # people of whom the manifest states a basis, such as consent
    opt_outs_obeyed: bool
    before: Visibility | None  # the repository's; None: there is none yet
    after: Visibility

    def __str__(self) -> str:
        licences = ", ".join(f"{family} {faces}" for family, faces in self.licences.items())
        obeyed = "obeyed, and nobody in it has opted out since" if self.opt_outs_obeyed else "NOT obeyed (corpus.toml)"
        now = f"it is {self.before} now" if self.before else "it does not exist yet"
        lines = [
            f"This leaves the machine for {self.address}:",
            f"  version {self.version}: {self.files} files, {self.bytes / 1e6:.1f} MB,"
            f" {self.faces} {WHAT[Kind(self.kind)]} of {self.people} people with their names and labels",
            f"  licences: {licences}",
            f"  opt-outs: {obeyed}; taken down: none; consent: a basis is stated for {self.with_basis} people",
            f"The repository will be {self.after}; {now}. Its head will be this version alone.",
        ]
        return "\n".join(lines)


@dataclass(frozen=True, slots=True)
class PublishSummary:
    """What was published."""

    version: str
    address: str
    visibility: Visibility
    changed: bool  # False: the tag had this very version
    files: int
    bytes: int
    seconds: float

    def __str__(self) -> str:
        where = f"{self.address}/tree/{self.version}, {self.visibility}"
        if not self.changed:
            return f"Version {self.version} is there already: {where}."
        size = f"{self.files} files, {self.bytes / 1e6:.1f} MB"
        return f"Published version {self.version} ({size}, in {duration(self.seconds)}): {where}."


class Publication:
    """One version on its way to one repository: looked at first, then sent."""

    def __init__(
        self, corpus: Corpus, repository: str, version: str | None, with_images: bool, visibility: Visibility
    ) -> None:
        """Raise PublishError for what must not leave, and where the repository cannot take it."""
        self._visibility = visibility
        self._hub = Hub(repository)
        self._opt_outs_obeyed = corpus.settings.fetch.obey_opt_outs
        self._leaving = leaving(corpus, version, with_images)
        self._version, folder = self._leaving.build.version, self._leaving.build.folder
        self._there = self._hub.look()
        self._changed = not self._has_tag() or not self._hub.has(
            self._version, folder / RECORD, self._leaving.sums[RECORD]
        )
        # A version changes by a forget alone, and then its tag has to follow.
        if self._changed and self._has_tag() and "taken_down" not in recorded(folder):
            raise PublishError(
                f"{self._hub.address} has a tag {self._version} already, of another build, and that stays as it is;"
                " keep yours under another name: facecorpus build --tag NAME."
            )

    def _has_tag(self) -> bool:
        return self._version in self._there.tags

    @property
    def preview(self) -> PublishPreview:
        """What `send` would do."""
        what = self._leaving
        return PublishPreview(
            version=self._version,
            kind=what.build.kind,
            address=self._hub.address,
            files=len(what.sums),
            bytes=what.bytes,
            faces=what.faces,
            people=what.people,
            licences=what.licences,
            with_basis=what.with_basis,
            opt_outs_obeyed=self._opt_outs_obeyed,
            before=self._there.visibility,
            after=self._visibility,
        )

    def send(self) -> PublishSummary:
        """Send what is missing. May be killed at any moment: the tag comes last, and stands for the whole version."""
        begun, what = time.monotonic(), self._leaving
        self._hub.make(self._visibility)
        if self._changed:
            message = f"Version {self._version}: {what.faces} {WHAT[what.build.kind]} of {what.people} people"
            self._hub.send(what.build.folder, what.sums, message)
            self._hub.tag(self._version)
        return PublishSummary(
            version=self._version,
            address=self._hub.address,
            visibility=self._visibility,
            changed=self._changed,
            files=len(what.sums),
            bytes=what.bytes,
            seconds=time.monotonic() - begun,
        )
