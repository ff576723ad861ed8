"""Label Studio and FiftyOne beside the review page, in the same Chromium on the same faces; for review.py.

Each is installed in a virtual environment of its own and talks to this machine alone: its telemetry is off by its own
settings, its proxy is a closed port, and the browser resolves no other host.
"""

import json
import os
import shutil
import socket
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.error import URLError

from playwright.sync_api import Browser, Page

HOST = "127.0.0.1"
USER, PASSWORD, TOKEN = "bench@example.org", "only-for-this-run", "0123456789abcdef0123456789abcdef01234567"
PATIENCE = 600  # seconds for the first start, which makes a database
KEYS = 30  # faces decided
QUESTION = """<View><Image name="image" value="$image"/>
<Choices name="verdict" toName="image" choice="single" showInline="true">
<Choice value="accept" hotkey="a"/><Choice value="reject" hotkey="r"/></Choices></View>"""
# Whether a picture of a face is on the screen, whole.
FACE = """[...document.querySelectorAll("img")].some((one) => {
  const box = one.getBoundingClientRect();
  return one.complete && one.naturalWidth >= 200 && box.width > 40 && box.bottom > 0 && box.top < innerHeight;
})"""


@dataclass(frozen=True)
class Peer:
    """What was measured of another tool; milliseconds, MB and nodes."""

    name: str
    start: float  # an environment that has started before
    load: float  # taking in the faces
    first: float  # from the navigation until the first face is on the screen
    following: list[float]  # from the keys of a verdict until the next face is on the screen
    saved: list[float]  # from the keys of a verdict until the server has answered
    memory: float
    nodes: float
    heap: float


class Process:
    """A peer's server: ended with all its children."""

    def __init__(self, command: list[str], environment: dict[str, str], log: Path) -> None:
        with log.open("wb") as file:
            self._process = subprocess.Popen(
                command,
                env={**os.environ, "HTTP_PROXY": f"http://{HOST}:9", "HTTPS_PROXY": f"http://{HOST}:9"}
                | {"NO_PROXY": f"{HOST},localhost"}
                | environment,
                stdout=file,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    @property
    def memory(self) -> float:
        """Resident MB of the process and its children."""
        return sum(_resident(pid) for pid in [self._process.pid, *_children(self._process.pid)])

    def end(self) -> None:
        """Ctrl-C to all of them."""
        os.killpg(self._process.pid, 15)
        try:
            self._process.wait(20)
        except subprocess.TimeoutExpired:
            os.killpg(self._process.pid, 9)
            self._process.wait()


def label_studio(venv: Path, crops: list[Path], browser: Browser) -> Peer:
    """Label Studio on SQLite with these files: accept each with one key, submit it with another."""
    with TemporaryDirectory() as folder:
        port = _free_port()
        base = f"http://{HOST}:{port}"
        (Path(folder) / "files" / "crops").mkdir(parents=True)
        names = [f"{number:05}.jpg" for number in range(len(crops))]
        for name, crop in zip(names, crops, strict=True):
            shutil.copyfile(crop, Path(folder) / "files" / "crops" / name)
        _label_studio(venv, folder, port).end()  # makes the database
        begun = time.perf_counter()
        server = _label_studio(venv, folder, port)
        start = 1000 * (time.perf_counter() - begun)
        try:
            project = _ask(f"{base}/api/projects", {"title": "faces", "label_config": QUESTION})["id"]
            where = str(Path(folder) / "files" / "crops")
            _ask(f"{base}/api/storages/localfiles", {"project": project, "path": where, "use_blob_urls": True})
            begun = time.perf_counter()
            tasks = [{"image": f"/data/local-files/?d=crops/{name}"} for name in names]
            _ask(f"{base}/api/projects/{project}/import", tasks)
            load = 1000 * (time.perf_counter() - begun)
            page = browser.new_context(viewport={"width": 1280, "height": 800}).new_page()
            page.set_default_timeout(120_000)
            page.goto(f"{base}/user/login")
            page.fill("input[name=email]", USER)
            page.fill("input[name=password]", PASSWORD)
            page.press("input[name=password]", "Enter")
            page.wait_for_url(lambda address: "/login" not in address)
            begun = time.perf_counter()
            page.goto(f"{base}/projects/{project}/data?labeling=1")
            _wait(page, FACE)
            first = 1000 * (time.perf_counter() - begun)
            following, saved = _decide(page)
            return Peer("Label Studio", start, load, first, following, saved, server.memory, _nodes(page), _heap(page))
        finally:
            server.end()


def _label_studio(venv: Path, folder: str, port: int) -> Process:
    """Started, and answering."""
    command = [str(venv / "bin" / "label-studio"), "start", "--no-browser", "--data-dir", folder, "--port", str(port)]
    command += ["--internal-host", HOST, "--username", USER, "--password", PASSWORD, "--user-token", TOKEN]
    environment = {
        "COLLECT_ANALYTICS": "false",
        "LATEST_VERSION_CHECK": "false",
        "SENTRY_DSN": "",
        "FRONTEND_SENTRY_DSN": "",
        "LABEL_STUDIO_LOCAL_FILES_SERVING_ENABLED": "true",
        "LABEL_STUDIO_LOCAL_FILES_DOCUMENT_ROOT": f"{folder}/files",
        "LABEL_STUDIO_ENABLE_LEGACY_API_TOKEN": "true",
    }
    server = Process([*command, "--enable-legacy-api-token", "--agree-fix-sqlite"], environment, Path(folder) / "log")
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        try:
            urllib.request.urlopen(f"http://{HOST}:{port}/health", timeout=5).close()
            return server
        except (URLError, OSError):
            time.sleep(0.05)
    server.end()
    raise SystemExit(f"Label Studio did not answer within {PATIENCE} s; its last words:\n{_tail(Path(folder) / 'log')}")


def _decide(page: Page) -> tuple[list[float], list[float]]:
    """Accept faces one by one: milliseconds until the next is on the screen, and until the verdict is stored."""
    following, saved = [], []
    for _ in range(KEYS):
        before = page.evaluate(_SOURCE)
        page.keyboard.press("a")
        begun = time.perf_counter()
        with page.expect_response(lambda answer: "/annotations" in answer.url and answer.request.method == "POST"):
            page.keyboard.press("Control+Enter")
        saved.append(1000 * (time.perf_counter() - begun))
        _wait(page, f"({_SOURCE}) !== {json.dumps(before)} && ({FACE})")
        following.append(1000 * (time.perf_counter() - begun))
    return following, saved


_SOURCE = """([...document.querySelectorAll("img")].find((one) => one.naturalWidth >= 200)?.src ?? "")"""


def fiftyone(venv: Path) -> str:
    """Why FiftyOne is not measured here: it needs a MongoDB, which its package looks for and does not hold."""
    program = "import fiftyone.core.odm as odm; odm.establish_db_conn(__import__('fiftyone').config)"
    environment = {"FIFTYONE_DO_NOT_TRACK": "true", "HTTPS_PROXY": f"http://{HOST}:9", "HTTP_PROXY": f"http://{HOST}:9"}
    done = subprocess.run(
        [str(venv / "bin" / "python"), "-c", program],
        check=False,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
    )
    said = done.stderr.strip().splitlines()
    return said[-1] if done.returncode and said else "its database started; this script does not drive it yet"


def _ask(address: str, body: object) -> dict[str, int]:
    headers = {"Authorization": f"Token {TOKEN}", "Content-Type": "application/json"}
    with urllib.request.urlopen(urllib.request.Request(address, json.dumps(body).encode(), headers)) as answer:
        return dict(json.loads(answer.read()))


def _wait(page: Page, condition: str) -> None:
    page.evaluate(
        f"new Promise((done) => {{ const look = () => ({condition}) ? done() : setTimeout(look, 5); look(); }})"
    )


def _nodes(page: Page) -> float:
    return float(page.evaluate("document.querySelectorAll('*').length"))


def _heap(page: Page) -> float:
    session = page.context.new_cdp_session(page)
    session.send("HeapProfiler.collectGarbage")
    return float(session.send("Runtime.getHeapUsage")["usedSize"]) / 1e6


def _children(pid: int) -> Iterator[int]:
    for path in Path(f"/proc/{pid}/task").glob("*/children"):
        for child in map(int, path.read_text().split()):
            yield child
            yield from _children(child)


def _resident(pid: int) -> float:
    """The proportional share, MB: what processes share is counted once."""
    rollup = Path(f"/proc/{pid}/smaps_rollup").read_text()
    return int(rollup.split("Pss:")[1].split()[0]) * 1024 / 1e6


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


def _tail(log: Path) -> str:
    return "\n".join(log.read_text(errors="replace").splitlines()[-5:])
