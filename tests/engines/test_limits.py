"""A picture on which the kernel's limits fall costs itself alone."""

import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from costly_pictures import (
    HEAVY_WEBP,
    gif_beyond_its_screen,
    jpeg_of_many_scans,
    large_png,
    tiff_of_two_widths,
)
from test_workers import MAX_PIXELS, portraits, readers, results_of, task, trap, writer_once_read

from facecorpus.engines.local import Task
from facecorpus.faces.records import Failure, PhotoAnalysis

__all__ = ["portraits", "trap"]


def run(program: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    command = [sys.executable, "-c", program, *arguments]
    return subprocess.run(command, check=False, capture_output=True, text=True, env=environment)


def test_time_ends_the_process_and_nothing_else_does() -> None:
    work = "with costing_at_most(1e9, 0.1):\n    while True: pass\n"
    ended = run(f"from facecorpus.system.limits import *\nbind_this_process()\n{work}")
    assert ended.returncode == -signal.SIGPROF
    free = run(
        "from facecorpus.system.limits import *\nimport time\nbegun = time.process_time()\n"
        "with costing_at_most(1, 0.05):\n    while time.process_time() - begun < 0.2: pass\nbytes(10**8)\n"
    )
    assert free.returncode == 0
    after = run(
        "from facecorpus.system.limits import *\nimport time\nbind_this_process()\n"
        "with costing_at_most(1e9, 0.1): pass\n"
        "begun = time.process_time()\nwhile time.process_time() - begun < 0.3: pass\n"
    )
    assert after.returncode == 0


@pytest.mark.skipif(sys.platform != "linux", reason="other kernels do not hold this limit")
def test_memory_is_refused_above_the_limit_and_given_again_after_it() -> None:
    done = run(
        "import numpy as np\nfrom facecorpus.system.limits import *\nbind_this_process()\n"
        "with costing_at_most(1e8, 10):\n"
        "    np.ones(50_000_000, np.uint8)\n"
        "    try:\n        np.ones(150_000_000, np.uint8)\n"
        "    except MemoryError:\n        print('refused')\n"
        "np.ones(150_000_000, np.uint8)\n"
    )
    assert (done.stdout, done.returncode) == ("refused\n", 0), done.stderr


@pytest.mark.skipif(sys.platform != "linux", reason="other kernels do not hold this limit")
def test_a_picture_that_takes_too_much_memory_is_refused_in_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "picture").write_bytes(large_png(4000))
    done = run(
        "import sys\nfrom pathlib import Path\nfrom facecorpus.faces import decode\n"
        "from facecorpus.errors import PictureError\nfrom facecorpus.system.limits import bind_this_process\n"
        "bind_this_process()\ndecode._MEMORY = 50e6\n"
        "try:\n    decode.decode(Path(sys.argv[1]).read_bytes(), 80_000_000)\n"
        "except PictureError as error:\n    print(error)\n",
        str(tmp_path / "picture"),
    )
    assert done.stdout == "The picture takes more than 0.1 GB to decode; save it smaller.\n", done.stderr


def test_a_picture_over_which_time_ran_out_is_given_up_at_once(portraits: list[Task], trap: Task) -> None:
    def run_out() -> None:
        writer = writer_once_read(trap[1])
        (reader,) = readers(trap[1])
        os.kill(reader, signal.SIGPROF)
        os.close(writer)

    killer = threading.Thread(target=run_out)
    killer.start()
    done = results_of([portraits[0], trap, *portraits[1:3]])
    killer.join()
    failure = done.pop("trap")
    assert isinstance(failure, Failure)
    assert failure.sentence == "The picture takes too long to decode; save it again."
    assert not failure.retry
    assert len(done) == 3
    assert all(isinstance(result, PhotoAnalysis) for result in done.values())


UNFORESEEN = """
import multiprocessing, sys, threading
from pathlib import Path
from facecorpus.engines import local
from facecorpus.faces import decode
from facecorpus.settings import FacesSettings, FetchSettings
decode._WEBP_ALPHA = 0  # as if no rule knew of it
ours, theirs = multiprocessing.Pipe()
def ask():
    ours.send(("a" * 64, Path(sys.argv[1])))
    while not isinstance(message := ours.recv(), tuple):
        pass
    print(message[1].sentence, message[1].retry, flush=True)
    ours.close()
threading.Thread(target=ask).start()
local._work(theirs, FacesSettings(), FetchSettings().max_pixels)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="other kernels do not hold this limit")
def test_what_no_rule_foresees_is_held_by_the_kernel_in_a_worker(tmp_path: Path) -> None:
    (tmp_path / "heavy").write_bytes(HEAVY_WEBP)
    done = run(UNFORESEEN, str(tmp_path / "heavy"))
    assert done.stdout == "The picture takes more than 1.0 GB to decode; save it smaller. False\n", done.stderr


def test_costly_pictures_cost_themselves_alone(portraits: list[Task], tmp_path: Path) -> None:
    side = int(MAX_PIXELS**0.5) + 100
    costly = [
        task(tmp_path, data)
        for data in (
            gif_beyond_its_screen(side),
            tiff_of_two_widths(side, 99),
            jpeg_of_many_scans(64, 1200),
            HEAVY_WEBP,
        )
    ]
    results = results_of([portraits[0], *costly, portraits[1]])
    for sha256, _ in costly:
        assert isinstance(results.pop(sha256), Failure)
    assert all(isinstance(result, PhotoAnalysis) for result in results.values())
    assert len(results) == 2
