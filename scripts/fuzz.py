"""Fuzz every parser of what comes from outside for some time, and print what came of it; `make fuzz` runs this.

Each core has a process of its own, so that one that a picture or a shard kills is noted, and the others go on. What
was neither taken nor refused in a sentence is written into a folder: mend its cause, and move it to tests/data/found,
where the test suite tries it for ever.
"""

from __future__ import annotations

import argparse
import hashlib
import multiprocessing
import os
import queue
import random
import resource
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "tests" / "helpers")]

MEMORY = 8 << 30  # bytes that one process may take
ROW = "{:<26} {:>10} {:>10} {:>9} {:>9}"


def main() -> int:
    """Run, print the table, and say with the exit code whether anything was found."""
    options = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    options.add_argument("--seconds", type=float, default=600.0, help="how long, all parsers together")
    options.add_argument("--only", default="", help="parsers with this in their names")
    options.add_argument("--seed", type=int, default=0, help="another one gives other inputs (0: by the clock)")
    options.add_argument("--found", type=Path, default=Path("fuzz-found"), help="folder for what is found")
    asked = options.parse_args()
    seed = asked.seed or time.time_ns()
    print(f"Seed {seed}. Parsers are done one after the other, on {cores()} cores.", flush=True)
    print(ROW.format("parser", "inputs", "refused", "uncaught", "slowest"), flush=True)
    total = Total(asked.found)
    Crew([one.name for one in parsers() if asked.only in one.name], asked.seconds, seed, total).work()
    print(ROW.format("all", f"{total.inputs:,}", f"{total.refused:,}", total.uncaught, f"{total.slowest:.1f} s"))
    return 1 if total.uncaught else 0


def parsers() -> list[Any]:
    """All of them."""
    import fuzz_files
    import fuzz_shards
    import fuzz_web

    return [*fuzz_web.PARSERS, *fuzz_files.PARSERS, *fuzz_shards.PARSERS]


def cores() -> int:
    """Cores that this process may use."""
    from facecorpus.system.cores import available_cores

    return available_cores()


class Total:
    """What came of all parsers so far."""

    def __init__(self, found: Path) -> None:
        self.inputs = self.refused = self.uncaught = 0
        self.slowest = 0.0
        self._found = found

    def add(self, name: str, outcome: Any) -> None:
        """Print one parser's row, and keep what was found."""
        self.inputs += outcome.inputs
        self.refused += outcome.refused
        self.uncaught += len(outcome.uncaught)
        self.slowest = max(self.slowest, outcome.slowest)
        told = f"{outcome.inputs:,}", f"{outcome.refused:,}", len(outcome.uncaught), f"{outcome.slowest:.1f} s"
        print(ROW.format(name, *told), flush=True)
        for place, (data, said) in outcome.uncaught.items():
            print(f"    {place}: {ascii(said)[:200]} ({outcome.times[place]} times)", flush=True)
            self.keep(name, data)

    def keep(self, name: str, data: bytes) -> None:
        """Write an input into the folder."""
        slug = next(one.slug for one in parsers() if one.name == name)
        self._found.mkdir(exist_ok=True)
        (self._found / f"{slug}.{hashlib.sha256(data).hexdigest()[:8]}").write_bytes(data)


class Crew:
    """A process for each core; each takes the next parser, for its share of the time."""

    def __init__(self, names: list[str], seconds: float, seed: int, total: Total) -> None:
        self._context = multiprocessing.get_context("spawn")
        self._names = names
        self._left = len(names)
        self._jobs: Any = self._context.Queue()
        self._results: Any = self._context.Queue()
        self._total = total
        costs = {one.name: one.cost for one in parsers()}
        whole = sum(costs[name] for name in names)
        for name in sorted(names, key=lambda name: -costs[name]):
            self._jobs.put((name, seconds * cores() * costs[name] / whole, seed))

    def work(self) -> None:
        """Until every parser has had its time."""
        with tempfile.TemporaryDirectory(dir="/dev/shm" if Path("/dev/shm").is_dir() else None) as folder:
            crew = [self._hire(Path(folder) / str(number)) for number in range(cores())]
            while self._left:
                try:
                    name, outcome = self._results.get(timeout=0.5)
                except queue.Empty:
                    crew = [self._looked_after(worker, home) for worker, home in crew]
                    continue
                self._left -= 1
                self._total.add(name, outcome)
            for worker, _ in crew:
                worker.kill()
                worker.join()

    def _hire(self, home: Path) -> tuple[Any, Path]:
        home.mkdir(exist_ok=True)
        worker = self._context.Process(target=work, args=(self._jobs, self._results, home), daemon=True)
        worker.start()
        return worker, home

    def _looked_after(self, worker: Any, home: Path) -> tuple[Any, Path]:
        if worker.is_alive():
            return worker, home
        name, _, data = (home / "now").read_bytes().partition(b"\n")
        print(f"{name.decode()}: killed by signal {-worker.exitcode}; its rest is left out", flush=True)
        self._total.uncaught += 1
        self._total.keep(name.decode(), data)
        self._left -= 1
        return self._hire(home)


def work(jobs: Any, results: Any, home: Path) -> None:
    """What one process does."""
    from fuzzing import Outcome, fuzz

    os.dup2(os.open(os.devnull, os.O_WRONLY), 2)  # what a crawl would tell a person
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    known = {one.name: one for one in parsers()}
    while True:
        name, seconds, seed = jobs.get()
        now = os.open(home / "now", os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        head = name.encode() + b"\n"

        def note(data: bytes, now: int = now, head: bytes = head) -> None:
            os.ftruncate(now, os.pwrite(now, head + data, 0))

        def stop(outcome: Outcome, end: float = time.monotonic() + seconds) -> bool:
            return time.monotonic() > end

        with tempfile.TemporaryDirectory(dir=home) as folder:
            outcome = fuzz(known[name], Path(folder), random.Random(f"{seed} {name}"), stop, note)
        os.close(now)
        results.put((name, outcome))


if __name__ == "__main__":
    sys.exit(main())
