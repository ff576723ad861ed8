"""Do to a corpus what a machine may do to it, count what is lost, doubled or uncaught, and print the table.

python benchmarks/campaign.py [--only kills faults full power flips review batteries fuzz] [--points 10] [--seed 1]

kills      every command is killed (SIGKILL) at calls spread over its work, three times in a row, then run to its end
faults     one call of each command fails (EIO); then the command is run again
full       from one call on every write fails (ENOSPC); then there is room, and the command is run again
power      the power fails: what was written after the last fsync is there or not, by chance; then it is run again
flips      one bit of a file is flipped; verify must name it, or the bit must lie in free space
review     verdicts are given on a served page, which is killed or refused meanwhile; those that were told saved count
batteries  the tests against hostile hosts, pages, shards, imports and colleagues, counted
fuzz       scripts/fuzz.py, where the checkout has it

It needs Linux and a C compiler, takes about 20 minutes of two cores, and works in a temporary folder. Its seed is
fixed, so the same code gives the same table, but for what depends on the order of threads.
"""

import argparse
import os
import random
import re
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from multiprocessing import get_context
from pathlib import Path

from campaign_machine import HERE, States, below_the_shim, differences, meant, run, states

ROOT = HERE.parent
PARTS = ("kills", "faults", "full", "power", "flips", "review", "batteries", "fuzz")
COMMANDS: dict[str, tuple[str, tuple[str, ...]]] = {
    "fetch": ("fetch", ("fetch",)),
    "faces": ("faces", ("faces",)),
    "dedup": ("dedup", ("dedup",)),
    "review --auto": ("review", ("review", "--auto")),
    "build": ("build", ("build",)),
    "forget": ("built", ("forget", "--yes", "--identity", "id003")),
    "verify --repair": ("built", ("verify", "--repair")),
    "export": ("built", ("export", "imagefolder", "{root}/out")),
    "rebuild": ("built", ("rebuild", "{root}/out", "--shards", "{root}/shards-without-images")),
    "backup": ("built", ("backup", "{root}.backup")),
    "restore": ("built", ("restore", "{root}.saved", "--replace")),
    "train-all": ("built", ("train-all", "--preset", "{preset}", "--name", "tiny", "--protocol", "photo")),
}
"""Each command: the state that it begins with, and what is called."""

MOST_FAULTED = ("fetch", "faces", "review --auto", "build", "forget")
KILLS_IN_A_ROW = 3
BATTERIES = {
    "hostile host": ("tests/crawl/test_hostile_web.py",),
    "hostile page": ("tests/review_ui/test_any_request.py", "tests/review_ui/test_page_safety.py"),
    "hostile shards": ("tests/export/test_hostile_shards.py",),
    "hostile imports and colleagues": ("tests/judging/test_exchange.py", "tests/review_ui/test_server_access.py"),
}


@dataclass
class Count:
    """What one trial, or many, came to."""

    tried: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)  # lost, doubled, uncaught: a sentence each

    def add(self, other: "Count") -> None:
        self.tried += other.tried
        self.wrong += other.wrong


def main() -> None:
    """Run the parts that are asked for."""
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--only", nargs="+", choices=PARTS, default=PARTS)
    arguments.add_argument("--points", type=int, default=10, help="places at which each command is disturbed")
    arguments.add_argument("--flips", type=int, default=60, help="of each kind of file; five times as many of catalogs")
    arguments.add_argument("--fuzz-seconds", type=int, default=120, help="of all parsers together")
    arguments.add_argument("--seed", type=int, default=1)
    chosen = arguments.parse_args()
    with tempfile.TemporaryDirectory(prefix="campaign-") as folder:
        if not below_the_shim(Path(folder)):
            raise SystemExit(subprocess.run([sys.executable, *sys.argv], check=False).returncode)
        wrong = _campaign(chosen, Path(folder))
    raise SystemExit(1 if wrong else 0)


def _campaign(chosen: argparse.Namespace, scratch: Path) -> int:
    sys.path.insert(0, str(ROOT / "tests" / "helpers"))
    _load_everything()
    begun, total = time.monotonic(), 0
    print(f"{'part':<28}{'tried':>8}{'wrong':>8}{'minutes':>9}  of it")
    with states(scratch) as made:
        for part in (one for one in PARTS if one in chosen.only):
            started = time.monotonic()
            count = Count()
            for found in _in_parallel(list(_trials(part, made, scratch, chosen))):
                count.add(found)
            tried = ", ".join(f"{number} {what}" for what, number in sorted(count.tried.items()))
            minutes = (time.monotonic() - started) / 60
            print(f"{part:<28}{sum(count.tried.values()):>8}{len(count.wrong):>8}{minutes:>9.1f}  {tried}", flush=True)
            for sentence in count.wrong:
                print(f"    {sentence}", flush=True)
            total += len(count.wrong)
    print(f"{total} lost, doubled, missed or uncaught, in {(time.monotonic() - begun) / 60:.0f} minutes.")
    return total


def _load_everything() -> None:
    """What every fork has then."""
    import cv2
    import pyarrow.parquet
    import uvicorn

    cv2.setNumThreads(1)
    assert pyarrow.parquet
    assert uvicorn


def _in_parallel(trials: Sequence[Callable[[], Count]]) -> Iterator[Count]:
    with ProcessPoolExecutor(os.cpu_count(), mp_context=get_context("fork")) as pool:
        yield from pool.map(_called, trials)


def _called(trial: Callable[[], Count]) -> Count:
    return trial()


def _trials(part: str, made: States, scratch: Path, chosen: argparse.Namespace) -> Iterator[Callable[[], Count]]:
    if part in ("kills", "faults", "full", "power"):
        names = {"kills": COMMANDS, "power": COMMANDS.keys() - {"train-all"}}.get(part, MOST_FAULTED)
        for name in sorted(names, reverse=True):
            yield partial(_disturbed, part, name, made, scratch, chosen.points, chosen.seed)
    elif part == "flips":
        from flips import KINDS

        for kind in KINDS:
            yield partial(_flips, kind, made, scratch, chosen.flips, chosen.seed)
    elif part == "review":
        from campaign_review import reviewed

        for mode in ("kill", "EIO", "ENOSPC"):
            yield partial(reviewed, mode, made, scratch, chosen.points)
    elif part == "batteries":
        yield from (partial(_battery, name, files) for name, files in BATTERIES.items())
    else:
        yield partial(_fuzz, chosen.fuzz_seconds)


def _disturbed(part: str, name: str, made: States, scratch: Path, points: int, seed: int) -> Count:
    """Disturb a command at calls spread over its work; after each, let it come to its end, and see what is there."""
    from campaign_power import power_cuts
    from trained_run import TINY

    begin, words = COMMANDS[name]
    root = scratch / f"{part} {name}"
    command = [word.format(root=root, preset=TINY) for word in words]
    points = max(1, points // 5) if name == "train-all" else points  # each takes ten times as long
    reference, calls = _undisturbed(begin, command, made, root)
    count = Count()
    if part == "power":
        for place, after in power_cuts(begin, command, made, root, points, seed):
            count.tried[name] += 1
            _finish(f"{name}, the power cut at call {place}", command, after, reference, count)
        return count
    dice = random.Random(f"{part} {name} {seed}")
    for point in range(points):
        made.copy(begin, root)
        place = 1 + point * calls // points + dice.randrange(max(calls // points, 1))
        mode = {"kills": "kill", "faults": "EIO", "full": "ENOSPC"}[part]
        for _ in range(KILLS_IN_A_ROW if part == "kills" else 1):
            ended = run(root, command, mode, place)
            count.tried[name] += ended.was_killed if part == "kills" else 1
            if not ended.is_told and not ended.was_killed:
                count.wrong.append(f"{name}, call {place}: {ended.output.strip().splitlines()[-1:]}")
            place = 1 + dice.randrange(max(place, 2))
        _finish(f"{name}, {mode} at call {place}", command, root, reference, count)
    return count


def _undisturbed(begin: str, command: Sequence[str], made: States, root: Path) -> tuple[dict[str, object], int]:
    made.copy(begin, root)
    if "restore" in command:
        run(root, ["backup", f"{root}.saved"])
    ended = run(root, command)
    if ended.code:
        raise SystemExit(f"{command} fails undisturbed: {ended.output}")
    return meant(root), ended.calls


def _finish(what: str, command: Sequence[str], root: Path, reference: dict[str, object], count: Count) -> None:
    ended = run(root, command)
    if ended.code:
        count.wrong.append(f"{what}: afterwards {ended.output.strip().splitlines()[-1:]}")
        return
    count.wrong += [f"{what}: {one}" for one in differences(reference, meant(root))]


def _flips(kind: str, made: States, scratch: Path, flips: int, seed: int) -> Count:
    from flips import FREE, MISSED, some_flips, what_becomes_of
    from trained_run import trained

    from facecorpus.corpus import Corpus

    count = Count()
    root = made.copy("built", scratch / f"flips {kind}")
    if kind == "run":
        ended = run(root, lambda: trained(Corpus(root), "first"))
        if ended.code:
            raise SystemExit(ended.output)
    if problems := meant(root)["problems"]:
        raise SystemExit(f"The corpus is not sound before a bit is flipped: {problems}")
    for flip in some_flips(root, kind, flips * (5 if kind == "catalog" else 1), seed):
        try:
            became = what_becomes_of(root, flip)
        except Exception as error:
            became = f"{type(error).__name__}: {error}"
        count.tried[f"{kind} (free space)" if became == FREE else kind] += 1
        if became not in (FREE, "found"):
            count.wrong.append(f"{flip}: {'missed' if became == MISSED else became}")
    return count


def _battery(name: str, files: Sequence[str]) -> Count:
    ended = _outside(["-m", "pytest", *files, "-v", "-n0", "-p", "no:cacheprovider"])
    found = [int(number) for number, _ in re.findall(r"(\d+) (passed|failed|errors?)", ended.stdout)]
    bad = [line for line in ended.stdout.splitlines() if line.startswith(("FAILED", "ERROR"))]
    if not found:
        bad.append(ended.stdout[-300:] + ended.stderr[-300:])
    return Count(Counter({name: sum(found)}), bad)


def _fuzz(seconds: int) -> Count:
    """What scripts/fuzz.py counts in its last row; nothing where the checkout has none."""
    program = ROOT / "scripts" / "fuzz.py"
    if not program.exists():
        return Count()
    ended = _outside([program, "--seconds", str(seconds), "--seed", "1"])
    (inputs, uncaught) = re.findall(r"^all +([\d,]+) +[\d,]+ +(\d+) ", ended.stdout, re.MULTILINE)[0]
    found = [line.strip() for line in ended.stdout.splitlines() if line.startswith("    ")]
    assert bool(found) == bool(int(uncaught)), ended.stdout
    return Count(Counter({"inputs": int(inputs.replace(",", ""))}), found)


def _outside(command: Sequence[str | Path]) -> "subprocess.CompletedProcess[str]":
    """Run a Python program in a process that is not below the shim."""
    environment = {name: value for name, value in os.environ.items() if name != "LD_PRELOAD"}
    return subprocess.run(
        [sys.executable, *command], cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )


if __name__ == "__main__":
    main()
