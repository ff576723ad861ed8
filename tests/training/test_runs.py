"""Training as its users meet it: shards in, tables and a report out, whatever interrupts it."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from html.parser import HTMLParser
from pathlib import Path

import pytest
from tiny_preset import TINY
from training_shards import coloured_rows, write_shards

from training import TrainingError, load_results, train_all
from training.publication import ATTRIBUTES, FUSIONS, TASKS, placebo_of
from training.report.tables import tables_of

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def shards(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """48 faces of 6 people."""
    return write_shards(tmp_path_factory.mktemp("shards"), coloured_rows())


@pytest.fixture(scope="module")
def printed(shards: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, subprocess.CompletedProcess[str]]:
    """A run that nothing interrupted, and what it wrote into a pipe."""
    folder = tmp_path_factory.mktemp("runs") / "whole"
    arguments = command(shards, folder, "--device=cpu")
    return folder, subprocess.run(arguments, cwd=ROOT, check=True, capture_output=True, text=True, timeout=200)


@pytest.fixture(scope="module")
def run(printed: tuple[Path, subprocess.CompletedProcess[str]]) -> Path:
    """The folder of a run that nothing interrupted."""
    return printed[0]


def command(shards: Path, run: Path, *more: str) -> list[str]:
    return [sys.executable, "-m", "training", str(shards), str(run), f"--preset={TINY}", "--workers=2", *more]


def figures(run: Path) -> dict[str, object]:
    """The results without the times, which no two runs share."""
    results = load_results(run)
    del results["seconds"], results["speeds"], results["finished"]
    for protocol in results["protocols"].values():
        del protocol["waited_for_data"]
        for heads in protocol["heads"].values():
            del heads["seconds"]
        for networks in protocol["networks"].values():
            for network in networks.values():
                del network["seconds"], network["waited_for_data"]
    return results


def weights(run: Path) -> dict[str, object]:
    import torch

    return {
        f"{path.relative_to(run)}/{name}": tensor
        for path in sorted(run.rglob("network.pt"))
        for name, tensor in torch.load(path, weights_only=True).items()
    }


def test_both_protocols_fill_both_tables(run: Path) -> None:
    results = load_results(run)
    assert list(results["protocols"]) == ["photo", "paper"]
    for protocol in results["protocols"]:
        first, second = tables_of(results, protocol)[:2]
        assert [row.name for row in first.rows] == [f"from {task}" for task in TASKS]
        assert [row.name for row in second.rows] == [*FUSIONS, "own_head"]
        for row in (*first.rows, *second.rows):
            assert set(row.cells) >= set(TASKS)
            for cell in row.cells.values():
                for low, high in (cell["by_group"], cell["by_person"]):
                    assert 0 <= low <= cell["accuracy"] <= high <= 1


def test_every_control_and_other_fusion_has_its_row(run: Path) -> None:
    rows = load_results(run)["protocols"]["photo"]["rows"]
    everywhere = {"majority", "own_head", "untrained own_head", "untrained all", "sum", "gating", "bilinear"}
    controls = {"joint", "joint_head", "wide", "wide_head"}
    held = {f"{side} {row}" for side in ("fitted", "held") for row in ("own_head", "other_three", "all")}
    for row in everywhere | controls | held:
        assert set(rows[row]) >= set(TASKS), row
    assert set(rows["own"]) == {*TASKS, "subgroup", *map(placebo_of, ATTRIBUTES)}
    assert set(rows["three answers"]) == {"subgroup"}
    assert set(rows["subgroup answer"]) == {"age_group", "race", "gender"}
    other = load_results(run)["protocols"]["paper"]["rows"]
    assert everywhere <= set(other)
    assert not (controls | held) & set(other)  # the preset has them in protocol photo alone


def test_the_report_says_how_large_the_joint_network_is(run: Path) -> None:
    networks = load_results(run)["protocols"]["photo"]["networks"]["photo"]
    together = sum(networks[task]["parameters"] for task in TASKS)
    said = f"The joint network has {networks['joint']['parameters']:,} weights, the 4 networks together {together:,}"
    assert said in (run / "report.md").read_text(encoding="utf-8")


def test_a_protocol_that_the_shards_do_not_allow_is_left_out_with_its_reason(run: Path) -> None:
    results = load_results(run)
    assert "needs people in 2 folds or more" in results["not_made"]["Protocol identity"]
    assert "Protocol identity is left out: Protocol identity needs people" in (run / "report.md").read_text("utf-8")


def test_the_networks_learn_what_can_be_learned(run: Path) -> None:
    results = load_results(run)
    for protocol in results["protocols"].values():
        for task in TASKS:
            for row in ("own", "all"):
                assert protocol["rows"][row][task]["accuracy"] > results["chance"][task] + 0.2


def test_the_diagonal_and_the_first_row_are_the_networks_own_outputs(run: Path) -> None:
    for name, protocol in load_results(run)["protocols"].items():
        for task in TASKS:
            own = protocol["networks"][name][task]["accuracy"]
            assert protocol["rows"][f"from {task}"][task]["accuracy"] == own
            assert protocol["rows"]["own"][task]["accuracy"] == own


def test_results_say_what_was_counted(run: Path) -> None:
    results = load_results(run)
    assert results["counts"]["photographs"] == 48
    assert results["counts"]["people"] == 6
    assert results["counts"]["people_by_class"]["gender"] == {"female": 3, "male": 3}
    assert results["chance"]["identity"] == pytest.approx(1 / 6)
    photo, paper = results["protocols"]["photo"], results["protocols"]["paper"]
    assert (photo["train_images"], photo["test_images"]) == (36 * 4, 12)
    assert (paper["train_images"], paper["test_images"]) == (134, 58)
    assert photo["siblings"] == 0.0
    assert paper["siblings"] > 0.8
    assert photo["rows"]["majority"]["gender"]["accuracy"] == 0.5
    assert len(results["preset_sha256"]) == len(results["shards"]["sha256"]) == 64
    assert set(results["versions"]) >= {"python", "torch", "numpy", "pyarrow"}
    assert results["dtype"]["reason"]
    assert results["tasks"] == list(TASKS)
    assert results["left_out"] == {}


def test_the_report_is_one_page_that_needs_no_network(run: Path) -> None:
    page = (run / "report.html").read_text(encoding="utf-8")
    sources: list[str] = []

    class Links(HTMLParser):
        def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
            sources.extend(value or "" for name, value in attrs if name in ("src", "href"))

    Links().feed(page)
    pictures = [source for source in sources if not source.startswith("#")]
    assert len(pictures) == 11
    assert all(source.startswith("data:image/png;base64,") for source in pictures)


def test_both_reports_put_the_papers_figures_beside_the_runs(run: Path) -> None:
    own = load_results(run)["protocols"]["photo"]["rows"]["from identity"]["gender"]["accuracy"]
    for report in ("report.html", "report.md"):
        assert f"{100 * own:.1f} (92.3)" in (run / report).read_text(encoding="utf-8")


def test_every_picture_of_the_markdown_report_exists(run: Path) -> None:
    pictures = re.findall(r"!\[.*?\]\((.*?)\)", (run / "report.md").read_text(encoding="utf-8"))
    assert len(pictures) == 11
    assert all((run / picture).stat().st_size > 1000 for picture in pictures)


def test_a_finished_run_says_so_and_changes_nothing(
    shards: Path, run: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = {path: path.stat().st_mtime_ns for path in run.rglob("*.*")}
    assert train_all(shards, run, preset=str(TINY)) == run / "results.json"
    said = capsys.readouterr().out
    for protocol in ("photo", "paper"):
        assert f"Table 1, protocol {protocol}" in said
        assert f"Table 2, protocol {protocol}" in said
    assert f"This run is finished: {run / 'report.html'} has its report." in said
    assert {path: path.stat().st_mtime_ns for path in run.rglob("*.*")} == before


def test_killed_again_and_again_it_ends_with_the_same_weights_and_figures(
    shards: Path, run: Path, tmp_path: Path
) -> None:
    import torch

    killed = tmp_path / "killed"
    for stage in ("photo/identity/checkpoint.pt", "paper/gender/checkpoint.pt"):
        _kill_once_there_is(killed / stage, shards, killed)
    assert not (killed / "results.json").exists()
    subprocess.run(command(shards, killed), cwd=ROOT, check=True, capture_output=True, timeout=120)
    assert figures(killed) == figures(run)
    expected, found = weights(run), weights(killed)
    assert len(found) == (4 + 9 + 4 + 2 * 4) * 10  # photo, its controls, paper, two folds of photo
    assert all(torch.equal(found[name], expected[name]) for name in expected)  # type: ignore[arg-type]
    assert not list(killed.rglob("*.partial"))
    assert not list(killed.rglob("checkpoint.pt"))


def _kill_once_there_is(path: Path, shards: Path, run: Path) -> None:
    """Start a run, and kill it and its workers with SIGKILL as soon as it has written `path`."""
    process = subprocess.Popen(
        command(shards, run), cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
    )
    deadline = time.monotonic() + 90
    while not path.exists():
        assert process.poll() is None, "the run ended before it could be killed"
        assert time.monotonic() < deadline
        time.sleep(0.01)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def _begun(shards: Path, run: Path) -> tuple[subprocess.Popen[str], list[int]]:
    """A run whose first network has a checkpoint, and the process ids of its workers."""
    process = subprocess.Popen(
        command(shards, run), cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
    )
    while not (run / "photo" / "identity" / "checkpoint.pt").exists():
        assert process.poll() is None
        time.sleep(0.02)
    return process, _children(process.pid)


def test_workers_end_with_the_program_that_started_them(shards: Path, tmp_path: Path) -> None:
    process, workers = _begun(shards, tmp_path / "run")
    assert workers
    process.kill()
    process.communicate()
    deadline = time.monotonic() + 30
    while any(_is_alive(pid) for pid in workers):
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_a_worker_killed_for_want_of_memory_ends_in_one_sentence(shards: Path, tmp_path: Path) -> None:
    process, workers = _begun(shards, tmp_path / "run")
    for pid in workers:
        os.kill(pid, signal.SIGKILL)
    _, said = process.communicate(timeout=60)
    assert process.returncode == 2
    assert "was ended from outside (exit code -9), perhaps for want of memory: run again" in said
    assert "Traceback" not in said


def _children(pid: int) -> list[int]:
    listing = subprocess.run(["ps", "-o", "pid=", "--ppid", str(pid)], capture_output=True, text=True, check=False)
    return [int(line) for line in listing.stdout.split()]


def _is_alive(pid: int) -> bool:
    try:
        return not Path(f"/proc/{pid}/stat").read_text().split(")")[1].split()[0].startswith("Z")
    except FileNotFoundError:
        return False


def test_a_pipe_gets_readable_lines_without_control_codes(
    printed: tuple[Path, subprocess.CompletedProcess[str]],
) -> None:
    _, done = printed
    assert "photo/identity 100/100 loss" in done.stderr
    assert "Table 2, protocol photo" in done.stdout
    assert "\x1b" not in done.stdout + done.stderr
    assert "Warning" not in done.stderr


def test_a_run_folder_keeps_to_its_seed(shards: Path, run: Path) -> None:
    with pytest.raises(TrainingError, match="begun with seed = 0, now 1"):
        train_all(shards, run, preset=str(TINY), seed=1)


def test_a_run_folder_keeps_to_its_preset(shards: Path, run: Path, tmp_path: Path) -> None:
    changed = tmp_path / "other.toml"
    changed.write_text(TINY.read_text(encoding="utf-8").replace("batch = 24", "batch = 25"), encoding="utf-8")
    with pytest.raises(TrainingError, match="begun with batch = 24, now 25"):
        train_all(shards, run, preset=str(changed))


def test_a_run_folder_keeps_to_its_shards(run: Path, tmp_path: Path) -> None:
    other = write_shards(tmp_path / "other", coloured_rows(seed=1))
    with pytest.raises(TrainingError, match="begun with other shards"):
        train_all(other, run, preset=str(TINY))


def test_a_run_folder_of_another_version_says_so_in_a_sentence(shards: Path, tmp_path: Path) -> None:
    (tmp_path / "run.json").write_text('{"seed": 0}', encoding="utf-8")
    with pytest.raises(TrainingError, match="was begun by another version of this program: take a new run folder"):
        train_all(shards, tmp_path, preset=str(TINY))


def test_a_run_begun_before_a_key_had_a_name_goes_on_with_its_default(shards: Path, run: Path, tmp_path: Path) -> None:
    old = tmp_path / "old"
    shutil.copytree(run, old)
    settings = json.loads((old / "run.json").read_text(encoding="utf-8"))
    del settings["kernels"]
    (old / "run.json").write_text(json.dumps(settings), encoding="utf-8")
    before = tmp_path / "before.toml"
    lines = TINY.read_text(encoding="utf-8").splitlines()
    before.write_text("\n".join(line for line in lines if not line.startswith("kernels")), encoding="utf-8")
    train_all(shards, old, preset=str(before))
    assert figures(old) == figures(run)
    with pytest.raises(TrainingError, match="begun with kernels = auto, now torch"):
        before.write_text(before.read_text(encoding="utf-8") + '\nkernels = "torch"\n', encoding="utf-8")
        train_all(shards, old, preset=str(before))


def test_torch_alone_makes_the_same_run_within_rounding(shards: Path, run: Path, tmp_path: Path) -> None:
    plain = tmp_path / "torch.toml"
    plain.write_text(TINY.read_text(encoding="utf-8").replace('"auto"', '"torch"'), encoding="utf-8")
    results = load_results(train_all(shards, tmp_path / "run", preset=str(plain), protocols=["photo"], device="cpu"))
    rows, compiled = (one["protocols"]["photo"]["rows"]["own"] for one in (results, load_results(run)))
    for task in TASKS:
        assert rows[task]["accuracy"] == pytest.approx(compiled[task]["accuracy"], abs=0.15), task


def test_the_report_tells_speeds_steps_and_waiting(run: Path) -> None:
    results = load_results(run)
    speed = results["speeds"]["float32"]
    photo = results["protocols"]["photo"]
    for report in ("report.html", "report.md"):
        said = (run / report).read_text(encoding="utf-8")
        for text in (f"{speed['gflops']:.0f}", f"{100 * speed['share_of_peak']:.1f} %", results["dtype"]["reason"]):
            assert text in said
        assert f"{100 * photo['waited_for_data']:.1f} %" in said
        steps = sum(one["steps"] for networks in photo["networks"].values() for one in networks.values())
        assert f"{steps:,}" in said


def test_a_protocol_can_be_added_to_a_run(shards: Path, run: Path, tmp_path: Path) -> None:
    copy = shutil.copytree(run, tmp_path / "copy")
    results = load_results(copy)
    del results["protocols"]["paper"]
    (copy / "results.json").write_text(json.dumps(results), encoding="utf-8")
    train_all(shards, copy, preset=str(TINY), protocols=["paper"], workers=1)
    added = figures(copy)
    assert added.pop("not_made") == {}  # nobody asked for protocol identity this time
    assert added == {key: value for key, value in figures(run).items() if key != "not_made"}


def test_a_run_folder_keeps_to_its_device(shards: Path, run: Path, tmp_path: Path) -> None:
    copy = shutil.copytree(run, tmp_path / "copy")
    (copy / "results.json").unlink()
    from training.folder import RunFolder

    choice = RunFolder(copy).choice
    choice.write_text(choice.read_text().replace('"device": "cpu"', '"device": "cuda"'))
    with pytest.raises(TrainingError, match="begun on device cuda, now cpu"):
        train_all(shards, copy, preset=str(TINY), device="cpu")


def test_two_runs_do_not_share_a_folder(shards: Path, tmp_path: Path) -> None:
    from training.folder import RunFolder
    from training.run import _locked

    with _locked(RunFolder(tmp_path / "run")), pytest.raises(TrainingError, match="Another run is at work"):
        train_all(shards, tmp_path / "run", preset=str(TINY))


def test_the_command_says_one_sentence_and_exits_2(tmp_path: Path) -> None:
    done = subprocess.run(
        command(tmp_path / "nowhere", tmp_path / "run"), cwd=ROOT, check=False, capture_output=True, text=True
    )
    assert done.returncode == 2
    assert done.stderr.startswith("Error: There is no folder")
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "run" / "results.json").exists()


def test_the_package_imports_without_torch() -> None:
    code = "import sys, training; print(sorted(set(training.__all__)) == training.__all__, 'torch' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True, capture_output=True, text=True)
    assert done.stdout.split() == ["True", "False"]


def test_training_knows_nothing_of_the_toolkit() -> None:
    for file in (ROOT / "training").rglob("*.py"):
        assert not re.search(r"^\s*(from|import) facecorpus", file.read_text(encoding="utf-8"), re.MULTILINE), file


def test_results_json_is_plain_json(run: Path) -> None:
    text = (run / "results.json").read_text(encoding="utf-8")
    json.loads(text, parse_constant=lambda name: pytest.fail(f"{name} is not JSON"))
