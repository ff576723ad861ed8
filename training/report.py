"""The report: report.html, one file that opens anywhere, and report.md with its pictures beside it."""

from __future__ import annotations

from base64 import b64encode
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from training import plots
from training.augment import filter_name
from training.dataset import Images, images_path, open_images
from training.files import write_bytes, write_text
from training.findings import honesty, ordering
from training.paper import ATTRIBUTES, FUSIONS, TABLE_1, TABLE_2, TITLES, fusion_title

Results = dict[str, Any]

_TEMPLATES = Path(__file__).parent / "templates"


@dataclass(frozen=True)
class Picture:
    """A figure of the report: its file name, what stands below it, and the PNG."""

    name: str
    caption: str
    png: bytes

    @property
    def source(self) -> str:
        """The picture as a data URL, so that the page needs no other file."""
        return f"data:image/png;base64,{b64encode(self.png).decode()}"


@dataclass(frozen=True)
class Cell:
    """One accuracy of a table and the paper's, None where the paper has none."""

    ours: float
    paper: float | None


@dataclass(frozen=True)
class Table:
    """One of the paper's tables as a protocol of this run has it."""

    title: str
    rows: list[tuple[str, list[Cell]]]


def write_report(run: Path, results: Results) -> None:
    """Write report.html, report.md and figures/*.png into the run folder."""
    pictures = _pictures(run, results)
    for picture in pictures:
        write_bytes(run / "figures" / picture.name, picture.png)
    environment = Environment(
        loader=FileSystemLoader(_TEMPLATES), undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    content = {
        "results": results,
        "tables": _tables(results),
        "pictures": pictures,
        "honesty": honesty(results),
        "ordering": ordering(results),
        "tasks": results["tasks"],
        "attributes": [task for task in results["tasks"] if task in ATTRIBUTES],
        "titles": TITLES,
        "heading": _heading(results["tasks"]),
    }
    write_text(run / "report.md", environment.get_template("report.md.j2").render(content))
    environment.autoescape = True
    write_text(run / "report.html", environment.get_template("report.html.j2").render(content))


def _heading(tasks: list[str]) -> str:
    *first, last = (TITLES[task].lower() for task in tasks)
    return f"{', '.join(first)} and {last} from one corpus of faces".capitalize()


def _tables(results: Results) -> list[Table]:
    tables, tasks = [], results["tasks"]
    for name, protocol in results["protocols"].items():
        rows = [(f"{TITLES[source]} features", protocol["table1"][source], TABLE_1[source]) for source in tasks]
        tables.append(_table(f"Table 1, protocol {name}: features of one network → task", tasks, rows))
        rows = [(fusion_title(kind, len(tasks)), protocol["table2"][kind], TABLE_2[kind]) for kind in FUSIONS]
        rows.append(("control: own, with the fusions' head", protocol["own_with_head"], {}))
        tables.append(_table(f"Table 2, protocol {name}: fused features → task", tasks, rows))
    return tables


def _table(title: str, tasks: list[str], rows: list[tuple[str, dict[str, float], dict[str, float]]]) -> Table:
    return Table(title, [(name, [Cell(ours[task], papers.get(task)) for task in tasks]) for name, ours, papers in rows])


def _pictures(run: Path, results: Results) -> list[Picture]:
    drawn = [
        Picture(
            f"curves-{task}.png",
            f"{TITLES[task]}: loss and test accuracy by step (the paper's Figures 8–11).",
            plots.curves(task, _curves(results, task), results["chance"][task]),
        )
        for task in results["tasks"]
    ]
    first = next(iter(next(iter(results["protocols"].values()))["networks"]))
    left = {task: _load_arrays(run / first / task / "pictures.npz") for task in results["tasks"]}
    preset = results["preset"]
    images = open_images(
        images_path(run, results["shards"]["sha256"], preset["size"], preset["variants"], results["seed"])
    )
    names = [filter_name(index) for index in range(preset["variants"])]
    return [
        *drawn,
        Picture("filters.png", f"The first layer's filters, protocol {first} (Figure 4).", plots.filters(left)),
        Picture(
            "layers.png",
            f"One test face and what each layer of the networks makes of it, protocol {first} (Figure 5): "
            "16 maps of each convolution, all of the high-level features.",
            plots.layers(left),
        ),
        Picture(
            "variants.png",
            f"One photograph and its {preset['variants'] - 1} augmented variants.",
            plots.contact_sheet(_most_colourful(images, preset["variants"]), names),
        ),
    ]


def _most_colourful(images: Images, variants: int) -> Images:
    """All variants of that photograph, among the first hundred, on which a change of colour shows best."""
    originals = np.asarray(images[: 100 * variants : variants]).astype(np.int16)
    row = int(np.ptp(originals, axis=3).mean(axis=(1, 2)).argmax())
    return np.asarray(images[row * variants : (row + 1) * variants])


def _curves(results: Results, task: str) -> plots.Curves:
    return {
        split: networks[task]["curve"]
        for protocol in results["protocols"].values()
        for split, networks in protocol["networks"].items()
    }


def _load_arrays(path: Path) -> dict[str, np.ndarray[Any, Any]]:
    with np.load(path) as arrays:
        return dict(arrays)
