"""The worker pool that outlives its workers, and the stage that stores what it finds."""

import hashlib
import os
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from multiprocessing import active_children
from pathlib import Path

import numpy as np
import pytest
from demo_photographs import of_kind, world

from facecorpus.corpus import Corpus
from facecorpus.demo.world import Truth
from facecorpus.engines.find_faces import find_faces
from facecorpus.engines.local import AHEAD, Task, analyze_all
from facecorpus.errors import ModelError
from facecorpus.faces.records import Failure, PhotoAnalysis
from facecorpus.pictures import media_type, picture_size
from facecorpus.records import Candidate, Download
from facecorpus.settings import FacesSettings
from facecorpus.words import Outcome

MAX_PIXELS = 10_000_000
SETTINGS = FacesSettings()


def eventually(condition: Callable[[], bool], seconds: float = 60) -> bool:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if condition():
            return True
        time.sleep(0.02)
    return False


def python_path() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}


# The engine


def task(folder: Path, data: bytes) -> Task:
    sha256 = hashlib.sha256(data).hexdigest()
    path = folder / sha256
    path.write_bytes(data)
    return sha256, path


@pytest.fixture
def portraits(tmp_path: Path) -> list[Task]:
    """Six photographs of people."""
    return [task(tmp_path, world().read(row.file)) for row in of_kind("photo", transform=None)[:6]]


@pytest.fixture
def trap(tmp_path: Path) -> Task:
    """A file over which a worker hangs, until somebody kills it: a named pipe without a writer."""
    path = tmp_path / "trap"
    os.mkfifo(path)
    return "trap", path


def kill_whoever_reads(path: Path, times: int, then: bytes | None = None) -> None:
    """Kill, so many times, the worker that hangs on the named pipe; then give the next one what it waits for."""
    for _ in range(times):
        writer = writer_once_read(path)
        (reader,) = readers(path)
        os.kill(reader, signal.SIGKILL)
        gone = Path(f"/proc/{reader}")  # a zombie's other threads may still hold the pipe open
        assert eventually(lambda gone=gone: not gone.exists())  # type: ignore[misc]
        os.close(writer)
    if then is not None:
        path.write_bytes(then)


def writer_once_read(path: Path) -> int:
    """Wait until somebody reads the named pipe; return a writing end, which keeps the reader waiting until closed."""
    deadline = time.monotonic() + 60
    while True:
        try:
            return os.open(path, os.O_WRONLY | os.O_NONBLOCK)
        except OSError:  # ENXIO: nobody has it open for reading
            assert time.monotonic() < deadline
            time.sleep(0.02)


def readers(path: Path) -> set[int]:
    """The processes, other than this one, that have opened the file."""
    found: set[int] = set()

    def look() -> bool:
        for link in Path("/proc").glob("[0-9]*/fd/*"):
            with suppress(OSError):
                if os.readlink(link) == str(path) and int(link.parts[2]) != os.getpid():
                    found.add(int(link.parts[2]))
        return bool(found)

    assert eventually(look)
    return found


def runs(pid: int) -> bool:
    """Whether the process lives; one that has ended and that nobody has asked about does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def results_of(tasks: list[Task], workers: int = 1) -> dict[str, PhotoAnalysis | Failure]:
    return dict(analyze_all(tasks, SETTINGS, MAX_PIXELS, workers))


def test_workers_give_what_the_function_itself_gives(portraits: list[Task]) -> None:
    from facecorpus.faces.analyze import analyze
    from facecorpus.faces.models import load_models

    models = load_models()
    results = results_of(portraits[:3], workers=2)
    assert len(results) == 3
    for sha256, path in portraits[:3]:
        expected = analyze(path.read_bytes(), sha256, models, SETTINGS, MAX_PIXELS)
        got = results[sha256]
        assert isinstance(got, PhotoAnalysis)
        assert (got.phash, got.crops) == (expected.phash, expected.crops)
        for one, other in zip(got.faces, expected.faces, strict=True):
            assert np.array_equal(one.embedding, other.embedding)


def test_a_bad_picture_and_a_missing_file_cost_themselves_alone(portraits: list[Task], tmp_path: Path) -> None:
    page = task(tmp_path, b"<html>no picture</html>")
    missing = ("missing", tmp_path / "missing")
    results = results_of([page, portraits[0], missing, portraits[1]])
    assert isinstance(results[page[0]], Failure)
    failure = results["missing"]
    assert isinstance(failure, Failure)
    assert "No such file" in failure.sentence
    assert all(isinstance(results[sha256], PhotoAnalysis) for sha256, _ in portraits[:2])


def test_nothing_to_do_starts_no_worker() -> None:
    assert results_of([]) == {}


def test_items_are_taken_only_as_workers_become_free(portraits: list[Task]) -> None:
    taken = 0

    def items() -> Iterator[Task]:
        nonlocal taken
        for number in range(3 * AHEAD):
            taken += 1
            yield portraits[number % len(portraits)]

    with closing(analyze_all(items(), SETTINGS, MAX_PIXELS, workers=1)) as results:
        for done in range(2 * AHEAD):
            next(results)
            assert taken <= done + AHEAD


def test_a_killed_worker_is_replaced_and_loses_no_picture(portraits: list[Task]) -> None:
    results = analyze_all(portraits, SETTINGS, MAX_PIXELS, workers=1)
    first = next(results)
    (worker,) = active_children()
    worker.kill()
    done = dict([first, *results])
    assert set(done) == {sha256 for sha256, _ in portraits}
    assert all(isinstance(result, PhotoAnalysis) for result in done.values())


def test_a_picture_over_which_a_worker_died_once_is_tried_again(portraits: list[Task], trap: Task) -> None:
    killer = threading.Thread(target=kill_whoever_reads, args=(trap[1], 1, portraits[2][1].read_bytes()))
    killer.start()
    done = results_of([trap, *portraits[:2]])
    killer.join()
    assert len(done) == 3
    assert all(isinstance(result, PhotoAnalysis) for result in done.values())


def test_a_picture_over_which_two_workers_died_is_given_up(portraits: list[Task], trap: Task) -> None:
    killer = threading.Thread(target=kill_whoever_reads, args=(trap[1], 2))
    killer.start()
    done = results_of([portraits[0], trap, *portraits[1:3]])
    killer.join()
    failure = done.pop("trap")
    assert isinstance(failure, Failure)
    assert f"signal {signal.SIGKILL.value}" in failure.sentence
    assert len(done) == 3
    assert all(isinstance(result, PhotoAnalysis) for result in done.values())


def test_workers_end_when_the_consumer_stops(portraits: list[Task]) -> None:
    results = analyze_all(portraits, SETTINGS, MAX_PIXELS, workers=2)
    next(results)
    results.close()
    assert active_children() == []


def test_workers_end_with_a_killed_parent_even_over_a_picture(trap: Task, tmp_path: Path) -> None:
    script = tmp_path / "parent.py"
    script.write_text(
        "import sys\n"
        "from pathlib import Path\n"
        "from facecorpus.engines.local import analyze_all\n"
        "from facecorpus.settings import FacesSettings\n"
        "if __name__ == '__main__':\n"
        "    list(analyze_all([('trap', Path(sys.argv[1]))], FacesSettings(), 1000, 1))\n"
    )
    with subprocess.Popen([sys.executable, str(script), str(trap[1])], env=python_path()) as parent:
        writer = writer_once_read(trap[1])
        (worker,) = readers(trap[1])
        assert runs(worker)
        parent.kill()
    assert eventually(lambda: not runs(worker), seconds=20)
    os.close(writer)


def test_workers_without_models_are_an_error_not_a_failure_of_each_picture(
    portraits: list[Task], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "face_recognition_models").mkdir()
    (tmp_path / "face_recognition_models" / "__init__.py").touch()
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(ModelError, match=r"shape_predictor_5_face_landmarks\.dat is missing"):
        results_of(portraits)


# The stage


def add(corpus: Corpus, row: Truth, *identities: str) -> str:
    """Put a file of the world into the corpus as if it had been fetched; return its sha256."""
    data = world().read(row.file)
    url = f"https://host.example/{row.file}"
    with corpus.catalog() as catalog:
        sha256 = corpus.photos.put(data)
        catalog.candidates.propose([Candidate(identity, "folder", url) for identity in identities])
        download = Download(url, "2024-01-01T00:00:00Z", 0.1, 200, Outcome.STORED, bytes=len(data))
        catalog.candidates.record(download, media_type(data) or "", sha256)
    return sha256


@pytest.fixture
def small_web(corpus: Corpus) -> Corpus:
    """For ada: four photographs of one person, a group with that person, a landscape, and a web page."""
    group = next(row for row in of_kind("group") if row.transform is None)
    person = [row for row in of_kind("photo", true_identity=group.true_identity) if not row.others][:4]
    rows = [*person, group, of_kind("no_face", transform="landscape")[0], of_kind("broken", transform="html")[0]]
    for row in rows:
        add(corpus, row, "ada")
    return corpus


def rows_of(corpus: Corpus, table: str) -> list[dict[str, object]]:
    with closing(sqlite3.connect(corpus.root / "catalog.sqlite")) as connection:
        connection.row_factory = sqlite3.Row
        return [dict(row) for row in connection.execute(f"SELECT * FROM {table} ORDER BY 1")]


def state(corpus: Corpus) -> tuple[list[dict[str, object]], list[dict[str, object]]]:
    return rows_of(corpus, "photo"), rows_of(corpus, "face")


def test_a_run_finds_faces_and_their_subjects_and_a_second_run_does_nothing(small_web: Corpus) -> None:
    summary = find_faces(small_web)
    assert (summary.analysed_now, summary.unreadable_now) == (6, 1)
    assert (summary.photographs, summary.unreadable, summary.without_face) == (6, 1, 1)
    assert "6 photographs analysed" in str(summary)
    with small_web.catalog() as catalog:
        subjects = catalog.faces.subjects()
        assert len(subjects) == summary.faces - summary.bystanders == 5
        for subject in subjects:
            assert picture_size(small_web.crops.path(subject.face.face_id).read_bytes()) == (224, 224)
        in_group = next(subject for subject in subjects if subject.faces_in_photo > 1)
        group = next(row for row in of_kind("group") if row.transform is None)
        assert abs(in_group.face.box[0] - (group.face_x or 0)) < (group.face_w or 0) / 2
    before = state(small_web)
    again = find_faces(small_web)
    assert (again.analysed_now, again.faces) == (0, summary.faces)
    assert state(small_web) == before


def test_why_a_file_is_unreadable_is_kept_in_the_catalog(corpus: Corpus) -> None:
    sha256 = add(corpus, of_kind("broken", transform="html")[0], "ada")
    find_faces(corpus)
    errors = {photo["sha256"]: photo["error"] for photo in rows_of(corpus, "photo")}
    assert "HTML page" in str(errors[sha256])


def test_a_picture_that_failed_for_the_machine_is_tried_again_by_the_next_run_once(corpus: Corpus) -> None:
    sha256 = add(corpus, of_kind("photo")[0], "ada")
    with corpus.catalog() as catalog:
        catalog.photos.unreadable(sha256, "Two workers ended.", retry=True)
        assert catalog.photos.waiting() == [sha256]
        catalog.photos.unreadable(sha256, "Two workers ended.", retry=True)
        assert catalog.photos.waiting() == []
        catalog.photos.unreadable(sha256, "No picture.")
        assert catalog.photos.waiting() == []


def test_a_run_that_was_killed_is_taken_up_where_it_stopped(small_web: Corpus, tmp_path: Path) -> None:
    script = tmp_path / "run.py"
    script.write_text(
        "import sys\nfrom pathlib import Path\nfrom facecorpus.corpus import Corpus\n"
        "from facecorpus.engines.find_faces import find_faces\n"
        "if __name__ == '__main__':\n    find_faces(Corpus(Path(sys.argv[1])))\n"
    )

    def analysed() -> list[dict[str, object]]:
        return [photo for photo in rows_of(small_web, "photo") if photo["state"] == "analysed"]

    with subprocess.Popen([sys.executable, str(script), str(small_web.root)], env=python_path()) as process:
        assert eventually(lambda: bool(analysed()))
        process.kill()
    done = analysed()
    find_faces(small_web)
    photos, faces = state(small_web)
    assert all(photo in photos for photo in done)
    assert {photo["state"] for photo in photos} == {"analysed", "unreadable"}
    assert all(small_web.crops.path(str(face["face_id"])).is_file() for face in faces)


def test_importing_the_stage_loads_no_imaging_library() -> None:
    heavy = ("cv2", "dlib", "PIL", "scipy")
    code = f"import sys, facecorpus.engines.find_faces; print([name for name in {heavy} if name in sys.modules])"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=python_path(), check=True)
    assert run.stdout.strip() == "[]"
