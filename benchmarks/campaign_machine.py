"""What campaign.py works with: a small corpus at each step of its way, and commands that end as they are told to.

A command runs in a fork of this process, which has loaded everything, below the shim in campaign_shim.c. So it starts
in no time, and it can be killed or refused at exactly one of its calls. What the detector makes of each photograph is
taken down once: the analysis is a pure function, and here its storing is on trial.
"""

import os
import pickle
import shutil
import subprocess
import sys
import tempfile
import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
PEOPLE = ("id003", "id027")
_SERVER = """
import time
from facecorpus.demo.server import DemoServer
from facecorpus.demo.world import DemoWorld
with DemoServer(DemoWorld(), port=0) as server:
    print(server.port, flush=True)
    time.sleep(7200)
"""


@dataclass(frozen=True)
class Ended:
    """How a command ended."""

    code: int  # as of a shell: -9 where it was killed
    output: str
    calls: int  # that changed a file of the corpus

    @property
    def was_killed(self) -> bool:
        return self.code == -9

    @property
    def is_told(self) -> bool:
        """Whether it ended well, or with a sentence, not with a traceback."""
        return self.code in (0, 1, 2) and "Traceback" not in self.output


def below_the_shim(scratch: Path) -> bool:
    """Whether this process runs below the shim; else compile it and begin this program again below it."""
    if "CAMPAIGN_SHIM" in os.environ:
        return True
    shim = scratch / "shim.so"
    subprocess.run(["cc", "-shared", "-fPIC", "-O2", "-o", shim, HERE / "campaign_shim.c", "-ldl"], check=True)
    os.environ |= {"CAMPAIGN_SHIM": str(shim), "LD_PRELOAD": str(shim)}
    return False


def run(root: Path, act: Sequence[str] | Callable[[], object], mode: str = "count", at: int = 0, **more: str) -> Ended:
    """Run a command of facecorpus, or a function, on the corpus; `at` counts its calls from 1."""
    with tempfile.TemporaryDirectory() as folder:
        count, output = Path(folder) / "count", Path(folder) / "output"
        count.write_bytes(bytes(8))
        child = os.fork()
        if child == 0:
            os._exit(
                _in_the_child(
                    root,
                    act,
                    output,
                    {
                        "CAMPAIGN_ROOT": str(root),
                        "CAMPAIGN_MODE": mode,
                        "CAMPAIGN_AT": str(at),
                        "CAMPAIGN_COUNT": str(count),
                        **more,
                    },
                )
            )
        code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        return Ended(code, output.read_text(errors="replace"), int.from_bytes(count.read_bytes(), sys.byteorder))


def _in_the_child(root: Path, act: Sequence[str] | Callable[[], object], output: Path, settings: dict[str, str]) -> int:
    import ctypes

    os.setsid()  # a kill ends its workers, too
    handle = os.open(output, os.O_WRONLY | os.O_CREAT)
    for stream in (1, 2):
        os.dup2(handle, stream)
    os.environ |= settings
    ctypes.CDLL(None).campaign_begin()
    code = 0
    try:
        if callable(act):
            act()
        else:
            from facecorpus.cli import main

            sys.argv = ["facecorpus", *act, "-C", str(root)]
            main()
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else int(end.code is not None)
    except BaseException:
        traceback.print_exc()
        code = 70
    sys.stdout.flush()
    sys.stderr.flush()
    return code


@dataclass(frozen=True)
class States:
    """A corpus at each step of its way, by the command that is next there."""

    folder: Path

    def copy(self, name: str, to: Path) -> Path:
        """A copy of one, to be worked on."""
        shutil.rmtree(to, ignore_errors=True)
        return Path(shutil.copytree(self.folder / name, to))


@contextmanager
def states(scratch: Path) -> Iterator[States]:
    """Make them, with a web that answers as long as they are used."""
    from facecorpus.corpus import Corpus, init_corpus
    from facecorpus.demo.world import DemoWorld
    from facecorpus.settings import Settings

    folder = scratch / "states"
    folder.mkdir()
    environment = {name: value for name, value in os.environ.items() if name != "LD_PRELOAD"}
    server = subprocess.Popen([sys.executable, "-c", _SERVER], stdout=subprocess.PIPE, text=True, env=environment)
    assert server.stdout is not None
    port = int(server.stdout.readline())
    try:
        DemoWorld().write_manifest(folder / "all.csv")
        head, *lines = (folder / "all.csv").read_text().splitlines(keepends=True)
        (folder / "people.csv").write_text(head + "".join(line for line in lines if line.startswith(PEOPLE)))
        plain = Settings()
        api = f"http://127.0.0.1:{port}/w/api.php"
        settings = replace(
            plain,
            crawl=replace(plain.crawl, commons_api=api, contact="campaign@localhost"),
            fetch=replace(plain.fetch, private_hosts=(f"127.0.0.1:{port}",), requests_per_minute=60_000),
            build=replace(plain.build, workers=1),
        )
        root = init_corpus(folder / "fetch", folder / "people.csv", settings).root
        for command, following in (("fetch", "faces"), ("faces", "dedup"), ("dedup", "review"), ("review", "build")):
            root = _stepped(root, folder / following, [command, *(["--auto"] if command == "review" else [])])
            if command == "fetch":
                keep_analyses(Corpus(root))
        root = _stepped(root, folder / "built", ["build"])
        for kind in ("--original", "--without-images"):
            _whole(run(root, ["build", kind]))
        yield States(folder)
    finally:
        server.kill()
        server.wait()


def _stepped(root: Path, to: Path, command: Sequence[str]) -> Path:
    shutil.copytree(root, to)
    _whole(run(to, command))
    return to


def _whole(ended: Ended) -> None:
    if ended.code:
        raise SystemExit(f"The campaign could not begin: {ended.output}")


def keep_analyses(corpus: Any) -> None:
    """Analyse every photograph once, and let the stage `faces` of all later forks take it from here."""
    from facecorpus.engines import find_faces
    from facecorpus.engines.local import analyze_all

    kept = corpus.root.with_suffix(".analyses")
    if os.fork() == 0:  # the models stay out of this process
        items = [(path.name, path) for path in corpus.photos.root.glob("??/??/*")]
        found = list(
            analyze_all(items, find_faces._with_a_detector(corpus.settings.faces), corpus.settings.fetch.max_pixels)
        )
        kept.write_bytes(pickle.dumps(dict(found)))
        os._exit(0)
    os.wait()
    analyses = pickle.loads(kept.read_bytes())

    def results(_: object, __: object, waiting: Sequence[str]) -> Iterator[list[tuple[str, Any]]]:
        for sha256 in waiting:
            yield [(sha256, analyses[sha256])]

    find_faces._results = results  # type: ignore[assignment]


def meant(root: Path) -> dict[str, Any]:
    """All that a corpus holds, without numbers and times that differ from run to run, and what verify says of it."""
    from facecorpus.corpus import Corpus
    from facecorpus.shards import RECORD
    from facecorpus.upkeep.verify import verify
    from training import load_results

    corpus = Corpus(root)
    queries = {
        "candidates": "SELECT identity_id, url, state, outcome, photo_sha256 FROM candidate",
        "photographs": "SELECT sha256, state, width, cluster_id FROM photo",
        "faces": "SELECT face_id, identity_id, kept, hex(embedding), hex(crop_sha256) FROM face",
        "rankings": "SELECT face_id, likely, section, reasons FROM ranking",
        "verdicts": "SELECT face_id, reviewer, kind, verdict, reason FROM decision",
        "removals": "SELECT count(*) FROM removal",
    }
    with corpus.catalog() as catalog:
        found: dict[str, Any] = {
            what: sorted(map(repr, map(tuple, catalog.query(sql).fetchall()))) for what, sql in queries.items()
        }
    found["problems"] = [f"{one.kind} {one.name}: {one.sentence}" for one in verify(corpus).problems]
    for name in ("shards", "shards-original", "shards-without-images", "out"):
        files = sorted(path for path in (root / name).rglob("*") if path.is_file())
        found[name] = {str(path.relative_to(root)): path.read_bytes() for path in files if path.name != RECORD}
    for run_folder in root.glob("runs/*/"):
        protocols = load_results(run_folder)["protocols"]
        found["run"] = {name: repr([protocols[name][key] for key in ("rows", "claims")]) for name in protocols}
    found["left behind"] = [str(path.relative_to(root)) for path in root.rglob(".tmp-*")]
    return found


def differences(one: dict[str, Any], other: dict[str, Any]) -> list[str]:
    """What two corpora do not have in common, by kind."""
    return [f"{what}: {_first(one[what], other.get(what, {}))}" for what in one if one[what] != other.get(what, {})]


def _first(wanted: Any, found: Any) -> str:
    if isinstance(wanted, dict):
        names = sorted(name for name in wanted.keys() | found.keys() if wanted.get(name) != found.get(name))
        return f"{len(names)} files differ, as {names[0]}"
    lost = [one for one in wanted if one not in found]
    more = [one for one in found if one not in wanted]
    twice = len(found) - len(set(found))
    return f"{len(lost)} lost {str(lost[:1])[:200]}, {len(more)} more {str(more[:1])[:200]}, {twice} doubled"
