"""`facecorpus import`: published face datasets in their documented layouts become corpora, labels with their origin."""

import csv
import json
from collections.abc import Iterable
from datetime import date
from pathlib import Path

import numpy as np
import pytest
from build_corpus import Shot, picture, rows_of, set_build
from loopback import jpeg
from people import face
from scipy.io import savemat
from typer.testing import CliRunner

from facecorpus.build.stage import build_shards
from facecorpus.cli import app, run
from facecorpus.corpus import Corpus
from facecorpus.crawl.discover import discover
from facecorpus.crawl.stage import fetch_candidates
from facecorpus.engines.find_faces import assign_subjects
from facecorpus.errors import SourceError
from facecorpus.importing.stage import ImportedSummary, import_dataset
from facecorpus.manifest import Identity
from facecorpus.words import Gender, Layout, Race


def pictures(folder: Path, *names: str) -> None:
    for number, name in enumerate(names):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(jpeg(number))


def lines(file: Path, *rows: str) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text("".join(f"{row}\n" for row in rows))


def imported(layout: Layout, folder: Path) -> tuple[ImportedSummary, Corpus, dict[str, Identity]]:
    summary = import_dataset(layout, folder, folder / "corpus")
    corpus = Corpus(folder / "corpus")
    return summary, corpus, {who.identity_id: who for who in corpus.manifest.identities}


def proposed(corpus: Corpus) -> set[tuple[str, str, str | None, str]]:
    discover(corpus)
    with corpus.catalog() as catalog:
        rows = catalog.query("SELECT identity_id, title, taken_on, box FROM candidate")
        return {tuple(row) for row in rows}


def test_lfw(tmp_path: Path) -> None:
    pictures(
        tmp_path, *(f"lfw/Ann_Onym/Ann_Onym_000{n}.jpg" for n in (1, 2)), "lfw/Bo_Li/Bo_Li_0001.jpg", "lfw/x/y.jpg"
    )
    summary, corpus, people = imported(Layout.LFW, tmp_path)
    assert {one: who.name for one, who in people.items()} == {"ann_onym": "Ann Onym", "bo_li": "Bo Li"}
    assert (summary.people, summary.pictures, summary.labels["gender"]) == (2, 3, 0)
    assert len(proposed(corpus)) == 3


def vggface2(folder: Path) -> None:
    pictures(folder, "train/n000001/0001_01.jpg", "train/n000001/0002_01.jpg", "test/n000002/0001_01.jpg")
    lines(
        folder / "meta" / "identity_meta.csv",
        "Class_ID, Name, Sample_Num, Flag, Gender",
        'n000001, "Ann_Onym", 2, 1, f',
        'n000002, "Bo_Li", 1, 0, m',
    )
    lines(folder / "bb_landmark" / "loose_bb_train.csv", "NAME_ID,X,Y,W,H", '"n000001/0001_01",1,2,8,9')


def test_vggface2(tmp_path: Path) -> None:
    vggface2(tmp_path)
    _, corpus, people = imported(Layout.VGGFACE2, tmp_path)
    ann = people["n000001"]
    assert (ann.name, ann.gender, ann.gender_source) == ("Ann Onym", Gender.FEMALE, "VGGFace2, identity_meta.csv")
    assert people["n000002"].gender is Gender.MALE
    assert ("n000001", "0001_01.jpg", None, "1,2,8,9") in proposed(corpus)


@pytest.mark.parametrize("at", ["Img/img_align_celeba", "img_celeba"])
def test_celeba(at: str, tmp_path: Path) -> None:
    files = [f"00000{n}.jpg" for n in range(1, 5)]
    pictures(tmp_path, *(f"{at}/{file}" for file in files))
    lines(tmp_path / "Anno" / "identity_CelebA.txt", *(f"{file} {2880 + n // 2}" for n, file in enumerate(files)))
    said = [f"{file}  -1 {male}  1" for file, male in zip(files, (1, 1, 1, -1), strict=True)]
    lines(tmp_path / "Anno" / "list_attr_celeba.txt", "4", "Eyeglasses Male Young", *said)
    boxes = [f"{file}  95  71 226 313" for file in files]
    lines(tmp_path / "Anno" / "list_bbox_celeba.txt", "4", "image_id x_1 y_1 width height", *boxes)
    _, corpus, people = imported(Layout.CELEBA, tmp_path)
    agreed, disputed = people["celeba_2880"], people["celeba_2881"]
    assert (agreed.gender, agreed.age_group) == (Gender.MALE, None)
    assert (disputed.gender, disputed.gender_source) == (None, "")
    assert {box for *_, box in proposed(corpus)} == {"" if "align" in at else "95,71,226,313"}


def test_fairface_leaves_minors_out_and_maps_six_of_its_seven_races(tmp_path: Path) -> None:
    said = ["3-9,Male,White", "10-19,Female,Black", "20-29,Female,East Asian", "more than 70,Male,Middle Eastern"]
    pictures(tmp_path, *(f"margin025/train/{n}.jpg" for n in range(1, 5)))
    rows = [f"train/{n}.jpg,{text},True" for n, text in enumerate([*said, "30-39,Male,Indian"], 1)]
    lines(tmp_path / "fairface_label_train.csv", "file,age,gender,race,service_test", *rows)
    summary, corpus, people = imported(Layout.FAIRFACE, tmp_path)
    assert (summary.people, summary.minors, summary.missing) == (2, 2, 1)
    assert [(who.gender, who.race, who.race_source) for who in people.values()] == [
        (Gender.FEMALE, Race.ASIAN, "FairFace, fairface_label_train.csv: East Asian"),
        (Gender.MALE, None, ""),
    ]
    discover(corpus)
    assert fetch_candidates(corpus).outcomes == {"stored": 2}


def matlab(file: Path, rows: Iterable[tuple[str, str, float, int, float]], with_ids: bool) -> None:
    """As its makers store it: one struct of columns, times as MATLAB's numbers of days."""
    paths, names, born, taken, genders = (list(column) for column in zip(*rows, strict=True))
    boxes = np.empty(len(paths), object)
    boxes[:] = [np.array([10.0, 20.0, 50.0, 70.0])] * len(paths)
    columns = {
        "dob": np.array(born),
        "photo_taken": np.array(taken),
        "full_path": np.array(paths, object),
        "gender": np.array(genders),
        "name": np.array(names, object),
        "face_location": boxes,
    }
    if with_ids:
        columns["celeb_id"] = np.arange(1, len(paths) + 1)
    file.parent.mkdir(parents=True, exist_ok=True)
    savemat(file, {file.stem: columns})


@pytest.mark.parametrize(("at", "box"), [("wiki/wiki.mat", "10,20,40,50"), ("imdb_crop/imdb.mat", "")])
def test_imdb_wiki(at: str, box: str, tmp_path: Path) -> None:
    born = date(1970, 5, 1).toordinal() + 366
    rows = [
        ("01/a_1970.jpg", "Ann Onym", born, 2004, 0.0),
        ("01/minor.jpg", "Cy Young", born, 1988, 1.0),
        ("02/unknown.jpg", "Bo Li", 0.0, 2001, float("nan")),
    ]
    matlab(tmp_path / at, rows, with_ids="imdb" in at)
    pictures((tmp_path / at).parent, *(path for path, *_ in rows))
    summary, corpus, people = imported(Layout.IMDB_WIKI, tmp_path)
    ann, bo = people.values()
    assert (ann.name, ann.birth_date, ann.photos_from, ann.dated_only) == ("Ann Onym", "1970-05-01", 1989, True)
    assert (ann.gender, bo.gender, bo.birth_date) == (Gender.FEMALE, None, "")
    assert summary.minors == 1
    assert {row[1:] for row in proposed(corpus)} == {("a_1970.jpg", "2004", box), ("unknown.jpg", "2001", box)}


def test_two_people_of_one_name_stay_two(tmp_path: Path) -> None:
    matlab(tmp_path / "imdb.mat", [(f"{n}.jpg", "Ann Onym", 0.0, 2004, 0.0) for n in range(2)], with_ids=True)
    pictures(tmp_path, "0.jpg", "1.jpg")
    _, _, people = imported(Layout.IMDB_WIKI, tmp_path)
    assert [who.name for who in people.values()] == ["Ann Onym", "Ann Onym_2"]


@pytest.mark.parametrize("layout", Layout)
def test_a_folder_without_the_set_is_one_sentence_and_nothing_is_made(layout: Layout, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    for folder in ("empty", "missing"):
        with pytest.raises(SourceError, match=f"{tmp_path / folder}"):
            import_dataset(layout, tmp_path / folder, tmp_path / "corpus")
    assert not (tmp_path / "corpus").exists()


@pytest.mark.parametrize(
    ("layout", "file", "text"),
    [
        (Layout.VGGFACE2, "meta/identity_meta.csv", "Class_ID,Name\nn000001,x\n"),
        (Layout.VGGFACE2, "bb_landmark/loose_bb_train.csv", "NAME_ID,X,Y,W,H\nn000001/0001_01\n"),
        (Layout.FAIRFACE, "fairface_label_val.csv", "file,age,gender,race\ntrain/1.jpg,old,Male,White\n"),
        (Layout.CELEBA, "identity_CelebA.txt", "1.jpg\n"),
        (Layout.CELEBA, "list_attr_celeba.txt", ""),
        (Layout.IMDB_WIKI, "imdb.mat", "MATLAB 5.0 MAT-file"),
    ],
)
def test_label_files_of_another_shape_are_one_sentence(
    layout: Layout, file: str, text: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    vggface2(tmp_path)
    pictures(tmp_path, "img_align_celeba/1.jpg")
    lines(tmp_path / "list_attr_celeba.txt", "1", "Male", "1.jpg 1")
    lines(tmp_path / "identity_CelebA.txt", "1.jpg 7")
    (tmp_path / file).write_text(text)
    assert run(["import", layout, str(tmp_path), str(tmp_path / "corpus")]) == 2
    said = capsys.readouterr().err
    assert said.startswith("facecorpus: ") and said.count("\n") <= 2, said
    assert "Traceback" not in said
    assert not (tmp_path / "corpus").exists()


def test_labels_lead_to_no_file_outside_of_the_set(tmp_path: Path) -> None:
    pictures(tmp_path, "outside.jpg", "set/1.jpg")
    rows = ["../outside.jpg,20-29,Male,White", f"{tmp_path}/outside.jpg,20-29,Male,White", "1.jpg,20-29,Male,White"]
    lines(tmp_path / "set" / "fairface_label_val.csv", "file,age,gender,race", *rows)
    summary, corpus, _ = imported(Layout.FAIRFACE, tmp_path / "set")
    assert (summary.pictures, summary.missing) == (1, 2)
    listed = corpus.root / "pictures.csv"
    listed.write_text(listed.read_text().replace("1.jpg", "../outside.jpg"))
    with pytest.raises(SourceError, match=r"line 2: '../outside.jpg' is no path below the folder"):
        discover(corpus)


def test_a_set_becomes_shards_whose_rows_have_its_labels(tmp_path: Path) -> None:
    vggface2(tmp_path)
    files = sorted(tmp_path.glob("t*/n00000?/*.jpg"))
    for number, file in enumerate(files):
        file.write_bytes(picture(Shot("ada", number)))
    names = [f'"{file.parent.name}/{file.stem}",45,45,72,72' for file in files]
    lines(tmp_path / "bb_landmark" / "loose_bb_train.csv", "NAME_ID,X,Y,W,H", *names)
    said = CliRunner().invoke(app, ["import", "vggface2", str(tmp_path), str(tmp_path / "corpus"), "--json"])
    assert json.loads(said.stdout)["people"] == 2
    set_build(Corpus(tmp_path / "corpus"), workers=1)
    corpus = Corpus(tmp_path / "corpus")
    discover(corpus)
    fetch_candidates(corpus)
    with corpus.catalog() as catalog:
        for photo in catalog.photos.waiting():
            found = [face(photo, 0, box=(0.0, 0.0, 40.0, 40.0)), face(photo, 1)]
            catalog.photos.analysed(photo, width=160, height=160, taken_on=None, phash=bytes(32), faces=found)
        assign_subjects(catalog)
        for one in catalog.faces.subjects():
            catalog.decisions.add([one.face.face_id], identity_id=one.identity_id, reviewer="me", verdict="accept")
    rows = rows_of(build_shards(corpus).path)
    assert {row["face_id"].rpartition("-")[2] for row in rows} == {"1"}  # where the set's boxes are
    assert len(rows) == 3
    with (corpus.shards / "manifest.csv").open() as file:
        assert {(row["gender"], row["gender_source"]) for row in csv.DictReader(file)} == {
            ("female", "VGGFace2, identity_meta.csv"),
            ("male", "VGGFace2, identity_meta.csv"),
        }
