"""`facecorpus status` as a person sees it: on any width, and in a pipe."""

from collections.abc import Callable

import pytest
from rich.console import Console

from facecorpus.judging.left import Left
from facecorpus.manifest import SUBGROUPS
from facecorpus.records import Tally
from facecorpus.upkeep import status as module
from facecorpus.upkeep.status import Status, show

COLUMNS = ["identities", "candidates", "waiting", "photographs", "faces", "accepted", "rejected", "pending"]
LONG = "The sources propose too few photographs of this one person, whom nobody has photographed in many years. " * 2


def state(faces: int = 300) -> Status:
    """Every subgroup; the last one has the most faces, all accepted, the first one none."""
    subgroups = tuple(
        Tally(name, 4, 3 * n, 2, n, n, n if name == SUBGROUPS[-1] else n // 2, 1, 7)
        for name, n in ((name, faces * place) for place, name in enumerate(SUBGROUPS))
    )
    left = Left(0, 0, "")
    return Status(
        subgroups, Tally.sum("all", subgroups), {}, {}, {}, 0, (), (), (LONG,), (), 0, left, "facecorpus build", ""
    )


@pytest.fixture
def shown(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Callable[..., list[str]]:
    """The lines on a terminal of a width; None is a pipe."""

    def lines(found: Status, width: int | None, wide: bool = False) -> list[str]:
        def made() -> Console:
            return Console(width=width, force_terminal=True, color_system=None) if width else Console()

        monkeypatch.setattr(module, "Console", made)
        monkeypatch.setattr("rich.console.Console", made)  # imported where something is said
        show(found, wide)
        return [line.rstrip() for line in capsys.readouterr().out.splitlines()]

    return lines


@pytest.mark.parametrize("width", [60, 80, 100, 200])
@pytest.mark.parametrize("faces", [0, 3, 400_000])
def test_every_line_fits_and_no_word_is_cut(shown: Callable[..., list[str]], width: int, faces: int) -> None:
    lines = shown(state(faces), width)
    assert max(map(len, lines)) <= width
    assert "…" not in "\n".join(lines)
    header = lines[1].split()
    assert header[0] == "subgroup"
    assert header[1:] == [column for column in COLUMNS if column in header]
    assert {"faces", "accepted", "pending"} <= set(header)
    assert [line.split()[0] for line in lines[2:26]] == list(SUBGROUPS)
    words = " ".join(lines).split()
    assert " ".join(words).count(LONG.strip()) == 1  # wrapped, and nothing else


def test_a_bar_is_as_long_as_a_subgroup_has_faces_and_as_full_as_they_are_accepted(
    shown: Callable[..., list[str]],
) -> None:
    lines = {line.split()[0]: line for line in shown(state(), 80)[2:26]}
    whole = {name: line.count("█") + line.count("░") for name, line in lines.items()}
    assert whole[SUBGROUPS[0]] == 0
    assert whole[SUBGROUPS[-1]] == lines[SUBGROUPS[-1]].count("█") == max(whole.values()) >= 8
    assert lines[SUBGROUPS[12]].count("█") == pytest.approx(whole[SUBGROUPS[12]] / 2, abs=1)


@pytest.mark.parametrize(("width", "wide"), [(None, False), (60, True)])
def test_a_pipe_and_wide_have_every_column(shown: Callable[..., list[str]], width: int | None, wide: bool) -> None:
    lines = shown(state(), width, wide)
    assert lines[1].split() == ["subgroup", *COLUMNS]
    assert "█" not in "\n".join(lines)


def test_the_command_to_be_pasted_is_never_broken(shown: Callable[..., list[str]]) -> None:
    from dataclasses import replace

    command = "facecorpus review -C " + "a-long-place/" * 12
    assert shown(replace(state(), next=command), 60)[-1] == f"Next: {command}"
