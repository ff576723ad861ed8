"""The documents say what is true: commands, settings, dependencies, links, and nothing of anybody's machine."""

import re
import subprocess
import sys
import tomllib
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

import commands_doc
import pytest
import settings_doc
import typer.main
import yaml
from packaging.specifiers import SpecifierSet

from facecorpus.build.schema import shard_schema
from facecorpus.cli import app
from facecorpus.crawl.limits import KNOWN
from facecorpus.crawl.sources.flickr import KEY
from facecorpus.crawl.sources.openverse import CLIENT_ID, CLIENT_SECRET
from facecorpus.settings import SOURCES
from facecorpus.words import Outcome, Reason
from training.plan.networks_and_heads import MIXES
from training.publication import TASKS
from training.report.tables import tables_of

ROOT = Path(__file__).parent.parent
DOCUMENTS = [*sorted(ROOT.glob("*.md")), *sorted((ROOT / "docs").glob("*.md"))]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]


def test_every_command_has_its_place_in_the_readme() -> None:
    readme = (ROOT / "README.md").read_text()
    commands = typer.main.get_command(app).commands  # type: ignore[attr-defined]
    assert [name for name in commands if f"facecorpus {name}" not in readme] == []


def test_the_reference_of_the_commands_is_current_and_every_option_has_help() -> None:
    text = (ROOT / "docs" / "commands.md").read_text()
    assert text == commands_doc.page(), "make it again: python scripts/commands_doc.py"
    for row in re.findall(r"^\| `.*", text, re.MULTILINE):
        assert re.fullmatch(r"\| `[^`]+` \| [^|\s\[][^|]* \|", row), f"no help: {row}"
    for section in text.split("\n## ")[1:]:
        assert re.match(r"(facecorpus .+|facecorpus)\n\n[A-Z]", section), f"no help: {section}"


def test_the_page_of_the_settings_is_current() -> None:
    text = (ROOT / "docs" / "settings.md").read_text()
    assert text == settings_doc.page(), "make it again: python scripts/settings_doc.py"


def test_every_dependency_is_justified_and_pinned() -> None:
    reasons = (ROOT / "docs" / "dependencies.md").read_text()
    pins = (ROOT / "constraints.txt").read_text()
    for requirement in [*PROJECT["dependencies"], *PROJECT["optional-dependencies"]["dev"]]:
        name = re.escape(re.split(r"[\[<>=;]", requirement)[0])  # without extras, versions and markers
        assert re.search(rf"^\|[^|]*\b{name}\b", reasons, re.MULTILINE), f"{requirement} has no reason"
        assert re.search(rf"^{name}==", pins, re.MULTILINE | re.IGNORECASE), f"{requirement} has no pin"


def test_the_site_builds_strictly_and_fetches_nothing_from_elsewhere(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(tmp_path)]
    ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stderr
    assert "Where things are" in (tmp_path / "index.html").read_text()
    for page in tmp_path.rglob("*.html"):
        tags = re.findall(r"<(?!a\b)\w[^>]*?\b(?:src|srcset|href|data|poster)=[^>]*>", page.read_text())
        assert [tag for tag in tags if re.search(r"=\"?(https?:)?//", tag)] == [], page.name
    for style in tmp_path.rglob("*.css"):
        assert not re.search(r"(url\(|@import )[\"']?(https?:)?//", style.read_text()), style.name


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_links_between_files_lead_somewhere(document: Path) -> None:
    for target in re.findall(r"\]\(([^)#]+?)(?:#[^)]*)?\)", document.read_text()):
        if not re.match(r"[a-z]+:", target):
            assert (document.parent / target).exists(), f"{document.name} links to {target}"


def test_the_citation_names_the_paper_and_the_files_for_others_are_sound() -> None:
    cited = yaml.safe_load((ROOT / "CITATION.cff").read_text())
    assert {"cff-version", "message", "title", "authors"} <= set(cited)
    assert [one["title"] for one in cited["references"]] == [
        "Learning and Fusing Multimodal Features from and for Multi-task Facial Computing"
    ]
    steps = yaml.safe_load((ROOT / ".github" / "workflows" / "check.yml").read_text())["jobs"]["check"]["steps"]
    hooks = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text())["repos"][0]["hooks"]
    called = [step["run"] for step in steps if "run" in step] + [hook["entry"] for hook in hooks]
    targets = re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE)
    assert [one for one in called if one.removeprefix("make ") not in targets] == []


def test_no_file_speaks_of_a_machine_or_of_a_workplace() -> None:
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=False)
    if listed.returncode:
        pytest.skip("not a git checkout")
    words = re.compile("|".join(["/wo" + "rk/", "/home" + "/", "/ro" + "ot/", "pypi" + r"\.org"]))
    for name in listed.stdout.splitlines():
        path = ROOT / name
        if path.suffix not in {".png", ".jpg", ".zip"}:
            assert not words.search(path.read_text(encoding="utf-8", errors="replace")), name


def test_every_source_is_described_with_what_it_needs() -> None:
    text = (ROOT / "docs" / "sources.md").read_text()
    headings = re.findall(r"^## (.+)$", text, re.MULTILINE)
    named = {name for heading in headings for name in heading.split(", ")}
    assert set(SOURCES) <= named
    for variable in (KEY, CLIENT_ID, CLIENT_SECRET):
        assert f"`{variable}`" in text
    for key in ("commons_depth", "commons_width", "commons_api", "wikipedia_api", "licences", "engines_despite_robots"):
        assert f"`{key}`" in text


def test_every_way_a_download_can_end_is_explained() -> None:
    text = (ROOT / "docs" / "crawling.md").read_text()
    assert [outcome for outcome in Outcome if not re.search(rf"^\| [^|]*\b{outcome}\b", text, re.MULTILINE)] == []


def test_every_column_of_the_shards_is_explained() -> None:
    text = (ROOT / "docs" / "dataset.md").read_text()
    columns = shard_schema(["somebody"], dimension=128).names
    assert [name for name in columns if not re.search(rf"^\|[^|]*`{name}`", text, re.MULTILINE)] == []


def test_every_fusion_is_explained_and_has_its_line_in_the_report() -> None:
    text = (ROOT / "docs" / "training.md").read_text()
    assert [name for name in MIXES if not re.search(rf"^\|[^|]*`{name}`", text, re.MULTILINE)] == []
    results = {"tasks": TASKS, "classes": {}, "protocols": {"photo": {"rows": {name: {"race": {}} for name in MIXES}}}}
    assert [row.name for table in tables_of(results, "photo") for row in table.rows] == list(MIXES)


def test_every_known_limit_of_a_host_is_in_the_docs() -> None:
    text = (ROOT / "docs" / "crawling.md").read_text()
    for host, limit in KNOWN.items():
        assert re.search(
            rf"^ *\| [^|]*{re.escape(host)}[^|]* \| {limit.at_once} \| {limit.a_minute} \|", text, re.MULTILINE
        )


def test_every_key_of_the_review_page_is_explained() -> None:
    text = (ROOT / "docs" / "reviewing.md").read_text()
    table = (ROOT / "review_ui" / "static" / "keys.js").read_text()
    keys = {key for keys in re.findall(r"keys: \[(.*?)\]", table) for key in re.findall(r'"(.+?)"', keys)}
    shown = {"ArrowLeft": "←", "ArrowRight": "→", "ArrowUp": "↑", "ArrowDown": "↓", " ": "Space"}
    shown |= {"PageUp": "Page ↑", "PageDown": "Page ↓"}
    assert [key for key in sorted(keys) if f"`{shown.get(key, key)}`" not in text] == []


def test_every_reason_to_reject_is_explained_with_its_key() -> None:
    (row,) = re.findall(r"^\| `r`, then .*$", (ROOT / "docs" / "reviewing.md").read_text(), re.MULTILINE)
    assert [reason for reason in Reason if f"`{reason.key}`" not in row or reason not in row] == []


def test_the_pins_can_be_installed_with_the_oldest_python_that_is_promised() -> None:
    oldest = PROJECT["requires-python"].removeprefix(">=") + ".0"
    pins = dict(re.findall(r"^([\w.-]+)==(\S+)", (ROOT / "constraints.txt").read_text(), re.MULTILINE))
    refused = {}
    for name, version in pins.items():
        try:
            found = distribution(name)
        except PackageNotFoundError:
            continue
        needs = found.metadata["Requires-Python"]
        if found.version == version and needs and not SpecifierSet(needs).contains(oldest):
            refused[name] = needs
    assert refused == {}
