"""The recipes of CONTRIBUTING.md at work: each change is made in a copy of the project, in the named files alone."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
CHROMIUM = Path("/usr/bin/chromium")


def recipes() -> dict[str, list[str]]:
    """The files that each recipe names, by its title."""
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8").partition("## Recipes")[2]
    return {
        title: re.findall(r"^- `(.+?)`", body, re.MULTILINE)
        for title, _, body in (part.partition("\n") for part in text.split("\n### ")[1:])
    }


class Project:
    """A copy of the project, to be changed as a contributor would."""

    def __init__(self, root: Path) -> None:
        self.root = root
        skipped = shutil.ignore_patterns("__pycache__", "world.zip")
        rooms = (
            "facecorpus",
            "training",
            "review_ui",
            "manifests",
            "tests",
            "scripts",
            "docs",
            "benchmarks",
            ".github",
        )
        for name in rooms:
            shutil.copytree(ROOT / name, root / name, ignore=skipped)
        for file in [*ROOT.glob("[!.]*"), ROOT / ".pre-commit-config.yaml"]:
            if file.is_file():
                shutil.copy(file, root)
        self._before = self._files()

    def edit(self, path: str, old: str, new: str) -> None:
        """Put `new` in the place of `old`, which stands there once."""
        text = (self.root / path).read_text(encoding="utf-8")
        assert text.count(old) == 1, f"{path} has {text.count(old)} times: {old}"
        (self.root / path).write_text(text.replace(old, new), encoding="utf-8")

    def add(self, path: str, after: str, text: str) -> None:
        """Put text behind `after`, which stands there once."""
        self.edit(path, after, after + text)

    def create(self, path: str, text: str) -> None:
        (self.root / path).write_text(text, encoding="utf-8")

    def run(self, *arguments: str) -> str:
        """Run python in the copy; what it printed. It must end well."""
        ended = subprocess.run(
            [sys.executable, *arguments],
            cwd=self.root,
            env=os.environ | {"PYTHONPATH": f"{self.root}:{self.root / 'tests' / 'helpers'}"},
            capture_output=True,
            text=True,
            check=False,
        )
        assert ended.returncode == 0, ended.stdout + ended.stderr
        return ended.stdout

    def holds_to(self, title: str, **placeholders: str) -> None:
        """What the recipe names was changed and nothing else; and style, imports and docs are as they must be."""
        named = set(recipes()[title])
        for placeholder, name in placeholders.items():
            named = {path.replace(f"<{placeholder}>", name) for path in named}
        after = self._files()
        assert {path for path in after if after[path] != self._before.get(path)} == named
        python = [path for path in named if path.endswith(".py")]
        self.run("-m", "ruff", "check", "--quiet", *python)
        self.run("-m", "ruff", "format", "--check", "--quiet", *python)
        self.run("-c", "from importlinter.cli import lint_imports_command as lint; lint()")
        self.run("-m", "pytest", "tests/test_docs.py", "-q", "-n0", "-p", "no:cacheprovider", "-k", "not site")

    def _files(self) -> dict[str, bytes]:
        files = (path for path in self.root.rglob("*") if path.is_file())
        kept = (path for path in files if "__pycache__" not in path.parts and "_cache" not in str(path))
        return {path.relative_to(self.root).as_posix(): path.read_bytes() for path in kept}


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return Project(tmp_path / "project")


@pytest.mark.parametrize("title", recipes())
def test_a_recipe_names_files_that_are_there(title: str) -> None:
    assert recipes()[title]
    for path in recipes()[title]:
        assert (ROOT / path).parent.is_dir() if "<" in path else (ROOT / path).is_file(), path


def test_a_source(project: Project, tmp_path: Path) -> None:
    project.create(
        "facecorpus/crawl/sources/shelf.py",
        '''"""A shelf with three photographs of everybody."""

from collections.abc import Iterator

from facecorpus.crawl.sources.source import Source
from facecorpus.manifest import Identity
from facecorpus.records import Candidate


class Shelf(Source):
    """Proposes the same three addresses for everybody."""

    name = "shelf"
    hosts = ("shelf.example",)

    def candidates(self, identity: Identity) -> Iterator[Candidate]:
        """The three, in order."""
        for rank in range(3):
            url = f"https://shelf.example/{identity.identity_id}/{rank}.jpg"
            yield Candidate(identity.identity_id, self.name, url, rank=rank)

    def requests(self, identity: Identity, wanted: int) -> int:
        """One, for the list."""
        return 1
''',
    )
    project.edit(
        "facecorpus/crawl/sources/__init__.py",
        "from facecorpus.crawl.sources.source import",
        "from facecorpus.crawl.sources.shelf import Shelf\nfrom facecorpus.crawl.sources.source import",
    )
    project.add("facecorpus/crawl/sources/__init__.py", "lambda: Archive.of(corpus),\n", '        "shelf": Shelf,\n')
    project.add("facecorpus/settings.py", '"folder", "archive"', ', "shelf"')
    project.edit("docs/sources.md", "## commons\n", "## shelf\n\nThree photographs of everybody.\n\n## commons\n")
    project.run("scripts/settings_doc.py")

    corpus = str(tmp_path / "corpus")
    project.run("-m", "facecorpus", "init", corpus)
    settings = Path(corpus, "corpus.toml")
    settings.write_text(settings.read_text().replace('sources = ["commons"]', 'sources = ["shelf"]'))
    planned = project.run("-m", "facecorpus", "crawl", "--dry-run", "-C", corpus)
    assert re.search(r"shelf +77 +77 .*shelf\.example", planned)
    program = """
import sys
from pathlib import Path
from facecorpus.corpus import Corpus
from facecorpus.crawl.discover import discover
print(discover(Corpus(Path(sys.argv[1]))))
"""
    assert "Discovered 231 new photographs among 231 proposed" in project.run("-c", program, corpus)
    project.holds_to("A source", name="shelf")


def test_a_detector(project: Project, tmp_path: Path) -> None:
    project.create(
        "facecorpus/faces/centre.py",
        '''"""A detector that sees a face in the middle of every picture."""

from facecorpus.faces.detect import Detection
from facecorpus.faces.records import Picture
from facecorpus.settings import FacesSettings


class CentreDetector:
    """One face, half as wide and as high as the picture."""

    name = "centre"

    def detect(self, picture: Picture, settings: FacesSettings) -> list[Detection]:
        """The one face."""
        height, width = picture.shape[:2]
        return [Detection((width / 4, height / 4, width / 2, height / 2), 1.0)]
''',
    )
    project.edit(
        "facecorpus/faces/models.py",
        "from facecorpus.faces.detect import Detector\n",
        "from facecorpus.faces.centre import CentreDetector\nfrom facecorpus.faces.detect import Detector\n",
    )
    project.edit(
        "facecorpus/faces/models.py",
        '    elif settings.detector == "yunet":',
        '    elif settings.detector == "centre":\n        detector = CentreDetector()\n'
        '    elif settings.detector == "yunet":',
    )
    project.add("facecorpus/settings.py", '"hog", "mmod", "yunet"', ', "centre"')
    project.run("scripts/settings_doc.py")

    (tmp_path / "corpus.toml").write_text('[faces]\ndetector = "centre"\n')
    program = """
import sys
from pathlib import Path
import cv2, numpy
from facecorpus.faces.analyze import analyze
from facecorpus.faces.models import load_models
from facecorpus.settings import read_settings
faces = read_settings(Path(sys.argv[1])).faces
picture = bytes(cv2.imencode(".png", numpy.zeros((200, 300, 3), "uint8"))[1])
print([(face.detector, face.box) for face in analyze(picture, "ab" * 32, load_models(faces), faces, 10**6).faces])
"""
    found = project.run("-c", program, str(tmp_path / "corpus.toml"))
    assert found.strip() == "[('centre', (75.0, 50.0, 150.0, 100.0))]"
    project.holds_to("A detector", name="centre")


def test_a_column_of_the_shards(project: Project, tmp_path: Path) -> None:
    project.edit(
        "facecorpus/records.py",
        "    cluster_id: str\n    width",
        "    brightness: float\n    cluster_id: str\n    width",
    )
    project.add(
        "facecorpus/catalog/faces.py",
        'reviewed_at=row["decided_at"],\n',
        '                brightness=row["brightness"],\n',
    )
    project.add("facecorpus/build/schema.py", '("sharpness", real),\n', '        ("brightness", real),\n')
    project.add(
        "facecorpus/build/shards.py", '"sharpness": face.sharpness,\n', '        "brightness": face.brightness,\n'
    )
    project.edit(
        "docs/dataset.md", "| `sharpness` |", "| `brightness` | float | mean of the grey face |\n| `sharpness` |"
    )

    program = """
import sys
from pathlib import Path
import pyarrow.parquet
from build_corpus import ready_corpus, shots
from facecorpus.build.stage import build_shards
path = build_shards(ready_corpus(Path(sys.argv[1]), shots())).path
print(set(pyarrow.parquet.read_table(path / "train-00000-of-00001.parquet")["brightness"].to_pylist()))
print("faces/brightness" in (path / "croissant.json").read_text())
"""
    assert project.run("-c", program, str(tmp_path / "corpus")).split() == ["{120.0}", "True"]
    project.holds_to("A column of the shards")


def test_an_image_filter(project: Project) -> None:
    project.edit(
        "training/data/augment.py",
        "def _grey(",
        """def _posterize(image: Image, levels: float, random: Random) -> Image:
    step = 256 // int(levels)
    return _u8(image // step * step)


def _grey(""",
    )
    project.add("training/data/augment.py", '"tint": _tint,\n', '    "posterize": _posterize,\n')
    project.add(
        "training/presets.py",
        '"tint": _Number(float, 0, 1, count=2),\n',
        '    "posterize": _Number(float, 2, 64, count=2),\n',
    )
    project.edit("training/presets/quick.toml", "tint = [0.15, 0.15]", "posterize = [4, 4]")

    program = """
import numpy
from training.data.augment import filter_name, variant
from training.presets import load_preset
preset = load_preset("quick")
names = [filter_name(number, preset) for number in range(preset.variants)]
image = numpy.random.default_rng(0).integers(0, 256, (32, 32, 3), "uint8")
print(names[-1], len(set(variant(image, "a-face", names.index("posterize"), 0, preset).flat)))
"""
    assert project.run("-c", program).split() == ["posterize", "4"]
    project.holds_to("An image filter", preset="quick")


def test_a_fusion(project: Project, tmp_path: Path) -> None:
    project.add("training/plan/networks_and_heads.py", '"gating", "bilinear"', ', "largest"')
    project.edit(
        "training/learn/stacks.py",
        "_MIXES: dict[str, Callable[[Tensor, Tensor], Tensor]] = {",
        '''def _largest(projected: Tensor, gates: Tensor) -> Tensor:
    """The largest of all sources, place by place."""
    return projected.amax(1)


_MIXES: dict[str, Callable[[Tensor, Tensor], Tensor]] = {''',
    )
    project.add("training/learn/stacks.py", '"bilinear": _bilinear', ', "largest": _largest')
    project.add(
        "training/report/tables.py",
        '("bilinear", "products of pairs of projections"),\n',
        '    ("largest", "the largest of the projections"),\n',
    )
    project.edit("docs/training.md", "| `sum`,", "| `largest` | the largest of the projections | – |\n| `sum`,")
    project.run("-m", "ruff", "format", "--quiet", "training/learn/stacks.py")

    tiny = (ROOT / "tests" / "data" / "training_tiny.toml").read_text()
    for old, new in {
        '["photo"]': "[]",
        "out_of_fold = 2": "out_of_fold = 0",
        "iterations = 100": "iterations = 10",
    }.items():
        tiny = tiny.replace(old, new)
    (tmp_path / "tiny.toml").write_text(tiny)
    program = """
import sys
from pathlib import Path
from training_shards import coloured_rows, write_shards
write_shards(Path(sys.argv[1]), coloured_rows())
"""
    project.run("-c", program, str(tmp_path / "shards"))
    run = ["training", str(tmp_path / "shards"), str(tmp_path / "run"), f"--preset={tmp_path / 'tiny.toml'}"]
    project.run("-m", *run, "--protocol=photo", "--workers=1", "--device=cpu")
    assert "the largest of the projections" in (tmp_path / "run" / "report.md").read_text()
    project.holds_to("A fusion")
