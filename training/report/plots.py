"""The report's pictures, drawn from what the jobs left: each function gives a PNG.

They are as wide as a telephone's screen is, so that their words can be read there; colours are Okabe and Ito's, which
colour-blind readers tell apart, and each stands beside a form of its own.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from io import BytesIO
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from training.publication import TABLE_2, TASKS, TITLES, placebo_of

Curves = Mapping[str, Mapping[str, Sequence[Any]]]  # split -> step and what was measured there
Pictures = Mapping[str, NDArray[Any]]

_WIDTH = 4.8  # inches
_DOTS = 150  # an inch
_MAPS = 16  # feature maps shown of a layer
_TILE = 24  # pixels of a filter or map in a sheet, at least
_LINES = (("#0072B2", "-"), ("#D55E00", "--"), ("#009E73", "-."), ("#CC79A7", ":"), ("#000000", (0, (1, 3))))
_styled = mpl.rc_context(
    {
        "font.size": 9,
        "axes.titlesize": 9,
        "axes.labelsize": 9,
        "xtick.labelsize": 8,
        "ytick.labelsize": 8,
        "legend.fontsize": 9,
        "axes.spines.top": False,
        "axes.spines.right": False,
    }
)
_FUSIONS = (("own", "own features", "#0072B2", "o"), ("all", "all features", "#D55E00", "s"))


@_styled
def overview(results: Mapping[str, Any], columns: int) -> bytes:
    """Own features and all together by task: the paper's, under each protocol, and for labels that mean nothing."""
    tasks = results["tasks"]
    rows = -(-len(tasks) // columns)
    figure, axes = _figure(
        _WIDTH * (1 if columns == 1 else 2), (1.5 if columns == 1 else 1.3) * rows + 0.4, rows, columns
    )
    for axis, task in zip(axes.ravel(), tasks, strict=False):
        lines = [("publication", {row: {"accuracy": TABLE_2[row][task]} for row, *_ in _FUSIONS})]
        for name in [one for one in ("paper", "photo", "identity") if one in results["protocols"]]:
            found = results["protocols"][name]["rows"]
            for title, target in ((f"protocol {name}", task), (f"{name}, placebo", placebo_of(task))):
                lines.append((title, {row: found[row][target] for row, *_ in _FUSIONS if target in found.get(row, {})}))
        lines = [(title, cells) for title, cells in lines if cells]
        for place, (_, cells) in enumerate(lines):
            _pair(axis, place, cells)
        axis.axvline(100 * results["chance"][task], color="grey", linestyle=":", linewidth=1)
        axis.set_yticks(range(len(lines)), [title for title, _ in lines])
        axis.set(xlim=(0, 103), ylim=(len(lines) - 0.5, -0.5))
        axis.set_title(f"{TITLES[task]} ({len(results['classes'][task])} classes)", loc="left", fontweight="bold")
        axis.grid(axis="x", alpha=0.3)
    for axis in axes.ravel()[len(tasks) :]:
        axis.axis("off")
    for axis in axes[-1]:
        axis.set_xlabel("right answers, % of test images")
    _legend(figure, axes.ravel()[0], extra=axes.ravel()[0].lines[-1:], columns=3)
    return _png(figure)


def _pair(axis: Axes, place: int, cells: Mapping[str, Mapping[str, Any]]) -> None:
    """The figures of own features and of all, one above the other, with their intervals by person."""
    for n, (row, title, colour, form) in enumerate(_FUSIONS):
        if row in cells:
            share = 100 * cells[row]["accuracy"]
            beside = place + 0.32 * (n - 0.5)
            low, high = (100 * bound for bound in cells[row].get("by_person", [share / 100] * 2))
            axis.plot([low, high], [beside] * 2, color=colour, linewidth=1.2)
            axis.plot(share, beside, form, color=colour, markersize=5, label=title if place == 0 else None)


@_styled
def curves(by_split: Curves, chance: float, target: str) -> bytes:
    """Test accuracy of a task on the features of each network while those heads learn (Figures 8–11)."""
    figure, axes = _figure(_WIDTH, 2.3, 1, len(by_split), sharey=True)
    for axis, (split, curve) in zip(axes[0], by_split.items(), strict=True):
        for (colour, style), source in zip(_LINES, TASKS, strict=False):
            if f"from {source}:{target}" in curve:
                shares = 100 * np.array(curve[f"from {source}:{target}"])
                axis.plot(curve["step"], shares, color=colour, linestyle=style, label=f"{TITLES[source]} features")
        axis.axhline(100 * chance, color="grey", linestyle=":", linewidth=1, label="chance")
        axis.set(title=split, xlabel="step of the heads", ylim=(0, 103))
        axis.grid(alpha=0.3)
    axes[0, 0].set_ylabel("right answers, %")
    _legend(figure, axes[0, 0])
    return _png(figure)


@_styled
def losses(by_task: Mapping[str, Curves]) -> bytes:
    """Training loss of the networks by step."""
    rows = -(-len(by_task) // 2)
    figure, axes = _figure(_WIDTH, 1.8 * rows + 0.3, rows, 2)
    for axis in axes.ravel()[len(by_task) :]:
        axis.axis("off")
    for axis, (task, by_split) in zip(axes.ravel(), by_task.items(), strict=False):
        for n, (split, curve) in enumerate(by_split.items()):
            colour, style = _LINES[n % len(_LINES)]
            axis.plot(curve["step"], curve["loss"], color=colour, linestyle=style, label=split)
        axis.set(title=TITLES[task], xlabel="step", ylabel="loss, nats", ylim=(0, None))
        axis.grid(alpha=0.3)
    _legend(figure, axes[0, 0])
    return _png(figure)


@_styled
def ablations(results: Mapping[str, Any]) -> bytes:
    """Own features and all together by photographs of a person, and by steps of the networks."""
    found, tasks = results["ablations"], results["tasks"]
    kinds = [kind for kind in ("photographs", "steps") if kind in found]
    labels = {"photographs": "photographs of a person", "steps": "steps of the networks"}
    figure, axes = _figure(_WIDTH, 1.5 * len(tasks) + 0.5, len(tasks), len(kinds))
    for row, task in zip(axes, tasks, strict=True):
        for axis, kind in zip(row, kinds, strict=True):
            for name, title, colour, form in _FUSIONS:
                amounts = list(found[kind])
                shares = [100 * found[kind][amount][name][task]["accuracy"] for amount in amounts]
                axis.plot([int(amount) for amount in amounts], shares, f"{form}-", color=colour, label=title)
            axis.set(title=TITLES[task], ylim=(0, 103), ylabel="right answers, %")
            axis.grid(alpha=0.3)
    for axis, kind in zip(axes[-1], kinds, strict=True):
        axis.set_xlabel(labels[kind])
    _legend(figure, axes[0, 0])
    return _png(figure)


@_styled
def roc(by_kind: Mapping[str, Sequence[tuple[float, float]]]) -> bytes:
    """ROC curves by kind of features: points of (FAR, TAR)."""
    figure, axes = _figure(_WIDTH, 4.2, 1, 1)
    axis = axes[0, 0]
    for (kind, points), form in zip(by_kind.items(), ("-", "-", ":", ":", "--"), strict=False):
        axis.plot([100 * far for far, _ in points], [100 * tar for _, tar in points], form, label=kind)
    axis.set_xscale("symlog", linthresh=0.1)
    axis.set(xlim=(0, 100), ylim=(0, 103), xlabel="pairs of two people accepted (FAR), %")
    axis.set_ylabel("pairs of one person accepted\n(TAR), %")
    axis.grid(alpha=0.3)
    _legend(figure, axis, columns=1)
    return _png(figure)


@_styled
def confusion(by_task: Mapping[str, tuple[Sequence[Sequence[int]], Sequence[str]]]) -> bytes:
    """Answers by label, each row in per cent of the label's images."""
    rows = -(-len(by_task) // 2)
    figure, axes = _figure(_WIDTH, 2.2 * rows, rows, 2)
    for axis in axes.ravel()[len(by_task) :]:
        axis.axis("off")
    for axis, (task, (counts, names)) in zip(axes.ravel(), by_task.items(), strict=False):
        table = np.array(counts, dtype=float)
        shares = 100 * table / np.maximum(table.sum(axis=1, keepdims=True), 1)
        axis.imshow(shares, cmap="Blues", vmin=0, vmax=100)
        for row, column in np.ndindex(*shares.shape):
            colour = "white" if shares[row, column] > 55 else "black"
            axis.text(column, row, f"{shares[row, column]:.0f}", ha="center", va="center", color=colour)
        spoken = [name.replace("_", " ") for name in names]
        axis.set_xticks(range(len(names)), spoken, rotation=40, ha="right")
        axis.set_yticks(range(len(names)), spoken)
        axis.set(title=TITLES[task], xlabel="answer", ylabel="label")
    return _png(figure)


@_styled
def filters(by_task: Mapping[str, Pictures]) -> bytes:
    """The filters of the three convolutions of the networks, each stretched to the whole range (Figure 4)."""
    figure, axes = _figure(_WIDTH, 3.9, 3, len(by_task))
    for layer, row in enumerate(axes, 1):
        for axis, task in zip(row, by_task, strict=True):
            tiles = [_stretched(one) for one in by_task[task][f"filters_{layer}"]]
            axis.imshow(_sheet(tiles, columns=8 * -(-len(tiles) // 64)), interpolation="nearest", cmap="gray")
            axis.set(xticks=[], yticks=[], title=TITLES[task] if layer == 1 else "")
        row[0].set_ylabel(f"layer {layer}")
    return _png(figure)


@_styled
def layers(by_task: Mapping[str, Pictures]) -> bytes:
    """What each layer of the networks makes of one face (Figure 5)."""
    columns = ["face", "layer_1", "layer_2", "layer_3", "layer_4"]
    titles = ["face", "5×5", "5×5", "3×3", "high-level"]
    figure, axes = _figure(_WIDTH, 1.02 * len(by_task), len(by_task), len(columns))
    for row, task in zip(axes, by_task, strict=True):
        for axis, column, title in zip(row, columns, titles, strict=True):
            _show_layer(axis, by_task[task][column])
            axis.set(xticks=[], yticks=[])
            axis.set_title(title if task == next(iter(by_task)) else "")
        row[0].set_ylabel(TITLES[task])
    return _png(figure)


@_styled
def contact_sheet(variants: NDArray[np.uint8], names: Sequence[str]) -> bytes:
    """The variants (n, S, S, 3) of one photograph, with the name of each filter."""
    columns = 5
    figure, axes = _figure(_WIDTH, 1.2 * -(-len(variants) // columns), -(-len(variants) // columns), columns)
    for axis in axes.ravel():
        axis.axis("off")
    for axis, image, name in zip(axes.ravel(), variants, names, strict=False):
        axis.imshow(image)
        axis.set_title(name)
    return _png(figure)


def _show_layer(axis: Axes, values: NDArray[Any]) -> None:
    """An image as it is, the first maps of a convolution as a sheet, a vector as a square of cells."""
    if values.dtype == np.uint8:
        axis.imshow(values)
    elif values.ndim == 3:
        axis.imshow(
            _sheet([_stretched(one) for one in values[:_MAPS]], columns=4), cmap="viridis", interpolation="nearest"
        )
    else:
        side = int(np.ceil(np.sqrt(len(values))))
        square = np.full(side * side, np.nan)
        square[: len(values)] = values
        axis.imshow(square.reshape(side, side), cmap="viridis", interpolation="nearest")


def _stretched(values: NDArray[Any]) -> NDArray[Any]:
    low, high = float(values.min()), float(values.max())
    stretched: NDArray[Any] = (values - low) / (high - low or 1.0)
    return stretched


def _sheet(tiles: Sequence[NDArray[Any]], columns: int) -> NDArray[Any]:
    """Tiles of one shape side by side, a little apart; what no tile covers is left white."""
    enlarge = -(-_TILE // tiles[0].shape[0])
    tiles = [tile.repeat(enlarge, axis=0).repeat(enlarge, axis=1) for tile in tiles]
    height, width, *rest = tiles[0].shape
    rows = -(-len(tiles) // columns)
    size = (rows * (height + 1) - 1, columns * (width + 1) - 1, *rest)
    sheet = np.ones(size) if rest else np.full(size, np.nan)
    for n, tile in enumerate(tiles):
        top, left = (n // columns) * (height + 1), (n % columns) * (width + 1)
        sheet[top : top + height, left : left + width] = tile
    return sheet


def _figure(
    width: float, height: float, rows: int, columns: int, *, sharey: bool = False
) -> tuple[Figure, NDArray[Any]]:
    figure = Figure(figsize=(width, height), layout="constrained")
    return figure, figure.subplots(rows, columns, squeeze=False, sharey=sharey)


def _legend(figure: Figure, axis: Axes, extra: Sequence[Any] = (), columns: int = 2) -> None:
    """What the lines of one of the plots are, below all of them."""
    handles, labels = axis.get_legend_handles_labels()
    if extra:
        handles, labels = [*handles, *extra], [*labels, "chance"]
    figure.legend(handles, labels, loc="outside lower center", ncols=columns, frameon=False)


def _png(figure: Figure) -> bytes:
    buffer = BytesIO()
    figure.savefig(buffer, format="png", dpi=_DOTS)
    return buffer.getvalue()
