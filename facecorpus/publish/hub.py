"""A dataset repository on the Hugging Face Hub: what it is now, and a version sent to it, by the Hub's own library.

https://huggingface.co/docs/huggingface_hub/guides/upload. HF_ENDPOINT names another Hub, HF_TOKEN who asks.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from facecorpus.errors import PublishError
from facecorpus.shards import RECORD
from facecorpus.system.console import track

if TYPE_CHECKING:
    from huggingface_hub import RepoFile, RepoFolder

_KIND = "dataset"
_ATTRIBUTES = ".gitattributes"
_WITH_A_NEW_REPOSITORY = {_ATTRIBUTES, "README.md"}
# Pages that grow with the faces are stored as shards are: the Hub then takes what changed of one, not the whole.
_GROWING = ("*.parquet", "attribution.*", "build.json", "checksums.txt", "croissant.json")
_LARGE = "".join(f"{name} filter=lfs diff=lfs merge=lfs -text\n" for name in _GROWING).encode()
_AT_ONCE = 100  # files between two signs of progress; those of a finished batch are never sent again


@dataclass(frozen=True, slots=True)
class Visibility:
    """Who sees a repository, and whether its owner lets in everybody who asks."""

    private: bool
    gated: bool

    def __str__(self) -> str:
        return f"{'private' if self.private else 'public'} and {'' if self.gated else 'not '}gated"


@dataclass(frozen=True, slots=True)
class Repository:
    """A repository as it is now."""

    visibility: Visibility | None  # None: there is none of that name
    tags: frozenset[str] = frozenset()


class Hub:
    """One repository. Whatever the Hub refuses, or cannot be reached for, is raised as PublishError."""

    def __init__(self, name: str) -> None:
        self.name = name
        with self._told():
            from huggingface_hub import HfApi
            from huggingface_hub.utils.tqdm import disable_progress_bars

            disable_progress_bars()  # ours are shown
            self._api = HfApi(library_name="facecorpus")
        if "/" not in name:
            raise PublishError(f"{name} names no owner; name the repository like somebody/{name}.")

    @property
    def address(self) -> str:
        """The repository's page."""
        return f"{self._api.endpoint}/datasets/{self.name}"

    def look(self) -> Repository:
        """The repository as it is. Raises PublishError where it holds something else than what facecorpus publishes."""
        from huggingface_hub.errors import RepositoryNotFoundError

        with self._told():
            self._api.whoami()  # without a token every repository looks as if it did not exist
            try:
                info = self._api.dataset_info(self.name)
            except RepositoryNotFoundError:
                return Repository(None)
            files = {*self._api.list_repo_files(self.name, repo_type=_KIND)}
            tags = frozenset(one.name for one in self._api.list_repo_refs(self.name, repo_type=_KIND).tags)
        if RECORD not in files and files - _WITH_A_NEW_REPOSITORY:
            raise PublishError(
                f"{self.address} holds files that facecorpus did not publish, and publish makes it hold a version and"
                " nothing else; name a new repository."
            )
        return Repository(Visibility(bool(info.private), bool(info.gated)), tags)

    def has(self, tag: str, file: Path, sha256: str) -> bool:
        """Whether that tag has this very file, by its name."""
        with self._told():
            found = self._api.get_paths_info(self.name, [file.name], revision=tag, repo_type=_KIND)
            return any(_is(one, file, sha256) for one in found)

    def make(self, visibility: Visibility) -> None:
        """See to it that there is a repository, and who sees it."""
        with self._told():
            self._api.create_repo(self.name, repo_type=_KIND, private=visibility.private, exist_ok=True)
            self._api.update_repo_settings(
                self.name,
                repo_type=_KIND,
                private=visibility.private,
                gated="manual" if visibility.gated else False,
            )

    def send(self, folder: Path, sums: Mapping[str, str], message: str) -> None:
        """Make the head of the repository hold the files of a folder, by name with their sha256, and nothing else.

        All in one commit. What the repository has already, also by a run that was killed, is not sent again.
        """
        from huggingface_hub import CommitOperationAdd, CommitOperationDelete, RepoFile
        from huggingface_hub.utils.sha import git_hash

        with self._told():
            listed = self._api.list_repo_tree(self.name, recursive=True, repo_type=_KIND)
            there = {one.path: one for one in listed}
            attributes = there.get(_ATTRIBUTES)
            if not isinstance(attributes, RepoFile) or attributes.blob_id != git_hash(_LARGE):
                operation = CommitOperationAdd(_ATTRIBUTES, _LARGE)
                self._api.create_commit(self.name, [operation], repo_type=_KIND, commit_message="What is large")
            missing = [name for name, sha256 in sums.items() if not _is(there.get(name), folder / name, sha256)]
            added = [CommitOperationAdd(name, folder / name) for name in missing]
            with track("publish", len(added)) as progress:
                for first in range(0, len(added), _AT_ONCE):
                    batch = added[first : first + _AT_ONCE]
                    self._api.preupload_lfs_files(self.name, batch, repo_type=_KIND, free_memory=False)
                    progress.advance(len(batch))
            gone = [one for one in there if isinstance(there[one], RepoFile) and one not in {*sums, _ATTRIBUTES}]
            if added or gone:
                deleted = [CommitOperationDelete(name) for name in gone]
                self._api.create_commit(self.name, [*deleted, *added], repo_type=_KIND, commit_message=message)

    def tag(self, tag: str) -> None:
        """Let the tag stand for what the head holds, and leave no way from it to what was there before."""
        with self._told():
            self._api.super_squash_history(self.name, repo_type=_KIND)
            if tag in {one.name for one in self._api.list_repo_refs(self.name, repo_type=_KIND).tags}:
                self._api.delete_tag(self.name, tag=tag, repo_type=_KIND)
            self._api.create_tag(self.name, tag=tag, repo_type=_KIND)

    @contextmanager
    def _told(self) -> Iterator[None]:
        try:
            from huggingface_hub.errors import HfHubHTTPError, LocalTokenNotFoundError
        except ImportError:
            raise PublishError(
                "publish needs the package huggingface_hub; install it with: pip install 'facecorpus[hub]'"
            ) from None
        try:
            yield
        except PublishError:
            raise
        except Exception as error:
            status = error.response.status_code if isinstance(error, HfHubHTTPError) else None
            said = " ".join(f"{error} {error.__cause__ or ''}".split())[:300]
            if isinstance(error, LocalTokenNotFoundError) or status in (401, 403):
                raise PublishError(
                    f"The Hub does not let you write to {self.name} ({said}); set HF_TOKEN to a token that may, or"
                    " log in with: hf auth login"
                ) from None
            raise PublishError(
                f"{self.name} could not be published ({type(error).__name__}: {said}); run the same command again,"
                " which sends only what is missing."
            ) from None


def _is(remote: "RepoFile | RepoFolder | None", file: Path, sha256: str) -> bool:
    """Whether a file of a repository is this one: a large one by its sha256, another by git's hash."""
    from huggingface_hub import RepoFile
    from huggingface_hub.utils.sha import git_hash

    if not isinstance(remote, RepoFile):
        return False
    return remote.lfs.sha256 == sha256 if remote.lfs else remote.blob_id == git_hash(file.read_bytes())
