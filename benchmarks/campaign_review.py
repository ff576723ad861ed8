"""Verdicts on a served page that is killed, or refused by the disk, for campaign.py: all that were told saved count."""

import os
import time
from collections import Counter
from pathlib import Path

from campaign import Count
from campaign_machine import States, meant, run

_VERDICTS = 30
_TOKEN = "sesame"


def reviewed(mode: str, made: States, scratch: Path, points: int) -> Count:
    """Serve the page so many times, disturbed at another call each time, and press keys on it."""
    count = Count()
    root = scratch / f"review {mode}"
    for point in range(points):
        made.copy("review", root)
        told = _press_keys(root, mode, 4 + 15 * point)
        count.tried["killed" if mode == "kill" else mode] += 1
        count.tried["verdicts told saved"] += len(told)
        after = meant(root)
        said = Counter(line.split(",")[0].strip("('") for line in after["verdicts"])
        what = f"the page, {mode} at call {4 + 15 * point}"
        count.wrong += [f"{what}: lost a verdict on {face}" for face in told if said[face] == 0]
        count.wrong += [f"{what}: doubled a verdict on {face}" for face, times in said.items() if times > 1]
        count.wrong += [f"{what}: {one}" for one in after["problems"]]
    return count


def _press_keys(root: Path, mode: str, at: int) -> list[str]:
    """The faces whose verdict was told to be saved."""
    import requests
    from review_corpus import Browser

    from facecorpus.corpus import Corpus

    corpus = Corpus(root)
    with corpus.catalog() as catalog:
        people = [person.identity_id for person in corpus.manifest.identities]
        faces = [(person, face.face_id) for person in people for face in catalog.faces.for_review(person)]
    address = root.with_suffix(".address")
    address.unlink(missing_ok=True)
    serving = os.fork()
    if serving == 0:
        ended = run(root, lambda: _serve(root, address), mode, at)
        os._exit(0 if ended.was_killed or ended.is_told else 1)
    told = []
    try:
        for _ in range(200):
            if address.exists() and address.read_text().endswith("\n"):
                break
            time.sleep(0.05)
        page = Browser(address.read_text().strip(), _TOKEN)
        for person, face in faces[:_VERDICTS]:
            if page.decide([face], "accept", who=person).ok:
                told.append(face)
    except (requests.RequestException, AssertionError, FileNotFoundError):
        pass  # it was killed
    finally:
        root.with_suffix(".end").touch()
        os.waitpid(serving, 0)
        root.with_suffix(".end").unlink()
    return told


def _serve(root: Path, address: Path) -> None:
    import threading

    import uvicorn

    from facecorpus.corpus import Corpus
    from review_ui import create_app
    from review_ui.guard import Access

    config = uvicorn.Config(
        create_app(Corpus(root), Access("ada", _TOKEN)),
        port=0,
        log_level="error",
        ws="none",
        timeout_graceful_shutdown=1,
    )
    server = uvicorn.Server(config)
    listener = config.bind_socket()
    listener.listen()
    address.write_text(f"http://127.0.0.1:{listener.getsockname()[1]}\n")

    def wait() -> None:
        while not root.with_suffix(".end").exists():
            time.sleep(0.05)
        server.should_exit = True

    threading.Thread(target=wait, daemon=True).start()
    server.run(sockets=[listener])
