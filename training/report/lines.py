"""What the report shows of the results: pure functions from results.json to lines of tables and phrases."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from training.publication import fusion_title

Results = dict[str, Any]

_ROWS = ("own", "from identity", "other_three", "all")


@dataclass(frozen=True)
class Side:
    """One task of one row under all protocols: an accuracy for each (None where undefined), and the gaps between."""

    row: str
    task: str
    accuracies: tuple[dict[str, Any] | None, ...]
    gaps: tuple[dict[str, Any] | None, ...]


@dataclass(frozen=True)
class ClaimLine:
    """A claim and for each protocol its verdict and the tasks' differences; None where it does not speak to it.

    `paper` are the differences in the paper's own tables, by task.
    """

    text: str
    is_papers: bool
    verdicts: tuple[dict[str, Any] | None, ...]
    paper: dict[str, float]


@dataclass(frozen=True)
class SpeedLine:
    """What the probe measured of one number type, on the identity network in training."""

    dtype: str
    microseconds_an_image: float
    gflops: float
    peak_gflops: float
    share_of_peak: float


@dataclass(frozen=True)
class EffortLine:
    """The networks of one protocol: how many steps they took, plateaus saved, and the share of time without data."""

    protocol: str
    networks: int
    steps: int
    saved: int
    seconds: float
    waited: float


def averaged(results: Results) -> Results:
    """The results with the figures over all seeds in the place of the first seed's; as they are where there was one."""
    if "over_seeds" not in results:
        return results
    over = results["over_seeds"]
    protocols = {name: results["protocols"][name] | found for name, found in over["protocols"].items()}
    return results | {"protocols": protocols, "gaps": over["gaps"], "ablations": over["ablations"]}


def seeds_of(results: Results) -> list[int]:
    """The seeds that the results are of."""
    return list(results["over_seeds"]["seeds"]) if "over_seeds" in results else [results["seed"]]


def side_by_side(results: Results) -> list[Side]:
    """The paper's rows under all protocols, task by task."""
    names = {
        "own": "own",
        "from identity": "identity features",
        "other_three": fusion_title("other_three", len(results["tasks"])),
        "all": fusion_title("all", len(results["tasks"])),
    }
    lines = []
    for row in _ROWS:
        for task in results["tasks"]:
            if row == "from identity" and task == "identity":
                continue
            found = tuple(one["rows"].get(row, {}).get(task) for one in results["protocols"].values())
            gaps = tuple(
                results["gaps"].get(gap, {"rows": {}})["rows"].get(row, {}).get(task)
                for gap in ("leakage", "knowing the person")
            )
            lines.append(Side(names[row], task, found, gaps))
    return lines


def claims_table(results: Results) -> list[ClaimLine]:
    """Each claim with its verdict under every protocol."""
    by_protocol = [{one["text"]: one for one in protocol["claims"]} for protocol in results["protocols"].values()]
    texts = dict.fromkeys(text for claims in by_protocol for text in claims)
    lines = []
    for text in texts:
        verdicts = tuple(claims.get(text) for claims in by_protocol)
        is_papers = any(one["is_papers"] for one in verdicts if one)
        tasks = {task: part for one in verdicts if one for task, part in one["tasks"].items()}
        paper = {task: part["paper"] for task, part in tasks.items() if part["paper"] is not None}
        name = next(one["name"] for one in verdicts if one)
        lines.append(ClaimLine(f"{name}. {text}" if name else text, is_papers, verdicts, paper))
    return lines


def speed_lines(results: Results) -> list[SpeedLine]:
    """The number types that were tried, the chosen one first."""
    chosen = results["dtype"]["name"]
    return [
        SpeedLine(
            dtype,
            speed["seconds_an_image"] * 1e6,
            speed["gflops"],
            speed["peak_gflops"],
            speed["share_of_peak"],
        )
        for dtype, speed in sorted(results["speeds"].items(), key=lambda item: item[0] != chosen)
    ]


def effort_lines(results: Results) -> list[EffortLine]:
    """What the networks of each protocol took."""
    lines = []
    for name, protocol in results["protocols"].items():
        networks = [network for split in protocol["networks"].values() for network in split.values()]
        lines.append(
            EffortLine(
                protocol=name,
                networks=len(networks),
                steps=sum(network["steps"] for network in networks),
                saved=sum(network["steps_saved"] for network in networks),
                seconds=sum(network["seconds"] for network in networks),
                waited=protocol["waited_for_data"],
            )
        )
    return lines


def points(difference: float) -> str:
    """A difference of accuracies in points, with its sign."""
    rounded = round(100 * difference, 1)
    return f"{rounded:+.1f}".replace("-", "−") if rounded else "0.0"


def percent(share: float) -> str:
    """A share in per cent with one decimal."""
    return f"{100 * share:.1f}"


def figure(cell: dict[str, Any]) -> str:
    """An accuracy in per cent, with its deviation where it is the mean over several seeds."""
    spread = f" ± {percent(cell['deviation'])}" if "deviation" in cell else ""
    return percent(cell["accuracy"]) + spread


def spoken_seeds(verdicts: Sequence[str]) -> str:
    """What the seeds say of a claim, each by itself: "each seed alone: holds", or how many of them say what."""
    counts = Counter(verdicts)
    if len(counts) == 1:
        return f"each seed alone: {verdicts[0]}"
    return "seeds alone: " + ", ".join(f"{count} {verdict}" for verdict, count in counts.most_common())


def spoken_list(words: Sequence[object]) -> str:
    """Words in a row: "0, 1 and 2"."""
    *first, last = map(str, words)
    return f"{', '.join(first)} and {last}" if first else last


def spoken_range(bounds: Sequence[float]) -> str:
    """An interval of shares in per cent."""
    low, high = bounds
    return f"{round(100 * low, 1) + 0.0:.1f} to {round(100 * high, 1) + 0.0:.1f}".replace("-", "−")
