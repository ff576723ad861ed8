"""Who may read what facecorpus makes: a corpus is its owner's alone, or whoever's its folder is."""

import os
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest
from build_corpus import ready_corpus, shots
from people import person

from facecorpus.build.stage import build_shards
from facecorpus.corpus import Corpus, init_corpus, locked_corpus
from facecorpus.judging.exchange import export_decisions
from facecorpus.manifest import write_manifest
from facecorpus.store import write_atomically
from facecorpus.system.modes import file_mode, make_folder
from facecorpus.takedown.stage import forget


@pytest.fixture(autouse=True, params=[0o022, 0o077, 0o002, 0o000])
def umask(request: pytest.FixtureRequest) -> Iterator[int]:
    """What a corpus is may not depend on it."""
    before = os.umask(request.param)
    yield request.param
    os.umask(before)


def mode_of(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def used(folder: Path) -> Corpus:
    """A corpus with all that the commands leave in it but shards."""
    corpus = ready_corpus(folder, shots(("ada", "ben"), each=2))
    sha256 = next(corpus.photos.root.glob("??/??/*")).name
    corpus.crops.put(f"{sha256[:24]}-0", b"\xff\xd8\xff")
    corpus.quarantine.put(corpus.crops.path(f"{sha256[:24]}-0"), "nobody knows it")
    corpus.crops.put(f"{sha256[:24]}-0", b"\xff\xd8\xff")
    with locked_corpus(corpus.root), corpus.catalog() as catalog:
        catalog.decisions.add([], identity_id="ada", reviewer="bob", verdict="accept")
        assert {path.name for path in corpus.root.glob("catalog.sqlite-*")} == {
            "catalog.sqlite-wal",
            "catalog.sqlite-shm",
        }
        for path in corpus.root.glob("catalog.sqlite*"):
            assert mode_of(path) == file_mode(corpus.root)
    return corpus


@pytest.mark.parametrize(
    ("folder", "files"),
    [(None, 0o600), (0o700, 0o600), (0o750, 0o640), (0o770, 0o660), (0o2770, 0o660), (0o755, 0o644)],
)
def test_all_that_is_in_a_corpus_follows_its_folder(tmp_path: Path, folder: int | None, files: int) -> None:
    root = tmp_path / "c"
    if folder is not None:
        root.mkdir()
        root.chmod(folder)
    corpus = used(root)
    assert mode_of(root) == (0o700 if folder is None else folder)
    inside = [path for path in root.rglob("*") if path.name != "corpus.toml"]  # which the test itself has written
    assert {path.suffix for path in inside} >= {".sqlite", ".csv", ".jpg", ".jsonl"}
    assert {(path, oct(mode_of(path))) for path in inside if path.is_file()} == {
        (path, oct(files)) for path in inside if path.is_file()
    }
    assert {oct(mode_of(path)) for path in inside if path.is_dir()} == {oct(mode_of(root))}
    assert corpus.root == root


def test_shards_are_made_to_be_handed_on(tmp_path: Path, umask: int) -> None:
    corpus = used(tmp_path / "c")
    build_shards(corpus)
    inside = [*corpus.shards.rglob("*")]
    assert {mode_of(path) for path in (corpus.shards, *inside) if path.is_dir()} == {0o777 & ~umask}
    assert {mode_of(path) for path in inside if path.is_file()} == {0o666 & ~umask}


def test_what_is_written_to_be_handed_on_goes_by_the_umask(tmp_path: Path, umask: int) -> None:
    corpus = used(tmp_path / "c")
    for file in (corpus.root / "decisions.csv", tmp_path / "new" / "decisions.csv"):
        export_decisions(corpus, file)
        assert mode_of(file) == 0o666 & ~umask
    assert mode_of(tmp_path / "new") == 0o777 & ~umask


def test_a_receipt_follows_the_folder_too(tmp_path: Path) -> None:
    corpus = used(tmp_path / "c")
    sha256 = next(corpus.photos.root.glob("??/??/*")).name
    forget(corpus, photo=sha256)
    (receipt,) = (corpus.root / "receipts").iterdir()
    assert (mode_of(receipt.parent), mode_of(receipt)) == (0o700, 0o600)


def test_a_folder_that_holds_files_already_keeps_its_mode(tmp_path: Path) -> None:
    manifest = tmp_path / "people.csv"
    write_manifest(manifest, [person("ada")])
    corpus = init_corpus(tmp_path / "c", manifest)
    corpus.root.chmod(0o750)
    with corpus.catalog():
        pass
    assert mode_of(corpus.root) == 0o750
    assert mode_of(corpus.root / "catalog.sqlite") == 0o640


def test_in_everybodys_folder_nothing_is_everybodys_to_write(tmp_path: Path) -> None:
    tmp_path.chmod(0o1777)
    write_atomically(tmp_path / "manifest.csv", b"", tmp_path)
    make_folder(tmp_path / "deep" / "er")
    assert mode_of(tmp_path / "manifest.csv") == 0o644
    assert mode_of(tmp_path / "deep") == mode_of(tmp_path / "deep" / "er") == 0o755
