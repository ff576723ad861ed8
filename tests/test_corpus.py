"""The corpus folder, its store and its lock."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from facecorpus.corpus import Corpus, init_corpus
from facecorpus.errors import CorpusError, ManifestError
from facecorpus.store import Store


def test_init_makes_a_documented_corpus(corpus: Corpus, manifest: Path) -> None:
    assert (corpus.root / "manifest.csv").read_bytes() == manifest.read_bytes()
    assert "# " in (corpus.root / "corpus.toml").read_text()
    assert [identity.identity_id for identity in corpus.manifest.identities] == ["ada", "ben", "cleo"]


def test_init_never_overwrites(corpus: Corpus, manifest: Path, tmp_path: Path) -> None:
    with pytest.raises(CorpusError, match="holds a corpus already"):
        init_corpus(corpus.root, manifest)
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "thesis.tex").touch()
    with pytest.raises(CorpusError, match="is not an empty folder"):
        init_corpus(tmp_path / "full", manifest)


def test_init_with_a_wrong_manifest_leaves_nothing_behind(tmp_path: Path) -> None:
    (tmp_path / "people.csv").write_text("name\nAda\n")
    with pytest.raises(ManifestError):
        init_corpus(tmp_path / "corpus", tmp_path / "people.csv")
    assert not (tmp_path / "corpus").exists()


def test_a_folder_without_corpus_says_how_to_make_one(tmp_path: Path) -> None:
    with pytest.raises(CorpusError, match="facecorpus init"):
        Corpus(tmp_path)


def test_the_lock_admits_one_and_ends_with_the_process(corpus: Corpus) -> None:
    holder = subprocess.Popen(
        [
            sys.executable,
            "-c",
            "import sys, time; from pathlib import Path; from facecorpus.corpus import locked_corpus\n"
            "with locked_corpus(Path(sys.argv[1])): print('held', flush=True); time.sleep(60)",
            str(corpus.root),
        ],
        stdout=subprocess.PIPE,
    )
    assert holder.stdout is not None
    with holder.stdout:
        assert holder.stdout.readline() == b"held\n"
        with pytest.raises(CorpusError, match="Another facecorpus command is working"), corpus.locked():
            pass
        os.kill(holder.pid, signal.SIGKILL)
        holder.wait()
    with corpus.locked():
        pass


def test_the_store_keeps_bytes_once_and_finds_damage(tmp_path: Path) -> None:
    store = Store(tmp_path)
    sha256 = store.put(b"a picture")
    written = store.path(sha256).stat().st_mtime_ns
    assert store.put(b"a picture") == sha256
    assert store.path(sha256).stat().st_mtime_ns == written
    assert store.read(sha256) == b"a picture"
    assert list(store.damaged()) == []
    store.path(sha256).write_bytes(b"a picturE")
    assert list(store.damaged()) == [store.path(sha256)]


def test_a_failed_write_leaves_no_temporary_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space left"):
        Store(tmp_path).put(b"a picture")
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


@pytest.mark.parametrize("kind", ["photos", "crops"])
def test_what_a_killed_writer_left_is_no_damage_and_goes_with_the_next_lock(kind: str, corpus: Corpus) -> None:
    program = (
        "import os, signal, sys; from pathlib import Path; from facecorpus.corpus import locked_corpus\n"
        "os.fsync = lambda handle: os.kill(os.getpid(), signal.SIGKILL)\n"
        "with locked_corpus(Path(sys.argv[1])) as corpus:\n"
        "    corpus.photos.put(b'half') if sys.argv[2] == 'photos' else corpus.crops.put('abcd-0', b'half')\n"
    )
    ended = subprocess.run([sys.executable, "-c", program, str(corpus.root), kind], check=False)
    assert ended.returncode == -signal.SIGKILL
    folder = corpus.root / kind
    left = [path for path in folder.rglob("*") if path.is_file()]
    assert [path.parent for path in left] == [folder / ".tmp"]
    assert list(corpus.photos.damaged()) == []
    with corpus.locked():
        assert not left[0].exists()
        assert corpus.photos.read(corpus.photos.put(b"whole")) == b"whole"
    assert [path.name for path in corpus.photos.root.rglob("*") if path.is_file()] == [corpus.photos.put(b"whole")]


def test_what_was_half_written_in_the_folder_itself_goes_with_the_next_lock(corpus: Corpus) -> None:
    left = corpus.root / ".tmp-0123"
    left.write_bytes(b"the beginning of a receipt")
    with corpus.locked():
        assert not left.exists()
