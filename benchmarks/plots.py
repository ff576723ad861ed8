"""Draw docs/performance.png and docs/seen.png, and write the table of docs/performance.md.

    python benchmarks/plots.py

A row of seen.csv is a group of people, and of its photographs how many gave no face, with HOG and with YuNet. A row of
figures.csv is a figure of a stage beside its peer; `ratio` says how many times better ours is, as the command printed
it. Whoever measures anew changes the row and runs this file.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

import matplotlib as mpl
from matplotlib import pyplot as plt
from PIL import Image
from scipy.stats import binomtest

HERE = Path(__file__).resolve().parent
DOCS = HERE.parent / "docs"
Row = dict[str, str]

# Okabe and Ito's colours, which colour-blind readers tell apart.
STAGES = dict(crawl="#0072B2", faces="#E69F00", dedup="#CC79A7", review="#009E73", build="#56B4E9", train="#D55E00")


def main() -> None:
    """Read the figures, draw both pictures, write the table."""
    mpl.use("Agg")
    plt.rcParams.update({"font.size": 9, "axes.spines.top": False, "axes.spines.right": False})
    with (HERE / "figures.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    draw_speeds(rows, DOCS / "performance.png")
    with (HERE / "seen.csv").open(encoding="utf-8", newline="") as file:
        draw_seen(list(csv.DictReader(file)), DOCS / "seen.png")
    page = DOCS / "performance.md"
    text = page.read_text(encoding="utf-8")
    between = "<!-- table: begin -->\n\n{}\n\n<!-- table: end -->".format("\n".join(table(rows)))
    page.write_text(re.sub(r"<!-- table: begin -->.*<!-- table: end -->", lambda _: between, text, flags=re.S), "utf-8")


def table(speeds: list[Row]) -> Iterator[str]:
    """The figures of all stages as lines of Markdown."""
    yield "| stage | what | unit | ours | peer | ratio | the peer |"
    yield "|---|---|---|---:|---:|---:|---|"
    for row in speeds:
        yield "| {stage} | {what} | {unit} | {ours} | {peer} | {ratio} × | {peer_name} |".format_map(row)


def draw_speeds(speeds: list[Row], path: Path) -> None:
    """A bar for each figure: how many times better than its peer, on a logarithmic axis."""
    _, axes = plt.subplots(figsize=(9.5, 0.24 * len(speeds) + 0.8), layout="constrained")
    for place, row in enumerate(speeds):
        ratio = float(row["ratio"])
        axes.barh(place, ratio - 1, left=1, color=STAGES[row["stage"]], height=0.7)
        axes.annotate(f"{row['ratio']} ×", (max(1, ratio), place), (3, 0), va="center", textcoords="offset points")
    labels = [f"{row['stage']}: {named(speeds, place)} ({row['unit']})" for place, row in enumerate(speeds)]
    axes.set_yticks(range(len(speeds)), labels)
    axes.set_ylim(len(speeds) - 0.4, -0.6)
    axes.set_xscale("log")
    axes.set_xlim(0.35, 4000)
    axes.set_xticks([0.5, 1, 2, 5, 10, 100, 1000], ["0.5", "1", "2", "5", "10", "100", "1,000"])
    axes.minorticks_off()
    axes.axvline(1, color="black", linewidth=0.8)
    axes.set_xlabel("times better than the peer (logarithmic; left of 1 the peer is better)")
    for place, row in enumerate(speeds):
        axes.annotate(row["peer_name"], (1.02, place), xycoords=("axes fraction", "data"), va="center")
    save(path)


def named(speeds: list[Row], place: int) -> str:
    """What a row measures: "the same" stands for the row above."""
    return speeds[place]["what"] if speeds[place]["what"] != "the same" else named(speeds, place - 1)


def draw_seen(rows: list[Row], path: Path) -> None:
    """A line for each group of people: the share of photographs without a face, before and today, with intervals."""
    _, axes = plt.subplots(figsize=(7.5, 0.3 * len(rows) + 0.9), layout="constrained")
    for key, name, colour, marker in (("hog", "dlib's HOG", "#D55E00", "s"), ("yunet", "YuNet", "#0072B2", "o")):
        for place, row in enumerate(rows):
            missed, count = int(row[key]), int(row["photographs"])
            bounds = binomtest(missed, count).proportion_ci(method="wilson")
            share = 100 * missed / count
            axes.errorbar(share, place, xerr=[[share - 100 * bounds.low], [100 * bounds.high - share]], color=colour,
                          marker=marker, capsize=2, markersize=5, label=None if place else name)  # fmt: skip
    axes.set_yticks(range(len(rows)), [f"{row['people']} ({int(row['photographs']):,})" for row in rows])
    axes.set_ylim(len(rows) - 0.4, -0.6)
    axes.set_xlim(left=0)
    axes.grid(axis="x", color="0.9")
    axes.set_xlabel("photographs in which no face is found, %")
    axes.legend(frameon=False)
    save(path)


def save(path: Path) -> None:
    """As a small PNG of 64 colours."""
    drawn = BytesIO()
    plt.savefig(drawn, dpi=100)
    plt.close()
    Image.open(drawn).convert("RGB").quantize(64).save(path, optimize=True)


if __name__ == "__main__":
    main()
