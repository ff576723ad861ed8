"""Whole runs of which it is known what must come out."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from tiny_preset import changed_preset
from training_shards import CLASSES, Row, coloured_rows, write_shards

from training import TrainingError, compare_runs, load_results, train_all
from training.evidence.results import Results
from training.report.findings import honesty

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def people_apart(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run of all protocols on 24 people of 12 subgroups, with descriptors, two seeds, and few networks."""
    folder = tmp_path_factory.mktemp("apart")
    shards = write_shards(folder / "shards", coloured_rows(people=24, photographs=5), descriptors=True)
    preset = changed_preset(folder, iterations=60, evaluate_every=60, control_protocols=[])
    return train_all(shards, folder / "run", preset=preset, seeds=2, workers=1, device="cpu").parent


def test_the_three_protocols_stand_side_by_side(people_apart: Path) -> None:
    results = load_results(people_apart)
    assert list(results["protocols"]) == ["photo", "paper", "identity"]
    found = results["protocols"]["identity"]
    assert found["rounds"] == 2
    assert found["test_people"] == {"all": 24, "seen_in_training": 0}
    assert results["protocols"]["photo"]["test_people"] == {"all": 24, "seen_in_training": 24}
    assert found["siblings"] == 0


def test_nobody_is_named_in_protocol_identity_but_identity_features_are_used(people_apart: Path) -> None:
    rows = load_results(people_apart)["protocols"]["identity"]["rows"]
    assert all("identity" not in cells for cells in rows.values())
    assert set(rows["from identity"]) == {"age_group", "race", "gender", "subgroup"}
    page = (people_apart / "report.html").read_text(encoding="utf-8")
    first = page[page.index("Table 1, protocol identity") :]
    assert "<tr><td>Identity features</td><td>–</td><td>" in first[: first.index("</table>")]


def test_colours_that_are_a_persons_own_tell_nothing_of_a_stranger(people_apart: Path) -> None:
    """The labels follow the person, and nothing else in the picture: the gap is all of the accuracy."""
    results = load_results(people_apart)
    gaps = results["gaps"]["knowing the person"]["rows"]["own"]
    assert set(gaps) == {"age_group", "race", "gender"}
    assert all(gaps[task]["difference"] > 0.1 for task in gaps)
    for report in ("report.html", "report.md"):
        said = (people_apart / report).read_text(encoding="utf-8")
        assert "Knowing the person (protocol photo less identity, of the same 24 people) is worth" in said
    claims = {one["claim"]: one["verdict"] for one in results["protocols"]["identity"]["claims"]}
    assert claims["own"] != "holds"


def test_descriptors_that_know_everybody_answer_everything_about_them_but_not_about_strangers(
    people_apart: Path,
) -> None:
    protocols = load_results(people_apart)["protocols"]
    known = protocols["photo"]["rows"]["descriptor"]
    assert all(cell["accuracy"] > 0.9 for cell in known.values())
    assert set(known) == {"identity", "age_group", "race", "gender"}
    assert protocols["identity"]["rows"]["descriptor"]["race"]["accuracy"] < 0.7


def test_every_subgroup_and_every_confusion_is_counted(people_apart: Path) -> None:
    results = load_results(people_apart)
    for protocol in results["protocols"].values():
        assert len(protocol["subgroups"]) == 12
        assert sum(group["images"] for group in protocol["subgroups"].values()) == protocol["test_images"]
        assert all(group["people"] == 2 for group in protocol["subgroups"].values())
        for target, rows in protocol["confusion"].items():
            counts = np.array(rows["own"]["counts"]) if target != "subgroup" else None
            if counts is not None:
                cell = protocol["rows"]["own"][target]
                assert counts.sum() == cell["images"]
                assert np.trace(counts) / counts.sum() == pytest.approx(cell["accuracy"])


def test_too_few_people_for_a_round_are_told_in_a_sentence(people_apart: Path) -> None:
    results = load_results(people_apart)
    found = results["protocols"]["identity"]
    assert not [said for said in honesty(results) if said.startswith("Subgroups of which")]
    first = next(iter(found["subgroups"]))
    found["subgroups"][first]["people"] = 1
    found["unseen"] = [{"split": "identity-1", "target": "race", "name": "latin_american", "people": 2}]
    said = honesty(results)
    assert f"they have too few: {first.replace('_', ' ')} (1)." in " ".join(said)
    assert any(one.startswith("identity-1 holds out everybody of race latin american (2)") for one in said)
    found["subgroups"] = {}
    assert any(one.startswith("Of nobody all of gender, age group and race are known") for one in honesty(results))


def test_two_seeds_have_their_mean_in_every_table_of_the_report(people_apart: Path) -> None:
    results, other = load_results(people_apart), load_results(people_apart / "seed-1")
    assert (results["seed"], other["seed"]) == (0, 1)
    cell = results["over_seeds"]["protocols"]["photo"]["rows"]["own"]["race"]
    both = [run["protocols"]["photo"]["rows"]["own"]["race"]["accuracy"] for run in (results, other)]
    assert cell["accuracy"] == pytest.approx(np.mean(both))
    assert cell["deviation"] == pytest.approx(np.std(both, ddof=1))
    shown = f"{100 * cell['accuracy']:.1f} ± {100 * cell['deviation']:.1f}"
    for report in ("report.html", "report.md"):
        said = (people_apart / report).read_text(encoding="utf-8")
        assert "with seeds 0 and 1" in said
        assert " alone: " in said
        assert said.count(shown) >= 2  # side by side, and in Table 2
        assert " ± " not in (people_apart / "seed-1" / report).read_text(encoding="utf-8").replace("; ± is", "")


def test_runs_are_compared_on_a_page_on_the_screen_and_as_json(people_apart: Path, tmp_path: Path) -> None:
    runs = [str(people_apart), str(people_apart / "seed-1")]
    page = tmp_path / "compare.html"
    command = [sys.executable, "-m", "facecorpus", "report", *runs, "--out", str(page)]
    said = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout
    assert "Made differently" in said
    assert "\x1b" not in said
    assert "<td>seed</td><td>0, 1</td><td>1</td>" in page.read_text(encoding="utf-8")
    assert "http" not in page.read_text(encoding="utf-8")
    printed = subprocess.run([*command, "--json"], cwd=ROOT, check=True, capture_output=True, text=True).stdout
    assert json.loads(printed)["runs"] == ["run", "seed-1"]
    one = subprocess.run(command[:5], cwd=ROOT, check=True, capture_output=True, text=True).stdout
    assert "Table 1, protocol identity" in one


def test_a_report_of_a_run_that_is_none_says_so(tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match="no results in"):
        compare_runs([tmp_path])
    (tmp_path / "results.json").write_text("{}", encoding="utf-8")
    with pytest.raises(TrainingError, match="has schema None, this program reads 4"):
        compare_runs([tmp_path])
    (tmp_path / "results.json").write_text("[", encoding="utf-8")
    with pytest.raises(TrainingError, match="is no results file of this program"):
        compare_runs([tmp_path])


def shuffled(rows: list[Row]) -> list[Row]:
    """Every photograph with labels drawn at random: there is nothing to learn but the photograph itself."""
    random = np.random.default_rng(0)
    people = max(row.identity for row in rows) + 1
    return [
        replace(
            row,
            identity=int(random.integers(people)),
            **{task: int(random.integers(len(names))) for task, names in CLASSES.items()},
        )
        for row in rows
    ]


@pytest.fixture(scope="module")
def by_chance(tmp_path_factory: pytest.TempPathFactory) -> Results:
    folder = tmp_path_factory.mktemp("shuffled")
    shards = write_shards(folder / "shards", shuffled(coloured_rows(people=8, photographs=30)))
    preset = changed_preset(folder, iterations=200, evaluate_every=200, control_protocols=[])
    path = train_all(shards, folder / "run", preset=preset, protocols=["photo"], workers=1, device="cpu")
    return load_results(path.parent)


def test_shuffled_labels_fall_to_chance(by_chance: Results) -> None:
    rows = by_chance["protocols"]["photo"]["rows"]
    for row in ("own", "from identity", "other_three", "all", "own_head", "sum", "gating", "bilinear"):
        for task, cell in rows[row].items():
            chance = by_chance["chance"][task]
            error = (chance * (1 - chance) / cell["images"]) ** 0.5
            assert abs(cell["accuracy"] - chance) < 4 * error, (row, task)


def test_no_claim_holds_on_shuffled_labels(by_chance: Results) -> None:
    verdicts = {one["claim"]: one["verdict"] for one in by_chance["protocols"]["photo"]["claims"]}
    assert "holds" not in verdicts.values()
