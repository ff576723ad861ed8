"""The last line of every command: it can be pasted, it ends well, and it brings the corpus on."""

import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from build_corpus import Shot, face_id, ready_corpus, set_build, shots
from crawling import make
from little_training import little_preset
from loopback import Loopback, Reply, jpeg, settings_for
from people import person
from typer.testing import CliRunner

from facecorpus.cli import app
from facecorpus.corpus import Corpus
from facecorpus.errors import BuildError
from facecorpus.judging.rank import rank_faces
from facecorpus.pipeline import build_stage
from facecorpus.system.console import TO_PASTE
from facecorpus.upkeep.next_step import NextStep, next_step
from training import RunFolder, fingerprint
from training.files import write_json
from training.folder import SCHEMA
from training.presets import load_preset

PLACE = "a person's corpus"  # a space and a quote
EACH = 4


def two_people(tmp_path: Path, verdict: str | None = "accept", **build: int | str) -> Corpus:
    """A ranked corpus in which that was said of every face."""
    photographs = [Shot(shot.identity_id, shot.number, verdict=verdict) for shot in shots(("ada", "ben"), EACH)]
    corpus = ready_corpus(tmp_path / PLACE, photographs, **build)
    rank_faces(corpus)
    return corpus


def run(*words: str) -> str:
    """What the command prints; it must end well."""
    ended = CliRunner().invoke(app, words, prog_name="facecorpus")
    assert ended.exit_code == 0, ended.exception
    return ended.stdout


def pasted(corpus: Corpus, line: str) -> str:
    """What the command prints; as a person pastes it, but for what would wait for a person, or train for hours."""
    program, *words = shlex.split(line)
    assert program == "facecorpus"
    if words[0] == "review":  # a person accepts everything on the page
        with corpus.catalog() as catalog:
            for identity_id in ("ada", "ben"):
                faces = [face.face_id for face in catalog.faces.for_review(identity_id)]
                catalog.decisions.add(faces, identity_id=identity_id, reviewer="me", verdict="accept")
        return str(next_step(corpus, "review"))
    if words[0] == "train-all":
        words += ["--preset", str(little_preset(corpus.root.parent / "little.toml")), "--protocol", "photo"]
    return run(*words)


def fresh(tmp_path: Path) -> Corpus:
    """Nothing was asked yet; the photographs lie in a folder."""
    album = tmp_path / "album" / "ada"
    album.mkdir(parents=True)
    (album / "1.jpg").write_bytes(jpeg(1))
    settings = settings_for(crawl={"sources": ("folder",), "folder": str(album.parent)})
    return make(tmp_path / PLACE, settings, person("ada"), person("ben"))


def fetched(tmp_path: Path) -> Corpus:
    corpus = fresh(tmp_path)
    run("fetch", "-C", str(corpus.root))
    return corpus


def not_ranked(tmp_path: Path) -> Corpus:
    return ready_corpus(tmp_path / PLACE, [Shot("ada", n, verdict=None) for n in range(3)])


def to_review(tmp_path: Path) -> Corpus:
    return two_people(tmp_path, verdict=None)


def built(tmp_path: Path) -> Corpus:
    corpus = two_people(tmp_path)
    run("build", "-C", str(corpus.root))
    return corpus


def rejected_since(tmp_path: Path) -> Corpus:
    corpus = built(tmp_path)
    with corpus.catalog() as catalog:
        catalog.decisions.add([face_id(Shot("ada", 1))], identity_id="ada", reviewer="me", verdict="reject")
    return corpus


def said_the_same_again(tmp_path: Path) -> Corpus:
    """A verdict was taken back and given again: another build changes nothing."""
    corpus = rejected_since(tmp_path)
    with corpus.catalog() as catalog:
        catalog.decisions.add([face_id(Shot("ada", 1))], identity_id="ada", reviewer="me", verdict="accept")
    return corpus


@pytest.mark.parametrize(
    ("state", "wanted", "then"),
    [
        (fetched, "faces", "crawl"),
        (not_ranked, "dedup", "review"),
        (to_review, "review", "build"),
        (two_people, "build", "train-all"),
        (built, "train-all", "xdg-open"),
        (rejected_since, "build", "train-all"),
        (said_the_same_again, "build", "train-all"),
    ],
)
def test_the_command_it_names_ends_well_and_moves_on(
    state: Callable[[Path], Corpus], wanted: str, then: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shutil.which", lambda name: "/usr/bin/xdg-open" if name == "xdg-open" else None)
    corpus = state(tmp_path)
    step = next_step(corpus)
    assert step.command == f"facecorpus {wanted} -C {shlex.quote(str(corpus.root))}"
    said = pasted(corpus, step.command).splitlines()[-1]
    assert said.startswith(TO_PASTE)
    after = next_step(Corpus(corpus.root))
    assert after.command.split()[:2][then != "xdg-open"] == then
    assert after != step


@pytest.mark.parametrize(
    ("verdict", "build", "why"),
    [
        ("reject", {}, "Every face is rejected."),
        ("accept", {"licences": "cc0"}, "No accepted face may enter a build: look at the years in"),
    ],
)
def test_nobody_is_sent_to_a_build_that_has_nothing_to_build(
    verdict: str, build: dict[str, str], why: str, tmp_path: Path
) -> None:
    corpus = Corpus(two_people(tmp_path, verdict=verdict, **build).root)
    with pytest.raises(BuildError):
        build_stage(corpus)
    step = next_step(corpus)
    assert step.command.startswith("facecorpus review -C ")
    assert step.why.startswith(why)


def test_one_person_is_built_but_not_sent_to_train(tmp_path: Path) -> None:
    corpus = ready_corpus(tmp_path / PLACE, [Shot("ada", number) for number in range(EACH)])
    rank_faces(corpus)
    assert "training needs two: add people" in pasted(corpus, next_step(corpus).command)


def test_a_crawl_that_found_no_face_says_so_and_not_review(tmp_path: Path) -> None:
    said = pasted(fresh(tmp_path), f"facecorpus crawl -C {shlex.quote(str(tmp_path / PLACE))}").splitlines()
    assert said[-2].startswith("1 photograph shows nobody's face: add people to ")
    assert said[-1].startswith("Next: facecorpus crawl ")


def test_before_a_crawl_it_names_what_must_be_set_first(tmp_path: Path) -> None:
    corpus = make(tmp_path / "c", settings_for(crawl={"contact": "", "sources": ("commons",)}), person("ada"))
    assert "set contact in [crawl] of corpus.toml" in next_step(corpus).why


def test_new_photographs_come_before_the_training_of_what_was_built(tmp_path: Path) -> None:
    corpus = built(tmp_path)
    more = ready_corpus(tmp_path / "other", [Shot("ada", 100 + number, verdict=None) for number in range(2)])
    set_build(corpus, workers=1)
    with more.catalog() as catalog:
        files = [more.photos.path(row[0]).read_bytes() for row in catalog.query("SELECT sha256 FROM photo")]
    album = tmp_path / "album" / "ada"
    album.mkdir(parents=True)
    for number, data in enumerate(files):
        (album / f"{number}.png").write_bytes(data)
    text = (corpus.root / "corpus.toml").read_text()
    text = text.replace('sources = ["commons"]', 'sources = ["folder"]').replace(
        'folder = ""', f'folder = "{album.parent}"'
    )
    (corpus.root / "corpus.toml").write_text(text)
    assert next_step(Corpus(corpus.root)).command.split()[1] == "train-all"
    run("fetch", "-C", str(corpus.root))
    assert next_step(Corpus(corpus.root)).command.split()[1] == "faces"


def test_what_is_left_undecided_after_a_build_is_said_and_holds_nobody_up(tmp_path: Path) -> None:
    photographs = [*shots(("ada", "ben"), EACH), Shot("ben", 99, verdict=None)]
    corpus = ready_corpus(tmp_path / PLACE, photographs)
    rank_faces(corpus)
    assert next_step(corpus) == NextStep(f"facecorpus review -C {shlex.quote(str(corpus.root))}", "1 face waits.")
    assert next_step(corpus, "review").command.split()[1] == "build"
    run("build", "-C", str(corpus.root))
    step = next_step(corpus)
    assert (step.command.split()[1], step.why) == ("train-all", "1 face is left undecided.")


@pytest.mark.parametrize(
    ("begun", "words"),
    [
        ({}, ["--preset", "quick", "--name", "first"]),
        (
            {"seed": 3, "deterministic": True},
            ["--preset", "quick", "--seed", "3", "--deterministic", "--name", "first"],
        ),
        ({"shards": "others"}, ["--name", "paper-2"]),  # the usual name is another run's, too
        ({"size": 17}, ["--name", "paper-2"]),  # a preset of the user's own: nobody knows where it lies
    ],
)
def test_a_training_that_was_stopped_goes_on_with_its_own_options(
    begun: dict[str, object], words: list[str], tmp_path: Path
) -> None:
    corpus = built(tmp_path)
    stopped = {
        "schema": SCHEMA,
        "shards": fingerprint(corpus.shards),
        "seed": 0,
        "deterministic": False,
        **load_preset("quick").values(),
    }
    write_json(RunFolder(corpus.runs / "first").settings, stopped | begun)
    write_json(RunFolder(corpus.runs / "paper").settings, stopped | {"shards": "of an earlier build"})
    step = next_step(corpus)
    assert shlex.split(step.command) == ["facecorpus", "train-all", *words, "-C", str(corpus.root)]


def test_inside_of_its_folder_the_corpus_is_not_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    corpus = fresh(tmp_path)
    monkeypatch.chdir(corpus.root)
    assert next_step(Corpus(Path())).command == "facecorpus crawl"


@pytest.mark.parametrize(
    "words", [("verify", "--repair"), ("backup", "../b.zip"), ("export", "imagefolder", "../images")]
)
def test_verify_backup_and_export_end_with_it_too(
    words: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(built(tmp_path).root)
    assert run(*words).splitlines()[-1] == "Next: facecorpus train-all"


def test_ctrl_c_ends_with_the_command_that_goes_on(web: Loopback, tmp_path: Path) -> None:
    settings = settings_for(web, crawl={"sources": ("urls",), "urls": "list.csv"}, fetch={"requests_per_minute": 20})
    corpus = make(tmp_path / PLACE, settings, person("ada"))
    urls = [web.serve(f"/{number}.jpg", Reply(jpeg(number))) for number in range(3)]
    (corpus.root / "list.csv").write_text("name,url\n" + "".join(f"Ada,{url}\n" for url in urls))
    command = [sys.executable, "-m", "facecorpus", "fetch", "-C", str(corpus.root)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        while not web.paths():  # the next request waits for three seconds to pass
            time.sleep(0.05)
        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=60)
    last = said.splitlines()[-1]
    assert last == f"Next: facecorpus fetch -C {shlex.quote(str(corpus.root))}"
    assert next_step(corpus).command == f"facecorpus crawl -C {shlex.quote(str(corpus.root))}"
