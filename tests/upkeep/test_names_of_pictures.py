"""explain and forget take whatever a person has of a picture: address, path, file name, face_id, hash."""

from collections.abc import Callable
from pathlib import Path

import pytest
from loopback import jpeg, settings_for
from people import face as a_face
from people import person

from facecorpus.corpus import Corpus, init_corpus
from facecorpus.crawl.discover import discover
from facecorpus.crawl.stage import fetch_candidates
from facecorpus.errors import CorpusError
from facecorpus.manifest import write_manifest
from facecorpus.takedown.stage import forget, preview
from facecorpus.upkeep.explain import explain


@pytest.fixture
def pictured(tmp_path: Path) -> Corpus:
    """A corpus whose photographs came from a folder: one of ada, two of ben, one of them in a name with a space."""
    for place, name in enumerate(("ada/one.jpg", "ben/one.jpg", "ben/a b.jpg")):
        path = tmp_path / "pictures" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(jpeg(place))
    write_manifest(tmp_path / "people.csv", [person("ada"), person("ben")])
    crawl = {"sources": ("folder",), "folder": "../pictures"}
    corpus = init_corpus(tmp_path / "c", tmp_path / "people.csv", settings_for(crawl=crawl))
    discover(corpus)
    fetch_candidates(corpus)
    with corpus.catalog() as catalog:
        for sha256 in sorted(path.name for path in corpus.photos.root.glob("??/??/*")):
            faces = [a_face(sha256)]
            catalog.photos.analysed(sha256, width=96, height=96, taken_on=None, phash=bytes(32), faces=faces)
    return corpus


def hash_of(corpus: Corpus, path: Path) -> str:
    (sha256,) = (one.name for one in corpus.photos.root.glob("??/??/*") if one.read_bytes() == path.read_bytes())
    return sha256


def relative(corpus: Corpus, path: Path) -> str:
    return path.name


def in_full(corpus: Corpus, path: Path) -> str:
    return str(path)


def address(corpus: Corpus, path: Path) -> str:
    return path.as_uri()


def whole_hash(corpus: Corpus, path: Path) -> str:
    return hash_of(corpus, path).upper()


def as_explain_shows_it(corpus: Corpus, path: Path) -> str:
    return hash_of(corpus, path)[:12]


def face_id(corpus: Corpus, path: Path) -> str:
    return f"{hash_of(corpus, path)[:24]}-0"


def in_the_store(corpus: Corpus, path: Path) -> str:
    return str(corpus.photos.path(hash_of(corpus, path)))


def a_crop(corpus: Corpus, path: Path) -> str:
    return str(corpus.crops.path(face_id(corpus, path)))


def a_copy_elsewhere(corpus: Corpus, path: Path) -> str:
    copy = corpus.root.parent / "copy.jpg"
    copy.write_bytes(path.read_bytes())
    return str(copy)


WAYS = (in_full, address, whole_hash, as_explain_shows_it, face_id, in_the_store, a_crop, a_copy_elsewhere)


@pytest.mark.parametrize("way", WAYS)
def test_a_picture_is_found_by_any_name(pictured: Corpus, way: Callable[[Corpus, Path], str]) -> None:
    path = pictured.root.parent / "pictures" / "ada" / "one.jpg"
    name = way(pictured, path)
    told = explain(pictured, name)
    assert told.photograph is not None and told.photograph.sha256 == hash_of(pictured, path)
    assert told.answer.endswith(f"It is the file {path}, which source 'folder' gave.")
    before = hash_of(pictured, path)
    assert preview(pictured, photo=name).photographs == 1
    forget(pictured, photo=name)
    assert not pictured.photos.path(before).exists()
    assert len(list(pictured.photos.root.glob("??/??/*"))) == 2


def test_a_file_name_that_only_one_has_is_enough(pictured: Corpus, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "ben/a b.jpg, which source 'folder' gave" in explain(pictured, "a b.jpg").answer
    monkeypatch.chdir(pictured.root.parent / "pictures" / "ben")
    assert "ben/one.jpg, which source 'folder' gave" in explain(pictured, "one.jpg").answer


@pytest.mark.parametrize("ask", [explain, lambda c, name: preview(c, photo=name)])
def test_of_several_with_that_file_name_none_is_taken(pictured: Corpus, ask: Callable[[Corpus, str], object]) -> None:
    with pytest.raises(CorpusError, match=r"^2 pictures are called one\.jpg: file://.*; name the one that is meant"):
        ask(pictured, "one.jpg")


def test_a_list_may_name_pictures_in_any_way(pictured: Corpus, tmp_path: Path) -> None:
    names = tmp_path / "names.txt"
    names.write_text("a b.jpg\nnothing.jpg\n" + str(tmp_path / "pictures" / "ada" / "one.jpg"))
    told = forget(pictured, names=names)
    assert (told.photographs, told.unknown) == (2, ("nothing.jpg",))


def test_a_file_that_the_crawl_has_not_taken_says_why(pictured: Corpus, tmp_path: Path) -> None:
    for name in ("ada/new.jpg", "Benn/x.jpg", "zzz/x.jpg"):
        path = tmp_path / "pictures" / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(jpeg(7))
    at = tmp_path / "pictures"
    assert explain(pictured, str(at / "ada/new.jpg")).answer.endswith("no crawl has seen it. Next: facecorpus crawl")
    assert explain(pictured, str(at / "Benn/x.jpg")).answer == (
        "It lies in sub-folder Benn of source 'folder', and the manifest knows nobody of that identity_id;"
        " did you mean 'ben'?"
    )
    assert explain(pictured, str(at / "zzz/x.jpg")).answer.endswith("or add the person to manifest.csv.")


def test_a_person_who_is_not_there_gets_the_nearest(pictured: Corpus) -> None:
    with pytest.raises(CorpusError, match=r"adda is not in .*; did you mean 'ada'\?"):
        preview(pictured, identity="adda")
