"""What a person types wrong, and the one sentence that each of it gets: the table is tests/data/bad_input.toml.

After a sentence was changed on purpose, `python tests/test_bad_commands.py` writes those of the table anew.
"""

import json
import os
import re
import shutil
import sqlite3
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest
from people import person

from facecorpus.cli import run
from facecorpus.corpus import Corpus, init_corpus
from facecorpus.manifest import write_manifest

TABLE = Path(__file__).parent / "data" / "bad_input.toml"
PRESET = Path(__file__).parent / "data" / "training_tiny.toml"
CASES: list[dict[str, Any]] = tomllib.loads(TABLE.read_text(encoding="utf-8"))["case"]
# What to do next, where no semicolon stands before it.
NEXT = re.compile(
    r"; |: (set|put|run|give|write|train|take|copy|build|use|facecorpus)\b|\b(it )?must be\b|: add --yes|with"
)


def prepare(home: Path, case: dict[str, Any]) -> None:
    """A corpus c of two people, and the files of the case."""
    write_manifest(home / "people.csv", [person("ada"), person("ben")])
    init_corpus(home / "c", home / "people.csv")
    files = dict(case.get("files", {}))
    if preset := case.get("preset"):
        key = preset.partition(" ")[0]
        kept = [line for line in PRESET.read_text().splitlines() if not line.startswith(f"{key} =")]
        files["p.toml"] = "\n".join([*kept, preset])
    for name, text in files.items():
        (home / name).parent.mkdir(parents=True, exist_ok=True)
        (home / name).write_text(text, encoding="utf-8")
    for name, octets in case.get("bytes", {}).items():
        (home / name).write_bytes(bytes.fromhex(octets))
    for name in case.get("missing", ()):
        (home / name).unlink()
    if version := case.get("version"):
        with sqlite3.connect(home / "c" / "catalog.sqlite") as connection:
            connection.execute(f"PRAGMA user_version = {version}")
        connection.close()


def told(home: Path, text: str) -> str:
    """What was said, wherever this machine has its folders."""
    text = re.sub(r"(this one knows|this program reads) \d+", r"\1 N", text)
    return text.replace(str(home), "{home}").replace(str(Path(__file__).parents[1]), "{project}").rstrip("\n")


def tree(home: Path) -> set[str]:
    """The files of a folder, those that opening a corpus may make left out."""
    names = {str(path.relative_to(home)) for path in home.rglob("*") if path.is_file()}
    return {
        name for name in names if not re.match(r"c/(\.lock|catalog\.sqlite|facecorpus\.log|decisions\.jsonl)", name)
    }


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{CASES.index(case)} {case['run']}")
def test_a_sentence(
    case: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    prepare(tmp_path, case)
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("FLICKR_API_KEY", raising=False)
    before = tree(tmp_path)
    assert run(case["run"].split()) == 2
    said = capsys.readouterr()
    last = told(tmp_path, said.err).partition("facecorpus: ")[2]
    assert last == case["says"]
    assert "Traceback" not in said.err
    assert NEXT.search(last)
    assert tree(tmp_path) == before, "a file was left behind"


@pytest.mark.parametrize("case", CASES[::6], ids=lambda case: f"{CASES.index(case)} {case['run']}")
def test_the_same_as_a_document(
    case: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    if case["run"].startswith(("init", "demo")):
        pytest.skip("it has no --json")
    prepare(tmp_path, case)
    monkeypatch.chdir(tmp_path)
    assert run([*case["run"].split(), "--json"]) == 2
    document = json.loads(capsys.readouterr().out)
    assert document.keys() == {"error", "hint"}
    assert document["hint"] and document["hint"] in document["error"]
    if not case["run"].endswith(("-C", "--list")):  # which would take it for a folder or a file
        assert told(tmp_path, document["error"]) == case["says"]


def test_the_table_is_large_and_names_the_thing() -> None:
    assert len(CASES) >= 200
    assert len({(case["run"], *map(str, case.items())) for case in CASES}) == len(CASES)
    for case in CASES:
        # A word of the command, the name of a file, or what stands in it.
        words = {*case["run"].split(), *case.get("files", {}), *case.get("bytes", {}), *case.get("missing", ())}
        words |= {word for text in (*case.get("files", {}).values(), case.get("preset", "")) for word in text.split()}
        words = {part for word in words for part in re.findall(r"[\w.-]{3,}", word)}
        words |= {
            "c ",
            "c/",
            " c:",
            "corpus.toml",
            "--",
            "argument",
            "catalog",
        }  # the corpus itself, an option, what is missing
        assert any(word in case["says"] for word in words), case


def test_what_nobody_foresaw_is_said_and_its_traceback_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    prepare(tmp_path, {})

    def fail(*arguments: object) -> None:
        raise RuntimeError("something odd")

    monkeypatch.setattr("facecorpus.dedup.stage.find_duplicates", fail)
    assert run(["dedup", "-C", str(tmp_path / "c"), "--json"]) == 1
    document = json.loads(capsys.readouterr().out)
    assert "RuntimeError: something odd" in document["error"]
    log = (tmp_path / "c" / "facecorpus.log").read_text()
    assert "dedup: begun, facecorpus" in log and "in fail" in log and "dedup: ended with 1 after" in log


@pytest.mark.parametrize("place", [0, 1, 3])
def test_verbose_shows_the_log_wherever_it_stands(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], place: int
) -> None:
    prepare(tmp_path, {})
    words = ["dedup", "-C", str(tmp_path / "c")]
    assert run([*words[:place], "--verbose", *words[place:]]) == 0
    assert "INFO dedup: DedupSummary: " in capsys.readouterr().err
    assert run(words) == 0
    assert "INFO" not in capsys.readouterr().err


def test_the_log_is_its_owners_and_a_forget_takes_it_away(tmp_path: Path) -> None:
    prepare(tmp_path, {})
    log = tmp_path / "c" / "facecorpus.log"
    (tmp_path / "c" / "facecorpus.log.1").write_text("older lines, of ada")
    assert run(["dedup", "-C", str(tmp_path / "c")]) == 0
    assert log.stat().st_mode & 0o777 == 0o600
    assert run(["forget", "--identity", "zed", "--yes", "-C", str(tmp_path / "c")]) == 2
    assert "zed" not in log.read_text() and "dedup" in log.read_text()
    assert run(["forget", "--identity", "ada", "--yes", "-C", str(tmp_path / "c")]) == 0
    assert not (tmp_path / "c" / "facecorpus.log.1").exists()
    assert "dedup" not in log.read_text() and "ada" not in log.read_text()


def test_a_full_log_moves_aside_and_one_that_cannot_be_written_stops_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("facecorpus.system.logfile._BYTES", 300)
    prepare(tmp_path, {})
    corpus = Corpus(tmp_path / "c")
    for _ in range(4):
        assert run(["dedup", "-C", str(corpus.root)]) == 0
    older = sorted(path.name for path in corpus.root.glob("facecorpus.log.*"))
    assert older == ["facecorpus.log.1", "facecorpus.log.2", "facecorpus.log.3"]
    for path in corpus.root.glob("facecorpus.log*"):
        path.unlink()
    (corpus.root / "facecorpus.log").mkdir()
    assert run(["dedup", "-C", str(corpus.root)]) == 0
    assert "Traceback" not in capsys.readouterr().err


def test_each_stage_of_several_is_a_part_of_one_document(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    prepare(tmp_path, {})
    assert run(["dedup", "-C", str(tmp_path / "c"), "--json"]) == 0
    assert list(json.loads(capsys.readouterr().out)) == ["dedup", "rank", "next"]


def _rewrite() -> None:
    """Write every sentence of the table as it is now."""
    import contextlib
    import io
    import tempfile

    lines = TABLE.read_text(encoding="utf-8").splitlines()
    says = iter(place for place, line in enumerate(lines) if line.startswith("says = "))
    for case in CASES:
        with tempfile.TemporaryDirectory() as folder:
            home = Path(folder).resolve()
            prepare(home, case)
            os.chdir(home)
            said = io.StringIO()
            with contextlib.redirect_stderr(said), contextlib.redirect_stdout(io.StringIO()):
                run(case["run"].split())
            sentence = told(home, said.getvalue()).partition("facecorpus: ")[2]
            lines[next(says)] = f"says = {json.dumps(sentence, ensure_ascii=False)}"
            os.chdir("/")
            shutil.rmtree(home, ignore_errors=True)
            home.mkdir()
    TABLE.write_text("\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    sys.exit(_rewrite())
