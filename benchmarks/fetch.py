"""Measure downloading beside img2dataset: pictures a second, and CPU time a picture.

python benchmarks/fetch.py --img2dataset VENV/bin/python [--files 5000] [--runs 5] [--at-once 16]

Run by root; needs nginx (Debian: nginx-light) and a virtual environment of its own with img2dataset. One nginx process
on this machine serves files of 80 KB, each another JPEG picture; every client gets the same list and the same number of
requests at once, in turn. Ours keeps every promise meanwhile: robots.txt, tdmrep.json, sha256, fsync of every file, a
row of every try. img2dataset runs twice: as it is used (resize_mode=no, which decodes and encodes) and as fast as it
goes (disable_all_reencoding), both with output_format=files, one process and retries=0. CPU time is that of the
client's whole process tree. All figures are those of whole commands; what of it is their start, a last line says.
"""

import argparse
import io
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from facecorpus.corpus import Corpus, init_corpus
from facecorpus.records import Candidate
from facecorpus.settings import CrawlSettings, FetchSettings, Settings
from manifests import find_shipped

PORT = 18_766
SIZE = 80_000
OURS = (
    "import sys; from pathlib import Path; from facecorpus.corpus import locked_corpus;"
    " from facecorpus.crawl.stage import fetch_candidates\n"
    "with locked_corpus(Path(sys.argv[1])) as corpus: print(fetch_candidates(corpus).stored)"
)


@dataclass(frozen=True)
class Spent:
    """Seconds of the wall clock and of the processors."""

    wall: float
    cpu: float


def main() -> None:
    """Run all clients in turn and print the medians."""
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--img2dataset", required=True, help="the Python that has img2dataset")
    arguments.add_argument("--files", type=int, default=5000)
    arguments.add_argument("--runs", type=int, default=5)
    arguments.add_argument("--at-once", type=int, default=16)
    chosen = arguments.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        home = Path(scratch)
        write_files(home / "www", chosen.files)
        nginx = serve(home)
        try:
            clients: dict[str, Callable[[int], Spent]] = {
                "ours": lambda count: ours(home, count, chosen.at_once),
                "img2dataset, raw bytes": lambda count: peer(home, count, chosen.at_once, chosen.img2dataset, raw=True),
                "img2dataset, as usual": lambda count: peer(home, count, chosen.at_once, chosen.img2dataset, raw=False),
            }
            spent = measure(clients, chosen.files, chosen.runs)
        finally:
            nginx.terminate()
            nginx.wait()
    report(spent, chosen.files)


def measure(clients: dict[str, Callable[[int], Spent]], files: int, runs: int) -> dict[str, list[Spent]]:
    """What each client took in each run."""
    starts = {name: client(1) for name, client in clients.items()}  # and their modules are read from the disk
    starts = {name: client(1) for name, client in clients.items()}
    spent: dict[str, list[Spent]] = {name: [] for name in clients}
    for number in range(runs):
        for name, client in clients.items():
            one = client(files)
            spent[name].append(one)
            rate, cpu = files / one.wall, one.cpu / files * 1000
            print(f"run {number + 1}: {name:24} {rate:7.0f} files/s {cpu:6.2f} CPU ms a file", flush=True)
    said = ", ".join(f"{name} {start.wall:.1f} s ({start.cpu:.1f} CPU s)" for name, start in starts.items())
    print(f"with one file: {said}")
    return spent


def report(spent: dict[str, list[Spent]], files: int) -> None:
    """Medians, and their ratios to ours."""
    rate = {name: statistics.median(files / one.wall for one in runs) for name, runs in spent.items()}
    cpu = {name: statistics.median(one.cpu / files * 1000 for one in runs) for name, runs in spent.items()}
    print("\nwhat | ours | peer | ratio")
    for name in list(spent)[1:]:
        print(f"files a second, {name} | {rate['ours']:.0f} | {rate[name]:.0f} | {rate['ours'] / rate[name]:.1f}")
        print(f"CPU ms a file, {name} | {cpu['ours']:.2f} | {cpu[name]:.2f} | {cpu[name] / cpu['ours']:.1f}")


def write_files(folder: Path, count: int) -> None:
    """So many JPEG pictures of SIZE bytes, each with another comment in it."""
    noise = np.random.default_rng(0).integers(0, 256, (48, 64, 3), np.uint8)
    picture = Image.fromarray(noise).resize((960, 720), Image.Resampling.BICUBIC)
    quality = next(q for q in range(95, 5, -1) if len(encoded(picture, q)) < SIZE - 1000)
    jpeg = encoded(picture, quality)
    (folder / "files").mkdir(parents=True)
    for number in range(count):
        # A comment segment (ITU T.81, B.2.4.5) after the start of the picture makes each file another one.
        filling = f"{number:08}".encode().ljust(SIZE - len(jpeg) - 4, b".")
        comment = b"\xff\xfe" + (len(filling) + 2).to_bytes(2, "big") + filling
        (folder / "files" / f"{number}.jpg").write_bytes(jpeg[:2] + comment + jpeg[2:])


def encoded(picture: Image.Image, quality: int) -> bytes:
    """The picture as JPEG."""
    file = io.BytesIO()
    picture.save(file, "JPEG", quality=quality)
    return file.getvalue()


def serve(home: Path) -> subprocess.Popen[bytes]:
    """One nginx process in the foreground, ready to answer."""
    (home / "nginx.conf").write_text(
        f"daemon off; worker_processes 1; pid {home}/pid; error_log {home}/error.log; user root;\n"
        "events { worker_connections 512; }\n"
        f"http {{ access_log off; sendfile on; keepalive_requests 1000000; types {{ image/jpeg jpg; }}\n"
        f"client_body_temp_path {home}/b; proxy_temp_path {home}/p; fastcgi_temp_path {home}/f;\n"
        f"uwsgi_temp_path {home}/u; scgi_temp_path {home}/s;\n"
        f"server {{ listen 127.0.0.1:{PORT}; root {home}/www; }} }}\n"
    )
    nginx = subprocess.Popen(["nginx", "-c", str(home / "nginx.conf")])
    time.sleep(1)
    return nginx


def urls(count: int) -> list[str]:
    """What every client is given."""
    return [f"http://127.0.0.1:{PORT}/files/{number}.jpg" for number in range(count)]


def ours(home: Path, count: int, at_once: int) -> Spent:
    """facecorpus fetch, into a new corpus."""
    folder = home / "corpus"
    fetch = FetchSettings(per_host=at_once, requests_per_minute=10_000_000, private_hosts=(f"127.0.0.1:{PORT}",))
    settings = Settings(crawl=CrawlSettings(contact="benchmark@example.org", sources=("folder",)), fetch=fetch)
    corpus: Corpus = init_corpus(folder, find_shipped("paper77"), settings)
    people = corpus.manifest.identities
    with corpus.catalog() as catalog:
        catalog.candidates.propose(
            Candidate(people[number % len(people)].identity_id, "urls", url, rank=number)
            for number, url in enumerate(urls(count))
        )
    spent, said = run([sys.executable, "-c", OURS, str(folder)])
    assert said.split()[-1] == str(count), said
    shutil.rmtree(folder)
    return spent


def peer(home: Path, count: int, at_once: int, python: str, raw: bool) -> Spent:
    """img2dataset, into a new folder."""
    (home / "urls.txt").write_text("\n".join(urls(count)) + "\n")
    out = home / "img2dataset"
    options = {
        "url_list": home / "urls.txt",
        "output_folder": out,
        "processes_count": 1,
        "thread_count": at_once,
        "resize_mode": "no",
        "output_format": "files",
        "retries": 0,
        "disable_all_reencoding": raw,
    }
    call = ", ".join(
        f"{name}={(str(value) if isinstance(value, Path) else value)!r}" for name, value in options.items()
    )
    (home / "peer.py").write_text(
        f"from img2dataset import download\nif __name__ == '__main__':\n    download({call})\n"
    )
    spent, _ = run([python, str(home / "peer.py")])
    got = len(list(out.glob("*/*.jpg")))
    assert got == count, got
    shutil.rmtree(out)
    return spent


def run(command: list[str]) -> tuple[Spent, str]:
    """What a command and all its children took, and what it said."""
    before, begun = os.times(), time.monotonic()
    ended = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    after, wall = os.times(), time.monotonic() - begun
    if ended.returncode:
        sys.exit(ended.stdout)
    cpu = after.children_user + after.children_system - before.children_user - before.children_system
    return Spent(wall, cpu), ended.stdout


if __name__ == "__main__":
    main()
