"""The whole path by the ordinary commands: names in, tables out; run twice; killed at every stage."""

import hashlib
import json
import os
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from facecorpus.corpus import init_corpus
from facecorpus.demo.server import DemoServer
from facecorpus.demo.world import DemoWorld
from facecorpus.settings import Settings
from facecorpus.shards import shard_files

PEOPLE = ("id003", "id027", "id050", "id074")  # both genders, all age groups, three races
PRESET = Path(__file__).parent / "data" / "training_tiny.toml"
COMMANDS = (
    ("crawl",),
    ("review", "--auto"),
    ("build",),
    ("train-all", "--preset", str(PRESET), "--name", "tiny"),
)


def start(corpus: Path, *command: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "facecorpus", *command, "-C", str(corpus)],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )


def run(corpus: Path, *command: str) -> str:
    process = start(corpus, *command)
    output, _ = process.communicate(timeout=240)
    assert process.returncode == 0, output
    return output


def killed(corpus: Path, seconds: float, *command: str) -> bool:
    """Run the command and SIGKILL it after that time; whether it was still running then."""
    process = start(corpus, *command)
    try:
        process.communicate(timeout=seconds)
    except subprocess.TimeoutExpired:
        os.kill(process.pid, signal.SIGKILL)
        process.communicate()
        return True
    return False


def rows(corpus: Path, sql: str) -> list[tuple[Any, ...]]:
    connection = sqlite3.connect(corpus / "catalog.sqlite")
    try:
        return connection.execute(sql).fetchall()
    finally:
        connection.close()


def outcome(corpus: Path) -> dict[str, Any]:
    """All that a corpus ends with, times of day left out."""
    shards = corpus / "shards"
    results = json.loads((corpus / "runs" / "tiny" / "results.json").read_text())
    return {
        "candidates": rows(corpus, "SELECT identity_id, url, state, outcome, photo_sha256 FROM candidate ORDER BY url"),
        "photographs": rows(corpus, "SELECT sha256, width, height, state, hex(phash), cluster_id FROM photo"),
        "faces": rows(corpus, "SELECT face_id, x, y, hex(embedding), identity_id, kept FROM face"),
        "rankings": rows(corpus, "SELECT * FROM ranking"),
        "verdicts": rows(corpus, "SELECT face_id, identity_id, verdict, reason FROM verdict ORDER BY face_id"),
        "labels": {path.name: pictures(path) for path in shard_files(shards)},
        "tables": {
            name: {key: protocol[key] for key in ("rows", "claims", "test_images")}
            for name, protocol in results["protocols"].items()
        },
    }


def pictures(shard: Path) -> list[tuple[str, int, str]]:
    """face_id, label and picture of each row; reviewed_at is a time of day."""
    import pyarrow.parquet as pq

    table = pq.read_table(shard, columns=["face_id", "identity", "image"]).to_pylist()
    return [(row["face_id"], row["identity"], hashlib.sha256(row["image"]["bytes"]).hexdigest()) for row in table]


@pytest.fixture(scope="module")
def server() -> Iterator[DemoServer]:
    with DemoServer(DemoWorld(), port=0) as running:
        yield running


@pytest.fixture(scope="module")
def fresh(server: DemoServer, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A corpus of four people that has not been crawled."""
    folder = tmp_path_factory.mktemp("whole")
    DemoWorld().write_manifest(folder / "all.csv")
    header, *lines = (folder / "all.csv").read_text().splitlines(keepends=True)
    (folder / "people.csv").write_text(header + "".join(line for line in lines if line.startswith(PEOPLE)))
    settings = Settings()
    settings = replace(
        settings,
        crawl=replace(settings.crawl, commons_api=server.api_url, contact="test@localhost"),
        fetch=replace(settings.fetch, private_hosts=(f"127.0.0.1:{server.port}",), requests_per_minute=60_000),
    )
    return init_corpus(folder / "corpus", folder / "people.csv", settings).root


@pytest.fixture(scope="module")
def undisturbed(fresh: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The corpus after every command has run once."""
    corpus = tmp_path_factory.mktemp("undisturbed") / "corpus"
    shutil.copytree(fresh, corpus)
    for command in COMMANDS:
        run(corpus, *command)
    return corpus


def test_names_become_tables(undisturbed: Path) -> None:
    ended = outcome(undisturbed)
    assert len(ended["photographs"]) > 40
    assert sum(map(len, ended["labels"].values())) > 30
    for protocol in ("photo", "paper"):
        tables = ended["tables"][protocol]
        assert set(tables["rows"]["own"]) >= {"identity", "age_group", "race", "gender"}
        assert {"own", "from identity", "other_three", "all", "own_head", "majority"} <= set(tables["rows"])
        assert tables["test_images"] > 0
    assert (undisturbed / "runs" / "tiny" / "report.html").stat().st_size > 50_000
    state = json.loads(run(undisturbed, "status", "--json"))
    assert state["total"]["accepted"] >= sum(map(len, ended["labels"].values()))
    assert state["next"].endswith(f"{undisturbed}/runs/tiny/report.html")  # all is done: it opens the report


def test_every_command_run_again_changes_nothing(undisturbed: Path, server: DemoServer) -> None:
    before = outcome(undisturbed)
    shards = {path: path.stat().st_mtime_ns for path in (undisturbed / "shards").rglob("*")}
    asked = len([request for request in server.requests if "/images/" in request.path])
    for command in COMMANDS:
        run(undisturbed, *command)
    assert outcome(undisturbed) == before
    assert {path: path.stat().st_mtime_ns for path in (undisturbed / "shards").rglob("*")} == shards
    assert len([request for request in server.requests if "/images/" in request.path]) == asked


def test_killed_at_every_stage_it_ends_the_same(undisturbed: Path, fresh: Path, tmp_path: Path) -> None:
    corpus = tmp_path / "corpus"
    shutil.copytree(fresh, corpus)
    chance = random.Random(time.time_ns())
    moments = []
    for command in COMMANDS:
        for longest in (2.0, 6.0):
            moments.append((command[0], chance.uniform(0.2, longest)))
            if not killed(corpus, moments[-1][1], *command):
                break
        run(corpus, *command)
    assert outcome(corpus) == outcome(undisturbed), f"killed at {moments}"


def test_output_is_plain_when_piped_and_json_is_json(undisturbed: Path) -> None:
    for command in COMMANDS[:3]:
        output = run(undisturbed, *command)
        assert "\x1b" not in output
        assert output.splitlines()[-1].startswith("Next: ")
        process = subprocess.run(
            [sys.executable, "-m", "facecorpus", *command, "-C", str(undisturbed), "--json"],
            capture_output=True,
            text=True,
            check=True,
        )
        assert all(isinstance(json.loads(line), dict) for line in process.stdout.splitlines())
