"""Models of a run on pictures of one's own, and as files for other tools."""

from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from facecorpus.commands.build import export
from facecorpus.commands.common import AsJson, Folder, folder_of_run, print_json
from facecorpus.errors import FacecorpusError
from facecorpus.system.console import notice
from facecorpus.system.escape import for_terminal

if TYPE_CHECKING:
    from facecorpus.predict import AskedPicture
    from facecorpus.settings import Settings
    from training import FusedModel

app = typer.Typer()

Images = Annotated[list[Path], typer.Argument(help="Pictures, and folders of pictures.")]
OfRun = Annotated[str, typer.Option("--run", help="A run by name, its folder, or a folder models that was copied.")]


@app.command()
def predict(
    images: Images,
    run: OfRun,
    corpus: Folder = Path(),
    draw: Annotated[Path | None, typer.Option(help="A folder for pictures with boxes and answers on them.")] = None,
    as_json: AsJson = False,
) -> None:
    """Ask a run's fused models about all faces of pictures: identity, age group, race and gender.

    Example: facecorpus predict holiday/ --run runs/first
    """
    from facecorpus.predict import STRANGERS
    from facecorpus.predict import draw as draw_answers

    model, asked = _asked(images, run, corpus)
    notice(STRANGERS)
    if draw is not None:
        draw_answers(asked, draw)
    if not as_json:
        _show(asked)
    _refuse_nothing(asked)
    if as_json:
        print_json({"tasks": list(model.tasks), "note": STRANGERS, "images": [one.values() for one in asked]})


@app.command()
def features(
    images: Images,
    run: OfRun,
    out: Annotated[Path, typer.Option(help="The Parquet file to write: a row a face.")],
    corpus: Folder = Path(),
    as_json: AsJson = False,
) -> None:
    """Write the high-level features that a run's networks have of all faces of pictures.

    Example: facecorpus features holiday/ --run runs/first --out features.parquet
    """
    import pyarrow.parquet as pq

    from facecorpus.predict import feature_table
    from facecorpus.store import write_atomically

    _, asked = _asked(images, run, corpus)
    _refuse_nothing(asked)
    table = feature_table(asked)
    out.parent.mkdir(parents=True, exist_ok=True)
    data = BytesIO()
    pq.write_table(table, data)
    write_atomically(out, data.getvalue())
    if as_json:
        print_json({"path": str(out), "faces": len(table), "images": [one.values() for one in asked]})
    else:
        print(for_terminal(f"{len(table)} faces of {len(asked)} pictures are in {out}."))


@export.command()
def model(
    out: Annotated[Path, typer.Argument(help="The file to write.")],
    run: OfRun,
    corpus: Folder = Path(),
    layout: Annotated[
        str,
        typer.Option(
            "--format",
            help="onnx: images to features and probabilities. descriptor: the identity network as a descriptor_model,"
            " with its TOML file beside it.",
        ),
    ] = "onnx",
    as_json: AsJson = False,
) -> None:
    """Write a run's fused models, with all that they read, as one ONNX file; or its identity network alone.

    Example: facecorpus export model faces.onnx --run runs/first
    """
    from facecorpus.system.siblings import training_told

    if layout not in ("onnx", "descriptor"):
        raise FacecorpusError(
            f"--format may be onnx or descriptor, not {layout!r}; the run's folder models has safetensors."
        )
    opened, _ = _opened(run, corpus)
    tasks = list(opened.tasks) if layout == "onnx" else ["identity"]
    with training_told():
        from training import write_descriptor, write_onnx

        (write_onnx if layout == "onnx" else write_descriptor)(opened, out)
    if layout == "descriptor":
        from facecorpus.faces.onnx_descriptor import write_recipe

        write_recipe(out, out.stem, opened.size)
    if as_json:
        print_json({"path": str(out), "tasks": tasks, "bytes": out.stat().st_size})
    else:
        print(for_terminal(f"The models of {', '.join(tasks)} are in {out}."))


def _opened(run: str, corpus: Path) -> "tuple[FusedModel, Settings]":
    """The models, and the settings by which pictures are looked at: the corpus's where there is one."""
    from facecorpus.corpus import Corpus
    from facecorpus.predict import open_model
    from facecorpus.settings import Settings

    there = (corpus / "corpus.toml").is_file()
    return open_model(folder_of_run(run, corpus)), Corpus(corpus).settings if there else Settings()


def _asked(images: list[Path], run: str, corpus: Path) -> "tuple[FusedModel, list[AskedPicture]]":
    from facecorpus.predict import ask, pictures_in

    pictures = pictures_in(images)
    opened, settings = _opened(run, corpus)
    return opened, list(ask(opened, pictures, settings))


def _show(asked: "list[AskedPicture]") -> None:
    for picture in asked:
        if not picture.faces:
            print(for_terminal(f"{picture.path}: {picture.error or 'no face was found.'}"))
        for face in picture.faces:
            said = ", ".join(
                f"{task.replace('_', ' ')} {one.answer} ({one.probability:.0%})" for task, one in face.answers.items()
            )
            where = f"the face of {face.box[2]:.0f} pixels at {face.box[0]:.0f}, {face.box[1]:.0f}"
            print(for_terminal(f"{picture.path}: {where}: {said}"))


def _refuse_nothing(asked: "list[AskedPicture]") -> None:
    if asked and all(one.error for one in asked):
        raise FacecorpusError(f"None of the {len(asked)} pictures could be used; the first: {asked[0].error}")
