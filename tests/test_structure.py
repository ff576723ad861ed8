"""What every file keeps to: short files, few parameters, one place for a name, one door between the packages."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from training.folder import ENTRIES

ROOT = Path(__file__).parents[1]
FOLDERS = ("facecorpus", "training", "review_ui", "manifests", "scripts", "benchmarks", "tests")
LINES = 400  # of a file
PARAMETERS = 8  # of a function
# Compiled functions take their arrays and sizes one by one.
KERNELS = ROOT / "training" / "kernels"
RUN_NAMES = {entry.name for entry in ENTRIES}


def sources(*folders: str) -> list[Path]:
    """The Python and JavaScript files of some folders."""
    found = [path for folder in folders for path in (ROOT / folder).rglob("*") if path.suffix in (".py", ".js")]
    assert found
    return sorted(path for path in found if "__pycache__" not in path.parts)


def parsed(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"), str(path))


def spelled(path: Path) -> str:
    return str(path.relative_to(ROOT))


def test_every_file_is_read_in_one_sitting() -> None:
    lengths = {spelled(path): len(path.read_text(encoding="utf-8").splitlines()) for path in sources(*FOLDERS)}
    assert {path: lines for path, lines in lengths.items() if lines > LINES} == {}


def test_no_function_takes_more_than_a_handful_of_parameters() -> None:
    too_many = {}
    for path in sources(*FOLDERS):
        if path.suffix != ".py" or KERNELS in path.parents:
            continue
        for node in ast.walk(parsed(path)):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                names = [one.arg for one in [*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs]]
                count = len(names) - (names[:1] in (["self"], ["cls"]))
                if count > PARAMETERS:
                    too_many[f"{spelled(path)}:{node.lineno} {node.name}"] = count
    for path in sources(*FOLDERS):
        if path.suffix == ".js":
            for found in re.finditer(r"\(([^()]*)\)\s*(?:=>|\{)", path.read_text(encoding="utf-8")):
                count = len([one for one in found[1].split(",") if one.strip()])
                if count > PARAMETERS:
                    too_many[f"{spelled(path)}: {found[0]}"] = count
    assert too_many == {}


def imports(tree: ast.AST) -> Iterator[tuple[str, int]]:
    """The modules that are imported, with the lines."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((alias.name, node.lineno) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module or "", node.lineno


def test_the_toolkit_comes_to_training_through_its_front_door_and_only_when_it_needs_it() -> None:
    for path in sources("facecorpus", "review_ui", "manifests"):
        if path.suffix != ".py":
            continue
        tree = parsed(path)
        wanted = {(module, line) for module, line in imports(tree) if module.split(".")[0] == "training"}
        assert {module for module, _ in wanted} <= {"training"}, spelled(path)
        functions = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)]
        within = {line for function in functions for _, line in imports(function)}
        conditions = [node for node in ast.walk(tree) if isinstance(node, ast.If)]
        for_types = [node for node in conditions if "TYPE_CHECKING" in ast.dump(node.test)]
        within |= {line for block in for_types for _, line in imports(block)}
        assert {line for _, line in wanted} <= within, f"{spelled(path)} imports training before it needs it"


def test_a_run_folders_names_stand_in_one_file() -> None:
    for path in sources("training", "facecorpus", "scripts", "benchmarks"):
        if path.suffix == ".py" and path != ROOT / "training" / "folder.py":
            assert list(run_names(parsed(path))) == [], spelled(path)


def run_names(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """The lines where a name in a run folder is written out: whole, as part of a path, or as what a path ends with."""
    for node in ast.walk(tree):
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Div):
            for one in ast.walk(node.right):
                if isinstance(one, ast.Constant) and set(str(one.value).split("/")) & (RUN_NAMES | {"seed-", ".made"}):
                    yield one.lineno, one.value
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and " " not in node.value:
            last = node.value.split("/")[-1]
            if ("." in last and last in RUN_NAMES) or re.fullmatch(r"\.made|seed-", last):
                yield node.lineno, node.value


@pytest.mark.parametrize(
    "line",
    ['run / "data"', 'run / "photo/heads.npz"', 'x.glob("*/network.json")', 'run / f"seed-{n}"', '"report.html"'],
)
def test_a_name_written_out_is_found(line: str) -> None:
    assert list(run_names(ast.parse(line)))
