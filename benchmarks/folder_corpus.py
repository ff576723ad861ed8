"""A corpus whose only source is a folder of photographs, and the ordinary commands run on it."""

import argparse
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from facecorpus.corpus import init_corpus
from facecorpus.manifest import Identity, write_manifest
from facecorpus.settings import Settings


def run(
    documentation: str,
    what: str,
    begin: Callable[[Path, Path], None],
    judge: Callable[[Path, Path], None] = lambda source, corpus: None,
    last: Sequence[list[str]] = (),
) -> None:
    """Take a folder named `what` and a corpus from the command line; begin a new corpus, then go all the way.

    `begin` and `judge` are given the folder and the corpus; `judge` may look at what the automatic policy decided.
    """
    parser = argparse.ArgumentParser(description=documentation, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(what, type=Path)
    parser.add_argument("corpus", type=Path)
    parser.add_argument("--preset", default="quick")
    parser.add_argument("--seeds", type=int, default=1)
    options = parser.parse_args()
    source, corpus = getattr(options, what), options.corpus
    if not (corpus / "corpus.toml").exists():
        begin(source, corpus)
    _call(corpus, ["crawl"], ["review", "--auto"])
    judge(source, corpus)
    name = Path(options.preset).stem
    train = ["train-all", "--preset", options.preset, "--name", name, "--seeds", str(options.seeds)]
    _call(corpus, ["build"], train, *last)


def _call(corpus: Path, *commands: Sequence[str]) -> None:
    for command in commands:
        print(f"\n$ facecorpus {' '.join(command)} -C {corpus}", flush=True)
        subprocess.run([sys.executable, "-m", "facecorpus", *command, "-C", str(corpus)], check=True)


def begin_corpus(folder: Path, people: Sequence[Identity], photos: Path, embeddings: bool = False) -> None:
    """Make the manifest beside the corpus, and the corpus."""
    manifest = folder.with_name(f"{folder.name}-people.csv")
    folder.parent.mkdir(parents=True, exist_ok=True)
    write_manifest(manifest, people)
    defaults = Settings()
    crawl = replace(defaults.crawl, sources=("folder",), folder=str(photos.absolute()))
    init_corpus(folder, manifest, replace(defaults, crawl=crawl, build=replace(defaults.build, embeddings=embeddings)))
