"""The report's pictures, drawn from what the jobs left: each function gives a PNG."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from io import BytesIO
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from training.publication import TABLE_2, TITLES

Curves = Mapping[str, Mapping[str, Sequence[float]]]  # split -> step, loss, accuracy
Pictures = Mapping[str, NDArray[Any]]

_MAPS = 16  # feature maps shown of a layer
_TILE = 24  # pixels of a filter or map in a sheet, at least


def curves(task: str, by_split: Curves, chance: float) -> bytes:
    """Loss and test accuracy of a task's network by step (Figures 8–11)."""
    figure, axes = _figure(8, 2.8, 1, 2)
    losses, accuracies = axes.ravel()
    for split, curve in by_split.items():
        losses.plot(curve["step"], curve["loss"], label=split)
        if None not in curve["accuracy"]:  # the people of protocol identity cannot be named
            accuracies.plot(curve["step"], curve["accuracy"], label=split)
    accuracies.axhline(chance, color="grey", linestyle=":", label="chance")
    losses.set(title=f"{TITLES[task]}: training loss", xlabel="step", ylim=(0, None))
    accuracies.set(title=f"{TITLES[task]}: test accuracy", xlabel="step", ylim=(0, 1))
    for axis in (losses, accuracies):
        axis.grid(alpha=0.3)
        axis.legend(frameon=False)
    return _png(figure)


def protocols(results: Mapping[str, Any]) -> bytes:
    """Accuracy of the own networks by task under each protocol with its interval by person, and the paper's."""
    figure, axes = _figure(8, 3, 1, 1)
    axis, tasks = axes.ravel()[0], results["tasks"]
    for n, (name, protocol) in enumerate(results["protocols"].items()):
        own = protocol["rows"]["own"]
        cells = {place: own[task] for place, task in enumerate(tasks) if task in own}
        heights = np.array([cell["accuracy"] for cell in cells.values()])
        bounds = np.array([cell["by_person"] for cell in cells.values()]).reshape(-1, 2).T
        beside = np.array(list(cells)) + 0.16 * (n - 1)
        axis.errorbar(beside, heights, np.maximum(np.abs(bounds - heights), 0), fmt="o", capsize=3, label=name)
    places = range(len(tasks))
    axis.plot(places, [TABLE_2["own"][task] for task in tasks], "k_", markersize=28, label="the paper")
    axis.plot(places, [results["chance"][task] for task in tasks], "_", color="grey", markersize=28, label="chance")
    axis.set(xticks=range(len(tasks)), xticklabels=[TITLES[task] for task in tasks], ylim=(0, 1), ylabel="accuracy")
    axis.grid(axis="y", alpha=0.3)
    axis.legend(frameon=False, loc="center left", bbox_to_anchor=(1, 0.5))
    return _png(figure)


def confusion(by_task: Mapping[str, tuple[Sequence[Sequence[int]], Sequence[str]]]) -> bytes:
    """Answers by label, each row in per cent of the label's images."""
    figure, axes = _figure(8, 3, 1, len(by_task))
    for axis, (task, (counts, names)) in zip(axes.ravel(), by_task.items(), strict=True):
        table = np.array(counts, dtype=float)
        shares = 100 * table / np.maximum(table.sum(axis=1, keepdims=True), 1)
        axis.imshow(shares, cmap="Blues", vmin=0, vmax=100)
        for row, column in np.ndindex(*shares.shape):
            colour = "white" if shares[row, column] > 55 else "black"
            axis.text(column, row, f"{shares[row, column]:.0f}", ha="center", va="center", color=colour, fontsize=8)
        spoken = [name.replace("_", " ") for name in names]
        axis.set_xticks(range(len(names)), spoken, rotation=40, ha="right", fontsize=8)
        axis.set_yticks(range(len(names)), spoken, fontsize=8)
        axis.set_title(TITLES[task], fontsize=10)
    return _png(figure)


def filters(by_task: Mapping[str, Pictures]) -> bytes:
    """The first layer's filters of the networks, each stretched to the whole range (Figure 4)."""
    figure, axes = _figure(8, 1.6, 1, len(by_task))
    for axis, task in zip(axes.ravel(), by_task, strict=True):
        tiles = [_stretched(one) for one in by_task[task]["filters"]]
        axis.imshow(_sheet(tiles, columns=8), interpolation="nearest")
        axis.set_title(TITLES[task])
        axis.axis("off")
    return _png(figure)


def layers(by_task: Mapping[str, Pictures]) -> bytes:
    """What each layer of the networks makes of one face (Figure 5)."""
    columns = ["face", "layer_1", "layer_2", "layer_3", "layer_4"]
    titles = ["face", "5×5", "5×5", "3×3", "high-level"]
    figure, axes = _figure(8, 1.7 * len(by_task), len(by_task), len(columns))
    for row, task in zip(axes, by_task, strict=True):
        for axis, column, title in zip(row, columns, titles, strict=True):
            _show_layer(axis, by_task[task][column])
            axis.set(xticks=[], yticks=[])
            axis.set_title(title if task == next(iter(by_task)) else "")
        row[0].set_ylabel(TITLES[task])
    return _png(figure)


def contact_sheet(variants: NDArray[np.uint8], names: Sequence[str]) -> bytes:
    """The variants (n, S, S, 3) of one photograph, with the name of each filter."""
    columns = 5
    figure, axes = _figure(8, 1.9 * -(-len(variants) // columns), -(-len(variants) // columns), columns)
    for axis in axes.ravel():
        axis.axis("off")
    for axis, image, name in zip(axes.ravel(), variants, names, strict=False):
        axis.imshow(image)
        axis.set_title(name, fontsize=9)
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


def _figure(width: float, height: float, rows: int, columns: int) -> tuple[Figure, NDArray[Any]]:
    figure = Figure(figsize=(width, height), layout="constrained")
    return figure, figure.subplots(rows, columns, squeeze=False)


def _png(figure: Figure) -> bytes:
    buffer = BytesIO()
    figure.savefig(buffer, format="png", dpi=110)
    return buffer.getvalue()
