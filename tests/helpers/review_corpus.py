"""A corpus and servers for the review's tests: numbered, coloured tiles stand for faces; all through the gateways."""

import hashlib
import re
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from io import BytesIO
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import requests
import uvicorn
from people import face as a_face
from people import person
from PIL import Image, ImageDraw

from facecorpus.catalog import Catalog
from facecorpus.corpus import Corpus, init_corpus
from facecorpus.manifest import Identity, write_manifest
from facecorpus.records import Candidate, Download, Face, Ranking
from facecorpus.words import Gender, Outcome, Race, Section
from review_ui import create_app
from review_ui.guard import Access

ADA = "ada-example"
BEN = "ben-example"
WAY = ("verdict", "reason", "reviewer", "identity_id", "disputed", "second", "age", "removed")
SCRIPT = '"><script>alert(1)</script>'
REASONS = ("another face is closer to this person", "blurred")


def make_corpus(root: Path, faces: dict[str, int], *, title: str = "A portrait", page: str = "") -> Corpus:
    """A corpus with so many ranked faces of each person, spread over the three sections."""
    root.mkdir(parents=True)
    manifest = root.parent / "people.csv"
    write_manifest(manifest, [_numbered(identity_id, place) for place, identity_id in enumerate(faces)])
    corpus = init_corpus(root / "corpus", manifest)
    with corpus.catalog() as catalog, catalog.transaction():
        for identity_id, count in faces.items():
            _fill(corpus, catalog, identity_id, count, title, page)
        _judge(catalog)
    return corpus


def face_ids(corpus: Corpus, identity_id: str, section: str | None = None, *, kept: bool = True) -> list[str]:
    """The faces of a person as the page shows them, most suspicious first."""
    with corpus.catalog() as catalog:
        return [
            face.face_id
            for face in catalog.faces.for_review(identity_id)
            if face.kept is kept and section in (None, face.section)
        ]


def stood(answer: requests.Response) -> list[dict[str, Any]]:
    """How the faces stand that a change touched, by the answer to it."""
    faces = answer.json()["faces"]
    return [
        {"face_id": face_id} | dict(zip(WAY, faces["ways"][way], strict=True))
        for face_id, way in zip(faces["ids"], faces["standing"], strict=True)
    ]


def _numbered(identity_id: str, place: int) -> Identity:
    return person(
        identity_id,
        name=identity_id.replace("-", " ").title(),
        gender=tuple(Gender)[place % 2],
        race=tuple(Race)[place % 4],
    )


def _fill(corpus: Corpus, catalog: Catalog, identity_id: str, count: int, title: str, page: str) -> None:
    """Photographs, candidates and faces of one person."""
    for number in range(count):
        url = f"https://pictures.example/{identity_id}/{number}.jpg"
        # Past the first hundreds no picture is drawn: a grid of thousands is judged by its cells.
        jpeg = _tile(f"{identity_id[:3]} {number}", number) if number < 300 else b"\xff\xd8\xff"
        # The bytes of a photograph are stored for the first few alone: a grid of thousands never opens the rest.
        sha256 = corpus.photos.put(jpeg) if number < 40 else hashlib.sha256(url.encode()).hexdigest()
        face = _face(sha256)
        catalog.candidates.propose(
            [
                Candidate(
                    identity_id=identity_id,
                    source="folder",
                    url=url,
                    page_url=page or f"https://pictures.example/page/{number}",
                    rank=number,
                    title=f"{title} {number}",
                    licence="CC BY 4.0",
                    author="A. Photographer",
                )
            ]
        )
        download = Download(url, "2024-01-01T00:00:00.000+00:00", 0.1, 200, Outcome.STORED, bytes=len(jpeg))
        catalog.candidates.record(download, "image/jpeg", sha256)
        crops = {face.face_id: hashlib.sha256(jpeg).digest()}
        catalog.photos.analysed(sha256, width=96, height=96, taken_on=None, phash=bytes(32), faces=[face], crops=crops)
        if number < 300:
            path = corpus.crops.path(face.face_id)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(jpeg)


def _judge(catalog: Catalog) -> None:
    """Assign every face to the person it was proposed for, rank it, and make every tenth a near-duplicate."""
    proposed = catalog.faces.with_proposals()
    catalog.faces.assign({face.face_id: identities[0] for face, identities in proposed})
    rankings: list[Ranking] = []
    copies: list[str] = []
    for identity_id in dict.fromkeys(identities[0] for _, identities in proposed):
        own = [face for face, identities in proposed if identities[0] == identity_id]
        rankings += [_ranking(face.face_id, place / len(own)) for place, face in enumerate(own)]
        copies += [face.face_id for face in own[9::10]]
    catalog.faces.rank(rankings)
    catalog.photos.cluster(_clusters(proposed, copies).items(), copies)


def _clusters(proposed: Sequence[tuple[Face, tuple[str, ...]]], copies: Sequence[str]) -> dict[str, str]:
    """Every copy shares its photograph's cluster with the face before it."""
    faces = [face for face, _ in proposed]
    copied = set(copies)
    return {
        face.photo_sha256: other.photo_sha256
        for before, other in pairwise(faces)
        if other.face_id in copied
        for face in (before, other)
    }


def _ranking(face_id: str, likely: float) -> Ranking:
    section = Section.WRONG if likely < 0.2 else Section.LOOK if likely < 0.5 else Section.RIGHT
    return Ranking(face_id, likely, section, () if section == Section.RIGHT else REASONS)


def _face(sha256: str) -> Face:
    return a_face(
        sha256,
        box=(24.0, 24.0, 48.0, 48.0),
        landmarks=np.full((5, 2), 48, np.float32),
        score=1.0,
        embedding=np.zeros(128, np.float32),
        brightness=128.0,
        yaw=0.0,
    )


def _tile(text: str, number: int) -> bytes:
    """A numbered square in a colour of its own, as JPEG."""
    colour = tuple(int(60 + 150 * ((number * step) % 17) / 16) for step in (3, 5, 7))
    image = Image.new("RGB", (96, 96), colour)
    ImageDraw.Draw(image).text((8, 40), text, fill="white")
    buffer = BytesIO()
    image.save(buffer, "JPEG", quality=80)
    return buffer.getvalue()


def journal(corpus: Corpus) -> Sequence[tuple[str, str, str, str]]:
    """Every row of the journal: (face_id, reviewer, verdict, reason)."""
    with corpus.catalog() as catalog:
        return [(d.face_id, d.reviewer, d.verdict, d.reason) for d in catalog.decisions.all()]


def rows(corpus: Corpus) -> list[tuple[str, str, str]]:
    """The same without the reviewer."""
    return [(face_id, verdict, reason) for face_id, _, verdict, reason in journal(corpus)]


def said(corpus: Corpus) -> list[tuple[str, str, str, str]]:
    """Every row of the journal: (face_id, kind, verdict, identity_id)."""
    with corpus.catalog() as catalog:
        return [(row.face_id, row.kind, row.verdict, row.identity_id) for row in catalog.decisions.all()]


class Browser(requests.Session):
    """A client that has been let in, and sends what a browser sends."""

    corpus: Corpus  # the one that it looks at, where a fixture says so

    def __init__(self, base: str, token: str) -> None:
        super().__init__()
        self.base = base
        assert self.get(f"{base}/?token={token}").ok
        self.cookie = "; ".join(f"{name}={value}" for name, value in self.cookies.items())

    def ask(self, path: str) -> requests.Response:
        """GET a path."""
        return self.get(self.base + path)

    def change(self, path: str, **body: object) -> requests.Response:
        """POST JSON as the page does."""
        return self.post(self.base + path, json=body, headers={"Origin": self.base})

    def decide(
        self, faces: Sequence[str], verdict: str, reason: str = "", who: str = ADA, **more: str
    ) -> requests.Response:
        """Give one verdict on faces of a person."""
        return self.change(
            "/api/decisions", page=who, face_ids=faces, verdict=verdict, reason=reason, **({"identity_id": who} | more)
        )

    def faces(self, who: str = ADA) -> list[dict[str, Any]]:
        """The faces of a person as the page shows them, with how each stands."""
        answer = self.ask(f"/api/identity/{who}").json()
        return [
            {"face_id": face_id, "likely": answer["likely"][place], "section": answer["sections"][place]}
            | dict(zip(WAY, answer["ways"][answer["standing"][place]], strict=True))
            for place, face_id in enumerate(answer["ids"])
        ]

    def details(self, face_id: str, who: str = ADA) -> dict[str, Any]:
        """What is shown of a face."""
        (face,) = self.ask(f"/api/identity/{who}/details?faces={face_id}").json()["faces"]
        return dict(face)


@contextmanager
def served(corpus: Corpus, token: str = "sesame", reviewer: str = "ada", password: str | None = None) -> Iterator[str]:
    """The application on a real server on loopback; its base address."""
    config = uvicorn.Config(create_app(corpus, Access(reviewer, token, password)), port=0, log_level="error", ws="none")
    server = uvicorn.Server(config)
    listener = config.bind_socket()
    listener.listen()
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
    thread.start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join()
        listener.close()


class Process:
    """`serve` in a process of its own, to be interrupted or killed."""

    def __init__(self, corpus: Corpus, port: int = 0) -> None:
        program = (
            "import sys; from pathlib import Path; from facecorpus.corpus import Corpus; from review_ui import serve;"
            "serve(Corpus(Path(sys.argv[1])), port=int(sys.argv[2]), reviewer='ada', open_browser=False);"
            "print(sorted({'torch', 'dlib', 'cv2', 'pyarrow', 'matplotlib', 'sklearn', 'scipy'} & set(sys.modules)))"
        )
        self.popen = subprocess.Popen(
            [sys.executable, "-c", program, str(corpus.root), str(port)],
            cwd=Path(__file__).parents[2],
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self.popen.stdout is not None
        found = re.search(r"http://[^ ]+:(\d+)/\?token=\S+", self.popen.stdout.readline())
        assert found
        self.url, self.port = found[0], int(found[1])

    def kill(self) -> None:
        """SIGKILL: no chance to tidy up."""
        self.popen.kill()
        self.popen.communicate()
