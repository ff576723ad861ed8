"""`facecorpus init --from-folder`: a first manifest from the names of folders."""

from pathlib import Path

import pytest
from loopback import jpeg
from people import person
from typer.testing import CliRunner

from facecorpus.cli import app
from facecorpus.corpus import Corpus, init_from_folder
from facecorpus.crawl.discover import discover
from facecorpus.crawl.sources.folder import people_in
from facecorpus.errors import ManifestError, SettingsError, SourceError
from facecorpus.manifest import read_manifest, write_manifest
from facecorpus.system.names import identity_id_of
from facecorpus.words import Gender

FOLDERS = {"Ada Lovelace": 2, "ada_lovelace": 1, "gong-yoo": 1, "김소현": 1, "Zoë  Ünal": 1, "empty": 0, ".hidden": 1}


@pytest.fixture
def album(tmp_path: Path) -> Path:
    number = 0
    for name, count in FOLDERS.items():
        (tmp_path / "my album" / name).mkdir(parents=True)
        for _ in range(count):
            (tmp_path / "my album" / name / f"{number}.jpg").write_bytes(jpeg(number := number + 1))
    (tmp_path / "my album" / "labels.csv").write_text("not a folder")
    return tmp_path / "my album"


def test_every_folder_with_files_is_a_person_whatever_its_name(album: Path, tmp_path: Path) -> None:
    people = {one.identity_id: one.name for one in people_in(album)}
    (korean,) = people.keys() - {"ada_lovelace", "gong-yoo", "zoe_unal"}
    assert korean.startswith("person_")
    assert people == {
        "ada_lovelace": "Ada Lovelace",
        "gong-yoo": "Gong Yoo",
        "zoe_unal": "Zoë  Ünal",
        korean: "김소현",
    }
    corpus = init_from_folder(tmp_path / "c", people_in(album), album)
    assert corpus.settings.crawl.sources == ("folder",)
    stated = {(one.gender, one.race, one.age_group, one.birth_date) for one in corpus.manifest.identities}
    assert stated == {(None, None, None, "")}
    assert discover(corpus).proposed == 6


def test_the_command_says_what_is_not_stated_and_what_comes_next(album: Path, tmp_path: Path) -> None:
    said = CliRunner().invoke(app, ["init", str(tmp_path / "c"), "--from-folder", str(album)]).stdout.splitlines()
    assert said[0] == f"Made {tmp_path / 'c'} with 4 people, by the names of the folders in {album}."
    assert said[1].startswith("No label is stated")
    assert said[-1] == f"Next: facecorpus crawl -C {tmp_path / 'c'}"


@pytest.mark.parametrize("there", [True, False])
def test_a_folder_without_anybody_is_refused_and_nothing_is_made(there: bool, tmp_path: Path) -> None:
    if there:
        (tmp_path / "album" / "empty").mkdir(parents=True)
    with pytest.raises(SourceError, match="expected one sub-folder per person"):
        people_in(tmp_path / "album")
    ended = CliRunner().invoke(app, ["init", str(tmp_path / "c"), "--from-folder", str(tmp_path / "album")])
    assert isinstance(ended.exception, SourceError)
    assert not (tmp_path / "c").exists()


def test_a_manifest_and_a_folder_are_not_both_taken(album: Path, tmp_path: Path) -> None:
    ended = CliRunner().invoke(app, ["init", str(tmp_path / "c"), "--from-folder", str(album), "--manifest", "paper77"])
    assert isinstance(ended.exception, SettingsError)


def test_on_the_web_nobody_is_looked_for_whose_birth_date_is_not_stated(album: Path, tmp_path: Path) -> None:
    corpus = init_from_folder(tmp_path / "c", people_in(album), album)
    text = (corpus.root / "corpus.toml").read_text()
    (corpus.root / "corpus.toml").write_text(text.replace('sources = ["folder"]', 'sources = ["commons", "folder"]'))
    found = discover(Corpus(corpus.root))  # the folder alone is asked, although a contact is missing
    assert (found.asked, found.proposed) == (4, 6)
    assert "nobody is looked for whose birth_date the manifest does not state (4: " in str(found)


@pytest.mark.parametrize("column", ["age_group", "photos_from", "photos_until"])
def test_what_rests_on_a_birth_date_needs_one(column: str, tmp_path: Path) -> None:
    stated = {"age_group": "adult", "photos_from": 2005, "photos_until": 2010}
    blank = dict.fromkeys(stated, None) | {"birth_date": "", "gender": Gender.FEMALE}
    write_manifest(tmp_path / "people.csv", [person("ada", **blank)])
    assert read_manifest(tmp_path / "people.csv").identities[0].birth_year is None
    write_manifest(tmp_path / "people.csv", [person("ada", **blank | {column: stated[column]})])
    with pytest.raises(ManifestError, match=f"{column}.*empty where birth_date is"):
        read_manifest(tmp_path / "people.csv")


def test_ids_of_names() -> None:
    assert identity_id_of("gong_yoo-2") == "gong_yoo-2"
    assert identity_id_of("Gong Yoo") == "gong_yoo"
    assert len(identity_id_of("x" * 300)) <= 64
    assert identity_id_of("x" * 300) != identity_id_of("x" * 301)
