"""Commands one after the other, and what each took: a script that is stopped and begun again adds its parts up."""

import csv
import os
import signal
import sys
import time
from collections.abc import Sequence
from pathlib import Path


class Stages:
    """Runs commands and keeps a row of each in a CSV file, also of one that was stopped on its way.

    SIGTERM ends the command that is at work, then this script.
    """

    def __init__(self, file: Path) -> None:
        self.file = file
        signal.signal(signal.SIGTERM, lambda number, _: sys.exit(128 + number))

    def run(self, name: str, command: Sequence[str], folder: Path) -> None:
        """Run a command that writes into `folder`; SystemExit where it fails."""
        print(f"\n$ {' '.join(command)}", flush=True)
        started = time.monotonic()
        child = os.posix_spawnp(command[0], command, os.environ)
        try:
            _, status, used = os.wait4(child, 0)
        except BaseException:
            os.kill(child, signal.SIGTERM)
            _, _, used = os.wait4(child, 0)
            status = 0
            raise
        finally:
            size = sum(path.lstat().st_size for path in folder.rglob("*") if path.is_file())
            row = [name, time.monotonic() - started, used.ru_utime + used.ru_stime, used.ru_maxrss * 1024, size]
            with self.file.open("a", encoding="utf-8", newline="") as file:
                csv.writer(file).writerow(row)
        if code := os.waitstatus_to_exitcode(status):
            sys.exit(f"{name} ended with {code}. What it had done is kept: run the same again to go on.")

    def show(self) -> None:
        """Print what each stage took, over all times that it was begun, as Markdown."""
        with self.file.open(encoding="utf-8", newline="") as file:
            rows = [(name, *map(float, values)) for name, *values in csv.reader(file)]
        print("\n| stage | begun | minutes | CPU minutes | largest process, MB | folder after it, MB |")
        print("|---|---:|---:|---:|---:|---:|")
        for name in dict.fromkeys(row[0] for row in rows):
            seconds, cpu, memory, size = zip(*(row[1:] for row in rows if row[0] == name), strict=True)
            minutes = f"{sum(seconds) / 60:.1f} | {sum(cpu) / 60:.1f}"
            print(f"| {name} | {len(size)} | {minutes} | {max(memory) / 1e6:.0f} | {size[-1] / 1e6:.0f} |")
