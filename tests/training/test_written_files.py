"""The list beside a run's files: a changed byte is told, a killed write is not mistaken for one."""

from pathlib import Path
from typing import Any, cast

import pytest

from training.errors import TrainingError
from training.files import damaged, is_sound, write_bytes, write_text, write_whole
from training.folder import NetworkFolder, RunFolder


@pytest.fixture
def network(tmp_path: Path) -> NetworkFolder:
    """A network with weights and a checkpoint, as they were written."""
    folder = RunFolder(tmp_path / "run").split("photo").network("gender")
    for path in (folder.weights, folder.checkpoint):
        write_bytes(path, b"old")
        write_bytes(path, b"new " + bytes(100))
    return folder


def flip(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 16
    path.write_bytes(data)


def test_what_was_written_is_sound_until_a_bit_is_flipped(network: NetworkFolder, tmp_path: Path) -> None:
    assert damaged(tmp_path / "run") == []
    flip(network.weights)
    assert damaged(tmp_path / "run") == [network.weights]
    assert is_sound(network.checkpoint)


def test_a_write_that_is_killed_leaves_a_sound_old_file(
    network: NetworkFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("training.files.os.replace", killed)
    with pytest.raises(KeyboardInterrupt):
        write_bytes(network.weights, b"newer")
    monkeypatch.undo()
    assert network.weights.read_bytes().startswith(b"new ")
    assert is_sound(network.weights)


def test_a_file_of_a_run_that_the_list_does_not_name_is_not_sound(network: NetworkFolder, tmp_path: Path) -> None:
    network.answers.write_bytes(b"from elsewhere")
    (network.path / "notes").write_text("a person's own")
    assert damaged(tmp_path / "run") == [network.answers]


def test_what_is_no_file_of_a_run_is_not_listed(tmp_path: Path) -> None:
    write_text(tmp_path / "compare.html", "x", listed=False)
    write_whole(tmp_path / "images", lambda path: path.write_bytes(b""), listed=False)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["compare.html", "images"]


def test_nobody_goes_on_from_a_damaged_checkpoint(network: NetworkFolder) -> None:
    from training.learn.train import _load

    flip(network.checkpoint)
    with pytest.raises(TrainingError, match="is damaged: delete it, and its network begins anew"):
        _load(network.checkpoint, cast(Any, None))
