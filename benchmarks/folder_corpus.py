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


def run(documentation: str, what: str, begin: Callable[[Path, Path], None], last: Sequence[list[str]] = ()) -> None:
    """Take a folder named `what` and a corpus from the command line; begin a new corpus, then go all the way."""
    parser = argparse.ArgumentParser(description=documentation, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(what, type=Path)
    parser.add_argument("corpus", type=Path)
    parser.add_argument("--preset", default="quick")
    options = parser.parse_args()
    if not (options.corpus / "corpus.toml").exists():
        begin(getattr(options, what), options.corpus)
    for command in (["crawl"], ["review", "--auto"], ["build"], ["train-all", "--preset", options.preset], *last):
        print(f"\n$ facecorpus {' '.join(command)} -C {options.corpus}", flush=True)
        subprocess.run([sys.executable, "-m", "facecorpus", *command, "-C", str(options.corpus)], check=True)


def begin_corpus(folder: Path, people: Sequence[Identity], photos: Path, embeddings: bool = False) -> None:
    """Make the manifest beside the corpus, and the corpus."""
    manifest = folder.with_name(f"{folder.name}-people.csv")
    folder.parent.mkdir(parents=True, exist_ok=True)
    write_manifest(manifest, people)
    defaults = Settings()
    crawl = replace(defaults.crawl, sources=("folder",), folder=str(photos.absolute()))
    init_corpus(folder, manifest, replace(defaults, crawl=crawl, build=replace(defaults.build, embeddings=embeddings)))
