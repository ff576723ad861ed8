"""What the report says of verification and of the worst subgroup."""

from __future__ import annotations

from training.report import asked

FIGURES = {
    "pairs": {"of_one": 1200, "of_two": 1100},
    "people": 25,
    "tar": {"0.01": {"tar": 0.412, "by_person": [0.3, 0.5]}, "0.001": {"tar": 0.2, "by_person": [0.1, 0.3]}},
    "auc": 0.91,
    "lfw": {"accuracy": 0.83, "standard_error": 0.012, "folds": 10},
    "roc": [[0, 0], [0.01, 0.412], [1, 1]],
}


def test_verification_stands_with_its_intervals_pairs_and_curve() -> None:
    section = asked.verification({"verification": {"identity": FIGURES, "untrained fused": FIGURES}})
    assert section is not None
    assert section.said[0].startswith("1,200 pairs of one person and 1,100 of two, of 25 people")
    (grid,) = section.grids
    assert grid.head[1:3] == ("TAR at FAR 1.0 %", "TAR at FAR 0.1 %")
    assert [row[0].text for row in grid.rows] == ["identity features", "features of all networks, untrained"]
    assert grid.rows[0][1].text == "41.2"
    assert grid.rows[0][4].small == ("± 1.2",)
    assert section.pictures[0].png.startswith(b"\x89PNG")


def test_without_protocol_identity_nothing_is_said_of_verification() -> None:
    assert asked.verification({"verification": {}}) is None
    assert asked.verification({}) is None


def test_the_worst_subgroup_is_named_with_the_difference_and_how_sure_the_answers_are() -> None:
    found = {
        "balanced_accuracy": 0.8,
        "groups": 3,
        "group_min": {"group": "male/adult/latin_american", "accuracy": 0.6, "by_person": [0.4, 0.8]},
        "group_max": {"group": "male/old/white", "accuracy": 0.9},
        "difference": {"difference": 0.3, "by_person": [0.1, 0.5]},
    }
    protocol = {
        "fairness": {"own": {"gender": found}, "all": {"gender": found, "race": {"balanced_accuracy": 0.5}}},
        "calibration": {"gender": {"temperature": 2.0, "ece": 0.123, "ece_calibrated": 0.04}},
    }
    section = asked.fairness({"protocols": {"photo": protocol}})
    assert section is not None
    own, fused = section.grids[0].rows
    assert own[3].small[0] == "male/adult/latin american"
    assert own[5].text == "–"
    assert fused[1].text == "all together → Gender"
    assert fused[5].text == "12.3"
    assert fused[5].small == ("calibrated 4.0",)
    assert asked.fairness({"protocols": {"photo": {"fairness": {}, "calibration": {}}}}) is None
