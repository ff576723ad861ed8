"""Measure a catalog of a million candidates: `status`, the time until a resumed fetch asks its first host, and memory.

python benchmarks/scale.py [--candidates 1000000] [--stored 0.4] [--folder DIR]

A third of the candidates failed, the rest waits at 200 hosts of this machine. Times are those of whole
processes, start of Python included; "CPU s" is user + system time. A named folder is kept, and used again.
"""

import argparse
import os
import random
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from facecorpus.corpus import init_corpus
from facecorpus.settings import CrawlSettings, FetchSettings, Settings
from manifests import find_shipped

FAILED = ("gone", "opted_out", "not_a_picture", "outside_period", "timeout")
PORT = 18_765
HOSTS = tuple(f"127.0.0.{1 + number}:{PORT}" for number in range(200))


def main() -> None:
    """Make the corpus, run the two commands, print what they took."""
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--candidates", type=int, default=1_000_000)
    arguments.add_argument("--stored", type=float, default=0.4, help="share of the candidates that have a photograph")
    arguments.add_argument("--folder", type=Path)
    chosen = arguments.parse_args()
    with tempfile.TemporaryDirectory() as scratch, socket.create_server(("", PORT), backlog=512) as listening:
        folder = chosen.folder or Path(scratch) / "corpus"
        if not folder.exists():
            fill(folder, chosen.candidates, chosen.stored)
        print(f"{chosen.candidates} candidates, catalog of {(folder / 'catalog.sqlite').stat().st_size / 1e6:.0f} MB")
        run(["status", "-C", str(folder)])  # the first reads the file from the disk
        seconds, cpu, memory = run(["status", "-C", str(folder)])
        print(f"status                     {seconds:6.2f} s  {cpu:6.2f} CPU s  {memory:5.0f} MB")
        seconds, cpu, memory = first_request(folder, listening)
        print(f"fetch, to the first request{seconds:6.2f} s  {cpu:6.2f} CPU s  {memory:5.0f} MB")


def fill(folder: Path, count: int, stored: float) -> None:
    """A corpus of the paper's 77 people with so many candidates, made from a fixed seed."""
    settings = Settings(
        crawl=CrawlSettings(contact="benchmark@example.org", sources=("folder",)),
        fetch=FetchSettings(private_hosts=HOSTS),
    )
    corpus = init_corpus(folder, find_shipped("paper77"), settings)
    people = [person.identity_id for person in corpus.manifest.identities]
    rows = list_rows(count, stored, people)
    with corpus.catalog() as catalog, catalog.transaction() as connection:
        connection.executemany(
            "INSERT INTO photo (sha256, media_type, bytes, state) VALUES (?, 'image/jpeg', 80000, 'analysed')",
            ((photo,) for *_, photo in list_rows(count, stored, people) if photo),
        )
        connection.executemany(
            "INSERT INTO candidate (identity_id, source, url, page_url, rank, title, licence, licence_url, author,"
            " host, taken_on, state, outcome, photo_sha256) VALUES (?, 'commons', ?, '', ?, 'A title', 'CC BY-SA 4.0',"
            " 'https://creativecommons.org/licenses/by-sa/4.0', 'Somebody', ?, '2010', ?, ?, ?)",
            rows,
        )


def list_rows(
    count: int, stored: float, people: list[str]
) -> Iterator[tuple[str, str, int, str, str, str, str | None]]:
    """identity_id, url, rank, host, state, outcome, photo_sha256 of each candidate."""
    dice = random.Random(0)
    for number in range(count):
        host = HOSTS[number % len(HOSTS)]
        kind = dice.random()
        if kind < stored:
            state, outcome, photo = "stored", "stored", f"{dice.getrandbits(256):064x}"
        elif kind < stored + (1 - stored) / 2:
            state, outcome, photo = "failed", dice.choice(FAILED), None
        else:
            state, outcome, photo = "pending", "", None
        yield people[number % len(people)], f"http://{host}/{number:07}.jpg", number, host, state, outcome, photo


def run(arguments: list[str]) -> tuple[float, float, float]:
    """Wall seconds, CPU seconds and peak memory in MB of one command."""
    begun = time.monotonic()
    process = subprocess.Popen([sys.executable, "-m", "facecorpus", *arguments], stdout=subprocess.DEVNULL)
    _, _, usage = os.wait4(process.pid, 0)
    return time.monotonic() - begun, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1000


def first_request(folder: Path, listening: socket.socket) -> tuple[float, float, float]:
    """The same of a fetch, until its first connection comes in; it is ended then."""
    begun = time.monotonic()
    program = (
        "import sys; from pathlib import Path; from facecorpus.corpus import locked_corpus;"
        " from facecorpus.crawl.stage import fetch_candidates\n"
        "with locked_corpus(Path(sys.argv[1])) as corpus: fetch_candidates(corpus)"
    )
    process = subprocess.Popen([sys.executable, "-c", program, str(folder)], stderr=subprocess.DEVNULL)
    listening.accept()
    seconds = time.monotonic() - begun
    process.send_signal(signal.SIGKILL)
    _, _, usage = os.wait4(process.pid, 0)
    return seconds, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1000


if __name__ == "__main__":
    main()
