"""Plugins: a package of a user's own adds a source and a detector, and a broken one harms nothing else."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from crawling import make, states
from loopback import Loopback, Reply, jpeg, settings_for
from people import person

from facecorpus.corpus import Corpus
from facecorpus.crawl.discover import discover
from facecorpus.crawl.stage import fetch_candidates
from facecorpus.engines.examine import look
from facecorpus.errors import ModelError, SettingsError, SourceError
from facecorpus.faces.models import load_detector
from facecorpus.settings import FacesSettings
from facecorpus.settings_file import settings_of

NOT_DATED = person("ben", birth_date="", age_group=None, photos_from=None, photos_until=None)
EXAMPLE = Path(__file__).parents[2] / "docs" / "example-plugin"


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The example of the docs, installed from its source as a user installs it, without a network."""
    folder = tmp_path_factory.mktemp("plugin")
    shutil.copytree(EXAMPLE, folder / "source")
    options = ["--no-deps", "--no-build-isolation", "--no-index", "--disable-pip-version-check", "--quiet"]
    command = [sys.executable, "-m", "pip", "install", *options, "--target", str(folder / "site")]
    done = subprocess.run([*command, str(folder / "source")], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return folder / "site"


@pytest.fixture
def shelf(installed: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(installed))


def broken_package(folder: Path, monkeypatch: pytest.MonkeyPatch, code: str) -> None:
    """A package 'odds' 2.0 with the source and detector 'odd', whose module has that code."""
    about = folder / "odds-2.0.dist-info"
    about.mkdir(parents=True)
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: odds\nVersion: 2.0\n")
    entries = "[facecorpus.sources]\nodd = odd_module:Odd\n[facecorpus.detectors]\nodd = odd_module:Odd\n"
    (about / "entry_points.txt").write_text(entries)
    (folder / "odd_module.py").write_text(code)
    monkeypatch.syspath_prepend(str(folder))
    monkeypatch.delitem(sys.modules, "odd_module", raising=False)


def shelf_corpus(folder: Path, web: Loopback, monkeypatch: pytest.MonkeyPatch, *sources: str) -> Corpus:
    """A corpus of Ada and Ben, of whom the shelf lists Ada."""
    monkeypatch.setenv("SHELF_ADDRESS", web.url("/shelf"))
    listed = [{"url": web.serve("/1.jpg", Reply(jpeg(1))), "title": "Ada\x1b[2J\ud800", "author": None}]
    web.serve("/shelf/ada.json", Reply(json.dumps(listed).encode()))
    web.serve("/shelf/ben.json", Reply(b"[]"))
    return make(folder, settings_for(web, crawl={"sources": sources}), person("ada"), person("ben"))


@pytest.mark.usefixtures("shelf")
def test_a_source_of_a_package_is_crawled_with_like_any_other(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with Loopback() as web:
        corpus = shelf_corpus(tmp_path / "c", web, monkeypatch, "shelf")
        found = discover(corpus)
        assert fetch_candidates(corpus).outcomes == {"stored": 1}
        agent = {request.headers["User-Agent"] for request in web.requests}
    assert (found.proposed, found.warnings) == (1, ("Ben: the shelf holds no photographs.",))
    assert all("me@example.org" in one for one in agent)
    with corpus.catalog() as catalog:
        (row,) = catalog.query("SELECT source, title, author, rank FROM candidate")
    assert tuple(row) == ("shelf", "Ada[2J�", "", 0)


@pytest.mark.usefixtures("shelf")
@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("import nothing_of_that_name", "ModuleNotFoundError"),
        ("raise SystemExit(3)", "SystemExit: 3"),
        ("Other = 1", "AttributeError"),
        ("def Odd(*arguments): return 7", "AttributeError: 'int' object has no attribute"),
        (
            "from facecorpus.crawl.sources import Source\n"
            "class Odd(Source):\n    hosts = ()\n    def __init__(self, *a): pass\n"
            "    def candidates(self, identity): yield identity.name\n",
            "it proposes a str, which is no Candidate",
        ),
        (
            "from facecorpus.crawl.sources import Source\n"
            "class Odd(Source):\n    hosts = ()\n    checks = True\n    def __init__(self, *a): pass\n"
            "    def check(self, identity): raise MemoryError('so much')\n",
            "MemoryError: so much",
        ),
    ],
)
def test_a_broken_source_is_named_and_stops_no_other(
    code: str, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken_package(tmp_path / "site", monkeypatch, code)
    with Loopback() as web:
        found = discover(shelf_corpus(tmp_path / "both", web, monkeypatch, "odd", "shelf"))
        assert found.proposed == 1
        sentence = found.failed["odd"]
        assert sentence.startswith("The plugin 'odd' of the package odds 2.0 fails (")
        assert said in sentence
        alone = shelf_corpus(tmp_path / "alone", web, monkeypatch, "odd")
        with pytest.raises(SourceError, match=r"The plugin 'odd' of the package odds 2\.0 fails"):
            discover(alone)


def test_a_source_of_a_package_says_neither_whose_picture_it_is_nor_reads_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    secret = tmp_path / "secret.jpg"
    secret.write_bytes(jpeg(1))
    broken_package(
        tmp_path / "site",
        monkeypatch,
        "from facecorpus.crawl.sources import Source\nfrom facecorpus.records import Candidate\n"
        "class Odd(Source):\n    hosts = ()\n    def __init__(self, *a): pass\n"
        f"    def candidates(self, identity): yield Candidate('ben', 'folder', {secret.as_uri()!r}, rank='first',"
        " box='everywhere', sha256='none', taken_on='once')\n",
    )
    corpus = make(tmp_path / "c", settings_for(crawl={"sources": ("odd",)}), person("ada"), NOT_DATED)
    discover(corpus)
    with corpus.catalog() as catalog:
        rows = list(catalog.query("SELECT identity_id, source, rank, box, sha256, taken_on FROM candidate"))
    assert [tuple(row) for row in rows] == [("ada", "odd", 0, "", "", None)]
    assert fetch_candidates(corpus).outcomes == {"blocked_address": 1}
    assert states(corpus) == {("ada", "secret.jpg"): "blocked_address"}


@pytest.mark.usefixtures("shelf")
def test_a_detector_of_a_package_is_chosen_by_its_name() -> None:
    faces = settings_of({"faces": {"detector": "middle"}}, "here").faces
    detector = load_detector(faces)
    assert detector.name == "middle 1.0"
    (found,) = detector.detect(np.zeros((200, 300, 3), np.uint8), faces)
    assert found.box == (75.0, 50.0, 150.0, 100.0)


@pytest.mark.parametrize("box", ["(0, 0, float('nan'), 9)", "(9999, 0, 5, 5)", "(0, 0, 0, 9)", "'none'"])
def test_a_detector_that_finds_what_is_no_face_leaves_the_photograph_waiting(
    box: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken_package(
        tmp_path / "site",
        monkeypatch,
        "from facecorpus.faces.detect import Detection\n"
        "class Odd:\n    name = 'odd'\n    def __init__(self, settings): pass\n"
        f"    def detect(self, picture, settings): return [Detection({box}, 1.0)]\n",
    )
    settings = FacesSettings(detector="odd")

    class Models:
        detector = load_detector(settings)

    failure = look("ab" * 32, lambda: jpeg(1), Models, settings, 10**6)  # type: ignore[arg-type]
    assert failure.retry  # type: ignore[union-attr]
    assert "The plugin 'odd' of the package odds 2.0 fails" in failure.sentence  # type: ignore[union-attr]


def test_a_detector_that_cannot_be_loaded_is_one_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    broken_package(tmp_path / "site", monkeypatch, "1 / 0")
    with pytest.raises(ModelError, match=r"odds 2\.0 fails \(ZeroDivisionError"):
        load_detector(FacesSettings(detector="odd"))


def test_a_plugin_that_nobody_has_installed_is_refused_with_the_names_there_are() -> None:
    expected = "'shelves'; it must be one of commons, openverse, .*, archive, or an installed plugin."
    with pytest.raises(SettingsError, match=expected):
        settings_of({"crawl": {"sources": ["shelves"]}}, "here")
