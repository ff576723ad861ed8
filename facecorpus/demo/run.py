"""The demo's story: serve the invented web on loopback and run the ordinary commands on it."""

import shlex
import subprocess
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlsplit

from facecorpus.corpus import Corpus
from facecorpus.demo.ending import ending
from facecorpus.demo.score import score_review, show
from facecorpus.demo.server import DEFAULT_PORT, DemoServer
from facecorpus.demo.world import DemoWorld
from facecorpus.errors import FacecorpusError
from facecorpus.settings import Settings
from facecorpus.settings_file import documented_toml
from facecorpus.store import write_atomically
from facecorpus.system.console import say
from facecorpus.upkeep.status import status

RUN = "demo"


def run_demo(folder: Path, *, review: bool) -> None:
    """Run init, crawl, review, build and train-all on the demo world; go on where an earlier run ended.

    Raises FacecorpusError where the folder holds another corpus, or a command failed.
    """
    from training import load_results

    begun = time.monotonic()
    world = DemoWorld()
    port = _port_of(folder, world)
    print(f"{len(world.identities)} invented people, {len(world.truth)} files on a small web of this machine alone.")
    with _server(world, port) as server:
        if port is None:
            _begin(folder, world, server)
        _run("crawl", "-C", str(folder))
    if review:
        _run("review", "-C", str(folder))
    else:
        print("\nNo person is at hand: the automatic policy accepts what is surely right, rejects what is")
        print("surely wrong, and leaves the rest undecided. (facecorpus demo --review opens the page instead.)")
        _run("review", "--auto", "-C", str(folder))
    reviewed = score_review(Corpus(folder), world)
    show(reviewed)
    _build(folder)
    _run("train-all", "-C", str(folder), "--preset", "quick", "--name", RUN, tables=False)
    results = load_results(folder / "runs" / RUN)
    total = status(Corpus(folder)).total
    print()
    say(ending(folder, len(world.truth), total, reviewed.precision, results, time.monotonic() - begun))


def _build(folder: Path) -> None:
    """Two versions, what is between them, and a copy for another tool; the later one is trained on."""
    if (Corpus(folder).versions / "all").exists():  # and may be of other verdicts than there are now
        return _run("build", "-C", str(folder))
    _run("build", "-C", str(folder), "--balance", "subgroup", "--tag", "balanced")
    _run("build", "-C", str(folder), "--tag", "all")
    _run("diff", "balanced", "all", "-C", str(folder))
    return _run("export", "webdataset", str(folder / "webdataset"), "-C", str(folder))


def _port_of(folder: Path, world: DemoWorld) -> int | None:
    """The port that the folder's corpus was begun with (its catalog holds the URLs); None before that."""
    if not (folder / "corpus.toml").exists():
        return None
    with tempfile.TemporaryDirectory() as scratch:
        if (folder / "manifest.csv").read_bytes() != _manifest(world, Path(scratch)).read_bytes():
            raise FacecorpusError(f"{folder} holds another corpus than the demo's; name a new folder for the demo.")
    address = urlsplit(Corpus(folder).settings.crawl.commons_api)
    return address.port if address.hostname == "127.0.0.1" else None


def _manifest(world: DemoWorld, folder: Path) -> Path:
    path = folder / "manifest.csv"
    world.write_manifest(path)
    return path


def _server(world: DemoWorld, port: int | None) -> DemoServer:
    if port is not None:
        return DemoServer(world, port)
    try:
        return DemoServer(world, DEFAULT_PORT)
    except FacecorpusError:  # taken by some other program; a new corpus may begin on any port
        return DemoServer(world, 0)


def _begin(folder: Path, world: DemoWorld, server: DemoServer) -> None:
    """`facecorpus init`, then the settings that a person would edit: where the wiki is, and that it is private."""
    if not (folder / "corpus.toml").exists():
        with tempfile.TemporaryDirectory() as scratch:
            _run("init", str(folder), "--manifest", str(_manifest(world, Path(scratch))))
    defaults = Settings()
    settings = replace(
        defaults,
        crawl=replace(defaults.crawl, commons_api=server.api_url, contact="demo@localhost"),
        fetch=replace(defaults.fetch, private_hosts=(f"127.0.0.1:{server.port}",), requests_per_minute=60_000),
        build=replace(defaults.build, embeddings=True),  # nobody real is shown, and training has a control more
    )
    write_atomically(folder / "corpus.toml", documented_toml(settings).encode(), folder)
    print(f"corpus.toml now asks {server.api_url} instead of Wikimedia Commons.")


def _run(*command: str, tables: bool = True) -> None:
    """Run one command of facecorpus as a user would, on the same terminal; without tables, its stdout is left out."""
    print(f"\n$ facecorpus {shlex.join(command)}", flush=True)
    with subprocess.Popen(
        [sys.executable, "-P", "-m", "facecorpus", *command], stdout=None if tables else subprocess.DEVNULL
    ) as process:
        try:
            code = process.wait()
        except KeyboardInterrupt:  # Ctrl-C reached the command, too; for the review page it is the way to end
            code = process.wait()
            if code:
                raise
    if code:
        raise FacecorpusError(
            f"The demo stopped: 'facecorpus {command[0]}' ended with code {code} (its message is above);"
            " run the demo again to go on from there."
        )
