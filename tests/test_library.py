"""The library's door: what `import facecorpus` offers, and that it is what the documents say."""

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from build_corpus import Shot, face_id, picture, ready_corpus, sha256, shots
from little_training import little_preset
from nbclient import NotebookClient
from people import LANDMARKS
from PIL import Image

import facecorpus as fc
import training
from facecorpus import errors
from facecorpus.corpus import Corpus as Folder
from facecorpus.demo.world import DemoWorld
from facecorpus.face_table import face_schema
from training.publication import TABLE_2

ROOT = Path(__file__).parent.parent
PAGE = ROOT / "docs" / "library.md"


@pytest.fixture
def opened(tmp_path: Path) -> fc.Corpus:
    """Four people with two photographs each: one face rejected, one not decided."""
    photographs = shots(each=2)
    photographs[2] = Shot("ben", 0, verdict="reject")
    photographs[4] = Shot("cleo", 0, verdict=None)
    return fc.open(ready_corpus(tmp_path / "c", photographs).root)


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> fc.Corpus:
    """Four people with eight photographs each, built, and trained a little, as the run "demo"."""
    corpus = fc.open(ready_corpus(tmp_path_factory.mktemp("trained") / "c", shots(each=8), workers=2).root)
    preset = little_preset(_preset(corpus))
    opened = f"corpus = fc.open({str(corpus.root)!r})"
    _script(preset.parent, opened, "corpus.build()", f"corpus.train(name='demo', preset={preset.name!r})")
    return corpus


def _preset(corpus: fc.Corpus) -> Path:
    return corpus.root.with_name("preset.toml")


def test_an_import_loads_nothing_heavy_and_shows_what_there_is() -> None:
    program = "import sys, facecorpus\nprint(*sys.modules)\nprint(*dir(facecorpus))"
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    loaded, shown = (set(line.split()) for line in ended.stdout.splitlines())
    assert not loaded & {"torch", "cv2", "dlib", "pyarrow", "numpy", "PIL", "sqlite3", "rich", "typer", "training"}
    assert shown == set(fc.__all__)


@pytest.mark.parametrize("module", [fc, training], ids=lambda module: module.__name__)
def test_every_public_name_is_there_and_explained(module: object) -> None:
    names = module.__all__  # type: ignore[attr-defined]
    assert names == sorted(names)
    page = PAGE.read_text(encoding="utf-8")
    for name in names:
        assert name == "__version__" or getattr(module, name).__doc__, name
        assert re.search(rf"`(fc\.|training\.)?{name}\b", page), f"{name} is not in docs/library.md"


def test_every_error_that_a_user_can_mend_is_public() -> None:
    named = {name for name, value in vars(errors).items() if isinstance(value, type)}
    assert named == {name for name in fc.__all__ if name.endswith("Error")}


def test_every_method_and_every_column_is_explained() -> None:
    page = PAGE.read_text(encoding="utf-8")
    methods = [name for name in vars(fc.Corpus) if not name.startswith("_")]
    assert [name for name in methods if f"`corpus.{name}(" not in page] == []
    described = [
        name for names in re.findall(r"^\| (`.+?) \|", page, re.MULTILINE) for name in re.findall(r"`(.+?)`", names)
    ]
    assert [name for name in face_schema(dimension=128).names if name not in described] == []


def test_types_reach_a_users_script(tmp_path: Path) -> None:
    script = tmp_path / "script.py"
    script.write_text(
        "import facecorpus as fc\n\ncorpus = fc.open('mycorpus')\nreveal_type(corpus.build())\n"
        "reveal_type(fc.analyze(b'').faces)\nreveal_type(corpus.review(auto=True))\ncorpus.build(licence='any')\n"
    )
    command = [sys.executable, "-m", "mypy", "--cache-dir", str(ROOT / ".mypy_cache"), str(script)]
    ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    shown = re.findall(r'Revealed type is "(.+)"', ended.stdout)
    assert shown == [
        "facecorpus.build.stage.BuildSummary",
        "tuple[facecorpus.records.Face, ...]",
        "facecorpus.judging.policy.AutoSummary",
    ]
    assert 'Unexpected keyword argument "licence"' in ended.stdout


def test_a_corpus_says_what_it_holds(opened: fc.Corpus) -> None:
    assert repr(opened) == f"Corpus({str(opened.root)!r}: 4 people, 8 photographs, 8 faces, 6 accepted)"


def test_a_folder_is_named_as_text_or_as_a_path(opened: fc.Corpus) -> None:
    assert fc.open(str(opened.root)).root == fc.Corpus(opened.root).root == Folder(str(opened.root)).root


def test_faces_are_a_table_with_labels_verdicts_and_licences(opened: fc.Corpus) -> None:
    frame = opened.faces().to_pandas().set_index("face_id")
    assert list(frame["identity"]) == ["ada", "ada", "ben", "ben", "cleo", "cleo", "dan", "dan"]
    ben = frame.loc[face_id(Shot("ben", 0))]
    assert (ben["verdict"], ben["gender"], ben["subgroup"]) == ("reject", "male", "male/adult/white")
    assert (ben["licence"], ben["author"]) == ("CC BY 4.0", "Ann, Photographer")
    assert (ben["page_url"], ben["taken_on"]) == ("https://host.example/ben/0", "2010-06-14")
    assert list(ben["box"]) == [45, 45, 72, 72]
    assert np.array_equal(np.stack(ben["landmarks"]), LANDMARKS)
    assert Path(ben["crop"]).name == f"{face_id(Shot('ben', 0))}.jpg"
    assert pd.isna(frame.loc[face_id(Shot("cleo", 0))]["verdict"])
    assert pd.isna(frame.loc[face_id(Shot("dan", 0))]["subgroup"])


def test_faces_are_chosen_by_verdict_and_by_person(opened: fc.Corpus) -> None:
    assert opened.faces(accepted=True).num_rows == 6
    assert opened.faces(accepted=False)["verdict"].to_pylist() == ["reject", None]
    assert opened.faces(accepted=True, person="ben")["face_id"].to_pylist() == [face_id(Shot("ben", 1))]
    with pytest.raises(fc.CorpusError, match=r"nobody 'bob' in .*take an identity from corpus\.people\(\)"):
        opened.faces(person="bob")


def test_descriptors_come_when_asked_for(opened: fc.Corpus) -> None:
    assert "embedding" not in opened.faces().column_names
    embeddings = opened.faces(embeddings=True)["embedding"]
    assert embeddings.type == pa.list_(pa.float32(), 128)
    assert embeddings[0].as_py() == pytest.approx([0.1] * 128)


def test_what_is_marked_for_removal_is_not_shown(opened: fc.Corpus) -> None:
    with Folder(opened.root).catalog() as catalog:
        catalog.decisions.add(
            [face_id(Shot("ada", 0))], identity_id="ada", reviewer="me", verdict="remove", kind="removal"
        )
    assert opened.faces(person="ada").num_rows == 1
    assert "7 faces, 5 accepted" in repr(opened)


def test_people_are_a_table_with_the_counts_of_status(opened: fc.Corpus) -> None:
    people = opened.people().to_pandas()
    assert list(people["identity"]) == ["ada", "ben", "cleo", "dan"]
    assert list(people["accepted"]) == [2, 1, 1, 2]
    assert people["accepted"].sum() == opened.status().total.accepted
    assert isinstance(opened.status(), fc.Status)


def test_a_photograph_comes_with_what_must_be_said_of_it(opened: fc.Corpus) -> None:
    shown = opened.photograph(face_id(Shot("ada", 1)))
    assert (shown.image.mode, shown.image.size) == ("RGB", (160, 160))
    assert (shown.licence, shown.author, shown.source_url) == ("CC BY 4.0", "Ann, Photographer", Shot("ada", 1).url)
    assert shown.box == (45, 45, 72, 72)


def test_an_unknown_face_and_a_missing_photograph_are_one_sentence_each(opened: fc.Corpus) -> None:
    with pytest.raises(fc.FacecorpusError, match=r"no face 'x' in .*take one from corpus\.faces\(\)"):
        opened.photograph("x")
    shutil.rmtree(opened.root / "photos")
    with pytest.raises(fc.FacecorpusError, match=r"is missing; run corpus\.verify"):
        opened.photograph(face_id(Shot("ada", 1)))


def test_a_corpus_is_made_with_settings_as_corpus_toml_has_them(tmp_path: Path, manifest: Path) -> None:
    made = fc.init(tmp_path / "new", manifest, settings={"crawl": {"contact": "me@example.org", "sources": ["folder"]}})
    settings = Folder(made.root).settings
    assert (settings.crawl.contact, settings.crawl.sources) == ("me@example.org", ("folder",))
    assert len(fc.init(tmp_path / "paper").people()) == 77
    with pytest.raises(fc.SettingsError, match=r"settings: unknown key 'contakt' in \[crawl\]"):
        fc.init(tmp_path / "other", manifest, settings={"crawl": {"contakt": ""}})


def test_methods_do_what_the_commands_do(opened: fc.Corpus, tmp_path: Path) -> None:
    built = opened.build(quota=None, licences="any")
    assert (built.faces, built.changed) == (6, True)
    assert not opened.verify().sound  # no face has its crop
    assert opened.verify(repair=True).sound
    assert not opened.build().changed
    assert opened.review(auto=True).changed == 0  # nothing is ranked
    (tmp_path / "gone.txt").write_text(Shot("ada", 0).url)
    assert opened.forget(photo=sha256(Shot("ada", 0)), dry_run=True).photographs == 1
    assert opened.faces(person="ada").num_rows == 2
    assert opened.forget(list=str(tmp_path / "gone.txt")).photographs == 1
    assert opened.faces(person="ada").num_rows == 1
    with pytest.raises(fc.BuildError, match="two different builds"):
        opened.build(original=True, without_images=True)


def test_a_crawl_gives_a_summary_of_each_stage_and_a_script_needs_no_guard(tmp_path: Path, manifest: Path) -> None:
    album = tmp_path / "album" / "ada"
    album.mkdir(parents=True)
    (album / "1.png").write_bytes(picture(Shot("ada", 1)))
    settings = {"crawl": {"sources": ["folder"], "folder": str(album.parent)}, "faces": {"workers": 1}}
    shown = _script(
        tmp_path,
        f"corpus = fc.init('new', {str(manifest)!r}, settings={settings})",
        "stages = corpus.crawl()",
        "print(*[type(stage).__name__ for stage in stages], stages[2].analysed_now)",
    )
    assert shown.split() == ["DiscoverSummary", "FetchSummary", "FacesSummary", "DedupSummary", "RankSummary", "1"]


def _script(folder: Path, *lines: str) -> str:
    """What a user's script prints, without a guard around its calls."""
    path = folder / "script.py"
    path.write_text("\n".join(["import facecorpus as fc", *lines, ""]), encoding="utf-8")
    ended = subprocess.run([sys.executable, path.name], cwd=folder, capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stderr
    return ended.stdout


def test_a_stage_waits_for_no_lock_but_says_who_holds_it(opened: fc.Corpus) -> None:
    with (
        Folder(opened.root).locked(),
        pytest.raises(fc.CorpusError, match="Another facecorpus command is working"),
    ):
        opened.build()


def test_training_gives_a_run_with_its_tables(trained: fc.Corpus) -> None:
    run = trained.train(name="demo", preset=str(_preset(trained)), protocols=["photo"])
    assert run.folder == trained.root / "runs" / "demo"
    assert run.report.is_file()
    rows = run.accuracies().to_pandas().set_index(["protocol", "table", "features", "task"])
    own = rows.loc["photo", "Table 2", "own", "race"]
    assert own["accuracy"] == run.results["protocols"]["photo"]["rows"]["own"]["race"]["accuracy"]
    assert own["paper"] == TABLE_2["own"]["race"]
    with pytest.raises(fc.FacecorpusError, match="no preset 'papre'"):
        trained.train(preset="papre")


def test_the_notebook_runs_from_top_to_bottom(trained: fc.Corpus, tmp_path: Path) -> None:
    notebook = nbformat.read(ROOT / "docs" / "notebook.ipynb", as_version=4)
    assert [cell.outputs for cell in notebook.cells if cell.cell_type == "code" and cell.outputs] == []
    shutil.copytree(trained.root, tmp_path / "demo-corpus")
    (tmp_path / "docs").mkdir()
    for cell in notebook.cells:
        cell.source = cell.source.replace('preset="quick"', f'preset="{_preset(trained)}"')
    NotebookClient(notebook, resources={"metadata": {"path": str(tmp_path / "docs")}}).execute()
    shown = json.dumps([cell.get("outputs") for cell in notebook.cells], ensure_ascii=False)
    for expected in ("4 people, 32 photographs", "Ann, Photographer, CC BY 4.0", "Nothing has changed", "no-such-face"):
        assert expected in shown


def test_any_picture_gives_the_same_faces_however_it_is_held(tmp_path: Path) -> None:
    world = DemoWorld()
    path = tmp_path / "portrait.jpg"
    path.write_bytes(next(world.read(row.file) for row in world.truth if row.kind == "photo" and row.format == "jpeg"))
    rendered = Image.open(path)
    ways: list[str | Path | bytes | Image.Image | np.ndarray] = [str(path), path, path.read_bytes(), rendered]
    ways.append(np.asarray(rendered))
    found = [fc.analyze(way) for way in ways]
    assert len(found[0].faces) == 1
    first = found[0].faces[0]
    assert (first.landmarks.shape, first.embedding.shape) == ((5, 2), (128,))
    for analysis in found[1:]:
        assert analysis.faces[0].box == first.box
        assert np.array_equal(analysis.faces[0].embedding, first.embedding)
    assert re.fullmatch(r"PhotoAnalysis\(\d+ × \d+ px, 1 face:\n  Face\('.+', \d+ × \d+ px at .+°\)\)", repr(found[0]))


def test_what_is_no_picture_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(fc.PictureError, match="cannot be read"):
        fc.analyze(tmp_path / "nowhere.jpg")
    with pytest.raises(fc.PictureError, match=r"float64 of shape \(4, 4\); give \(height, width, 3\) of uint8"):
        fc.analyze(np.zeros((4, 4)))
    with pytest.raises(fc.SettingsError, match=r"detector in \[faces\] is 'haar'; it must be one of yunet, hog, mmod"):
        fc.analyze(b"", detector="haar")
