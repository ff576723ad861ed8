"""Shards of which nothing but the person is known: who is who can still be learned."""

import json
from pathlib import Path

from little_training import little_preset
from training_shards import coloured_rows, relabel, write_shards

from training import train_all


def test_people_without_labels_are_told_apart_and_the_report_says_what_is_left_out(tmp_path: Path) -> None:
    rows = relabel(coloured_rows(people=4), gender=-1, age_group=-1, race=-1)
    shards = write_shards(tmp_path / "shards", rows)
    results = train_all(shards, tmp_path / "run", preset=str(little_preset(tmp_path / "p.toml")), workers=1)
    found = json.loads(results.read_text())
    assert found["tasks"] == ["identity"]
    assert list(found["protocols"]) == ["photo", "paper"]
    assert "none of them is known" in found["not_made"]["Protocol identity"]
    own = found["protocols"]["photo"]["rows"]
    assert {"own", "from identity", "all"} <= own.keys()
    assert not {"other_three", "sum"} & own.keys()  # nothing is there to be brought together
    page = (tmp_path / "run" / "report.md").read_text()
    assert "age_group" in page
    assert "Of these 4 people only identity is labelled: nothing can be fused." in page
    assert "nan" not in page
