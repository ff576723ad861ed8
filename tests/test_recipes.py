"""The recipes of CONTRIBUTING.md at work: each change is made in a copy of the project, in the named files alone."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from project_copy import ROOT, Project

CHROMIUM = Path("/usr/bin/chromium")


def recipes() -> dict[str, list[str]]:
    """The files that each recipe names, by its title."""
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8").partition("## Recipes")[2]
    return {
        title: re.findall(r"^- `(.+?)`", body, re.MULTILINE)
        for title, _, body in (part.partition("\n") for part in text.split("\n### ")[1:])
    }


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return Project(tmp_path / "project")


# ---- The changes


def a_source(project: Project) -> None:
    """Source 'shelf': the same three addresses for everybody."""
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
    made_by = "facecorpus/crawl/sources/__init__.py"
    imports = "from facecorpus.crawl.sources.source import"
    project.edit(made_by, imports, f"from facecorpus.crawl.sources.shelf import Shelf\n{imports}")
    project.add(made_by, "lambda: Archive.of(corpus),\n", '        "shelf": Shelf,\n')
    project.add("facecorpus/settings.py", '"folder", "archive"', ', "shelf"')
    project.edit("docs/sources.md", "## commons\n", "## shelf\n\nThree photographs of everybody.\n\n## commons\n")
    project.run("scripts/settings_doc.py")


def a_detector(project: Project) -> None:
    """Detector 'centre': a face in the middle of every picture."""
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
    imports, branch = "from facecorpus.faces.detect import", '    elif settings.detector == "yunet":\n'
    project.edit(
        "facecorpus/faces/models.py", imports, f"from facecorpus.faces.centre import CentreDetector\n{imports}"
    )
    project.edit(
        "facecorpus/faces/models.py",
        branch,
        f'    elif settings.detector == "centre":\n        detector = CentreDetector()\n{branch}',
    )
    project.add("facecorpus/settings.py", '"yunet", "hog", "mmod"', ', "centre"')
    project.run("scripts/settings_doc.py")


def a_column_of_the_shards(project: Project) -> None:
    """Column 'chroma', which the catalog knows and the build was not told yet."""
    project.edit(
        "facecorpus/records.py",
        "    cluster_id: str\n    width",
        "    chroma: float\n    cluster_id: str\n    width",
    )
    project.add(
        "facecorpus/catalog/faces.py",
        'reviewed_at=row["decided_at"],\n',
        '                chroma=row["chroma"],\n',
    )
    project.add("facecorpus/build/schema.py", '("sharpness", real),\n', '        ("chroma", real),\n')
    project.add("facecorpus/build/shards.py", '"score": face.score,\n', '        "chroma": face.chroma,\n')
    project.edit("docs/dataset.md", "| `sharpness` |", "| `chroma` | float | mean of the face |\n| `sharpness` |")


def an_image_filter(project: Project) -> None:
    """Filter 'posterize': few levels of each colour."""
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


def a_fusion(project: Project) -> None:
    """Fusion 'largest': of all projections, place by place."""
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
    project.run("-m", "ruff", "format", "--quiet", "--no-cache", "training/learn/stacks.py")
    project.add(
        "training/report/tables.py",
        '("bilinear", "products of pairs of projections"),\n',
        '    ("largest", "the largest of the projections"),\n',
    )
    project.edit("docs/training.md", "| `sum`,", "| `largest` | the largest of the projections | – |\n| `sum`,")


def a_key_of_the_review_page(project: Project) -> None:
    """Key 'I': says the caption of the face."""
    project.edit(
        "review_ui/static/keys.js",
        '  { name: "help",',
        '  { name: "caption", keys: ["I"], label: "Say the caption", group: "Look",\n'
        '    bar: "looks", button: "Caption" },\n'
        '  { name: "help",',
    )
    project.add(
        "review_ui/static/identity.js",
        "  help: toggleHelp,\n",
        '  caption: () => notice(details.get(faces.ids[sheet.current])?.title ?? ""),\n',
    )
    project.edit("docs/reviewing.md", "| `?` | help |", "| `I` | say the caption |\n| `?` | help |")


def a_reason_to_reject(project: Project) -> None:
    """Reason 'statue', by key s."""
    project.add("facecorpus/words.py", 'OTHER = "other", "o"\n', '    STATUE = "statue", "s"\n')
    project.edit("docs/reviewing.md", "`o` | reject: ", "`o` `s` | reject: statue, ")


Change = Callable[[Project], None]
CHANGES: dict[str, tuple[Change, dict[str, str]]] = {
    "A source": (a_source, {"<name>": "shelf"}),
    "A detector": (a_detector, {"<name>": "centre"}),
    "A column of the shards": (a_column_of_the_shards, {}),
    "An image filter": (an_image_filter, {"<preset>": "quick"}),
    "A fusion": (a_fusion, {}),
    "A key of the review page": (a_key_of_the_review_page, {}),
    "A reason to reject": (a_reason_to_reject, {}),
}
"""By the recipe's title, the change, and what its placeholders stand for."""


# ---- What the recipes say


@pytest.mark.parametrize("title", recipes())
def test_a_recipe_names_the_files_that_its_change_touches(project: Project, title: str) -> None:
    change, placeholders = CHANGES[title]
    named = "\n".join(recipes()[title])
    for placeholder, name in placeholders.items():
        named = named.replace(placeholder, name)
    change(project)
    assert project.changed() == set(named.split("\n"))


def test_all_changes_together_keep_style_imports_and_documents(project: Project) -> None:
    for change, _ in CHANGES.values():
        change(project)
    python = sorted(path for path in project.changed() if path.endswith(".py"))
    project.run("-m", "ruff", "check", "--quiet", "--no-cache", *python)
    project.run("-m", "ruff", "format", "--check", "--quiet", "--no-cache", *python)
    project.run("-c", "from importlinter.cli import lint_imports_command as lint; lint(['--no-cache'])")
    project.run("-m", "pytest", "tests/test_docs.py", "-q", "-n0", "-p", "no:cacheprovider", "-k", "not site")


# ---- The new things at work


def test_a_new_source_is_accepted_by_the_settings_planned_and_asked(project: Project, tmp_path: Path) -> None:
    a_source(project)
    corpus = tmp_path / "corpus"
    project.run("-m", "facecorpus", "init", str(corpus))
    settings = corpus / "corpus.toml"
    text = settings.read_text().replace('sources = ["commons"]', 'sources = ["shelf"]')
    # Nobody answers at shelf.example: as a private host it is not looked for before it is asked.
    text = text.replace("private_hosts = []", 'private_hosts = ["shelf.example"]')
    settings.write_text(text.replace('contact = ""', 'contact = "me@example.org"'))
    planned = project.run("-m", "facecorpus", "crawl", "--dry-run", "-C", str(corpus))
    assert re.search(r"shelf +77 +77 .*shelf\.example", planned)
    program = """
import sys
from pathlib import Path
from facecorpus.corpus import Corpus
from facecorpus.crawl.discover import discover
print(discover(Corpus(Path(sys.argv[1]))))
"""
    assert "Discovered 231 new photographs among 231 proposed" in project.run("-c", program, str(corpus))


def test_a_new_detector_is_chosen_in_the_settings_and_finds_faces(project: Project, tmp_path: Path) -> None:
    a_detector(project)
    (tmp_path / "corpus.toml").write_text('[faces]\ndetector = "centre"\n')
    program = """
import sys
from pathlib import Path
import cv2, numpy
from facecorpus.faces.analyze import analyze
from facecorpus.faces.models import load_models
from facecorpus.settings_file import read_settings
faces = read_settings(Path(sys.argv[1])).faces
picture = bytes(cv2.imencode(".png", numpy.zeros((200, 300, 3), "uint8"))[1])
print([(face.detector, face.box) for face in analyze(picture, "ab" * 32, load_models(faces), faces, 10**6).faces])
"""
    found = project.run("-c", program, str(tmp_path / "corpus.toml"))
    assert found.strip() == "[('centre', (75.0, 50.0, 150.0, 100.0))]"


def test_a_new_column_is_in_the_shards_and_in_croissant(project: Project, tmp_path: Path) -> None:
    a_column_of_the_shards(project)
    program = """
import sys
from pathlib import Path
import pyarrow.parquet
from build_corpus import ready_corpus, shots
from facecorpus.build.stage import build_shards
path = build_shards(ready_corpus(Path(sys.argv[1]), shots())).path
print(set(pyarrow.parquet.read_table(path / "data")["chroma"].to_pylist()))
print("faces/chroma" in (path / "croissant.json").read_text())
"""
    assert project.run("-c", program, str(tmp_path / "corpus")).split() == ["{12.5}", "True"]


def test_a_new_image_filter_makes_one_of_the_variants(project: Project) -> None:
    an_image_filter(project)
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


def test_a_new_fusion_has_heads_that_answer_and_a_line_in_the_report(project: Project) -> None:
    a_fusion(project)
    program = """
import torch
from training.learn.stacks import make_stacks
from training.plan.networks_and_heads import extra_heads
from training.presets import load_preset
from training.publication import TASKS
from training.report.tables import tables_of
heads = [head for head in extra_heads(TASKS, [], TASKS) if head.row == "largest"]
print(*(head.target for head in heads))
columns = {task: range(place * 50, place * 50 + 50) for place, task in enumerate(TASKS)}
(stack,) = make_stacks(heads, columns, load_preset("quick"), dict.fromkeys(TASKS, 3), 0, {})
scores = stack(torch.rand(5, 200))
print(tuple(scores.shape), bool(scores.std() > 0))
results = {"tasks": TASKS, "classes": {}, "protocols": {"photo": {"rows": {"largest": {"race": {"accuracy": 0.5}}}}}}
print(*(row.title for table in tables_of(results, "photo") for row in table.rows))
"""
    targets, scores, title = project.run("-c", program).splitlines()
    assert set(targets.split()) == {"identity", "age_group", "race", "gender"}
    assert scores == "(4, 5, 3) True"
    assert title == "the largest of the projections"


@pytest.mark.browser
@pytest.mark.skipif(not CHROMIUM.exists(), reason=f"{CHROMIUM} is not installed: apt-get install chromium")
def test_a_new_key_acts_and_has_a_button_and_a_new_reason_is_asked_for(project: Project, tmp_path: Path) -> None:
    a_key_of_the_review_page(project)
    a_reason_to_reject(project)
    program = """
import sys
from pathlib import Path
from chromium_page import open_person
from playwright.sync_api import expect, sync_playwright
from review_corpus import ADA, make_corpus, served
corpus = make_corpus(Path(sys.argv[1]), {ADA: 6}, title="In the garden")
with served(corpus) as base, sync_playwright() as playwright:
    browser = playwright.chromium.launch(executable_path=sys.argv[2], args=["--no-sandbox", "--disable-dev-shm-usage"])
    page = browser.new_page()
    open_person(page, f"{base}/?token=sesame")
    page.wait_for_selector("[role=gridcell] img")
    page.wait_for_load_state("networkidle")
    page.keyboard.press("I")
    expect(page.locator("#notice")).to_contain_text("In the garden")
    expect(page.get_by_role("button", name="Say the caption")).to_be_visible()
    page.keyboard.press("?")
    expect(page.locator("#help dd", has_text="Say the caption")).to_be_visible()
    page.keyboard.press("Escape")
    page.keyboard.press("r")
    expect(page.get_by_role("button", name="Reject: statue")).to_be_visible()
    page.keyboard.press("s")
    expect(page.locator("[data-state='✗ statue']")).to_be_visible()
    browser.close()
"""
    project.run("-c", program, str(tmp_path / "review"), str(CHROMIUM))


def test_a_new_reason_is_on_the_page_and_accepted_by_the_server(project: Project, tmp_path: Path) -> None:
    a_reason_to_reject(project)
    program = """
import sys
from pathlib import Path
from review_corpus import ADA, Browser, face_ids, journal, make_corpus, served
corpus = make_corpus(Path(sys.argv[1]), {ADA: 6})
with served(corpus) as base:
    browser = Browser(base, "sesame")
    print('"key": "s", "label": "statue"' in browser.ask(f"/identity/{ADA}").text)
    face_id = face_ids(corpus, ADA)[0]
    print(browser.decide([face_id], "reject", "statue").status_code)
    print(browser.decide([face_id], "reject", "a whim").status_code)
print([reason for _, _, _, reason in journal(corpus)])
"""
    assert project.run("-c", program, str(tmp_path / "review")).split() == ["True", "200", "422", "['statue']"]
