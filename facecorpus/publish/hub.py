"""A dataset repository on the Hugging Face Hub: what it is now, and a version sent to it, by the Hub's own library.

https://huggingface.co/docs/huggingface_hub/guides/upload. HF_ENDPOINT names another Hub, HF_TOKEN who asks.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from facecorpus.errors import PublishError
from facecorpus.shards import RECORD, sha256_of
from facecorpus.system.console import track

_KIND = "dataset"
_OF_THE_HUB = {".gitattributes"}
_WITH_A_NEW_REPOSITORY = {*_OF_THE_HUB, "README.md"}
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
    files: frozenset[str] = frozenset()
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
            files = frozenset(self._api.list_repo_files(self.name, repo_type=_KIND))
            tags = frozenset(one.name for one in self._api.list_repo_refs(self.name, repo_type=_KIND).tags)
        if RECORD not in files and files - _WITH_A_NEW_REPOSITORY:
            raise PublishError(
                f"{self.address} holds files that facecorpus did not publish, and publish makes it hold a version and"
                " nothing else; name a new repository."
            )
        return Repository(Visibility(bool(info.private), bool(info.gated)), files, tags)

    def has(self, tag: str, file: Path) -> bool:
        """Whether that tag has this very file, by its name."""
        from huggingface_hub import RepoFile
        from huggingface_hub.utils.sha import git_hash

        with self._told():
            found = self._api.get_paths_info(self.name, [file.name], revision=tag, repo_type=_KIND)
        return any(
            isinstance(one, RepoFile)
            and (one.lfs.sha256 == sha256_of(file) if one.lfs else one.blob_id == git_hash(file.read_bytes()))
            for one in found
        )

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

    def send(self, folder: Path, files: Sequence[Path], message: str) -> None:
        """Make the head of the repository hold these files of the folder and nothing else, in one commit.

        What came through before a kill is not sent again.
        """
        from huggingface_hub import CommitOperationAdd, CommitOperationDelete

        with self._told():
            names = [file.relative_to(folder).as_posix() for file in files]
            added = [CommitOperationAdd(*one) for one in zip(names, files, strict=True)]
            with track("publish", len(added)) as progress:
                for first in range(0, len(added), _AT_ONCE):
                    batch = added[first : first + _AT_ONCE]
                    self._api.preupload_lfs_files(self.name, batch, repo_type=_KIND, free_memory=False)
                    progress.advance(len(batch))
            there = self._api.list_repo_files(self.name, repo_type=_KIND)
            gone = [CommitOperationDelete(one) for one in sorted({*there} - {*names} - _OF_THE_HUB)]
            self._api.create_commit(self.name, [*gone, *added], repo_type=_KIND, commit_message=message)

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
