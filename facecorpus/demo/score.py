"""How a review did against the truth, which only a rendered world has: what was kept wrongly, what right was lost."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

from rich.console import Console
from rich.table import Table

from facecorpus.build.choose import one_a_cluster
from facecorpus.catalog.histories import CandidateHistory
from facecorpus.corpus import Corpus
from facecorpus.demo.world import Truth
from facecorpus.faces.boxes import iou
from facecorpus.records import AcceptedFace, Box
from facecorpus.words import Verdict

COPIES = ("exact_duplicate", "near_duplicate", "tiny")
SAME_FACE_IOU = 0.2  # the truth's boxes are taller than a detector's, so a loose bound


class World(Protocol):
    """A world of files whose truth is known."""

    @property
    def truth(self) -> Sequence[Truth]:
        """What each file shows."""

    def truth_of(self, file: str) -> Truth:
        """What a file shows."""

    def file_of_url(self, url: str) -> str | None:
        """The file that a photograph was fetched from, None for one of elsewhere."""


@dataclass(frozen=True, slots=True)
class KindScore:
    """One kind of file: how many there are, how many faces of it were kept, and what went wrong."""

    kind: str
    files: int
    kept: int
    kept_wrong: int  # kept as a person whom the face does not show, or kept a second time
    lost_right: int  # pictures of the right person, no copies, of which nothing was kept


@dataclass(frozen=True, slots=True)
class Score:
    """The review against the truth."""

    kinds: tuple[KindScore, ...]
    lost_because: dict[str, int]

    @property
    def precision(self) -> float:
        """Share of the kept faces that are right."""
        kept = sum(kind.kept for kind in self.kinds)
        return 1 - sum(kind.kept_wrong for kind in self.kinds) / kept if kept else 0.0


def score_review(corpus: Corpus, world: World) -> Score:
    """Compare what the review of a corpus of that world kept with the truth."""
    with corpus.catalog() as catalog:
        accepted = list(catalog.faces.accepted())
        kept = one_a_cluster(accepted, corpus.settings.build.crop)
        return score(world, [face for face in accepted if face.face_id in kept], catalog.histories.all())


def score(world: World, accepted: Sequence[AcceptedFace], histories: Iterable[CandidateHistory]) -> Score:
    """Judge each kept face by the truth of its file, and each right picture by whether it was kept."""
    kept: Counter[str] = Counter()
    wrong: Counter[str] = Counter()
    kept_originals: set[str] = set()
    for face in accepted:
        file = world.file_of_url(face.source_url)
        if file is None:  # a face that did not come from this world
            continue
        row = world.truth_of(file)
        original = row.duplicate_of or row.file
        kept[row.kind] += 1
        if shown_in(row, face.box) != face.identity_id or original in kept_originals:
            wrong[row.kind] += 1
        else:
            kept_originals.add(original)
    lost = [row for row in world.truth if _is_right(row) and row.file not in kept_originals]
    lost_kinds = Counter(row.kind for row in lost)
    history_of = {file: history for history in histories if (file := world.file_of_url(history.url)) is not None}
    files = Counter(row.kind for row in world.truth)
    return Score(
        kinds=tuple(KindScore(kind, files[kind], kept[kind], wrong[kind], lost_kinds[kind]) for kind in sorted(files)),
        lost_because=dict(Counter(_why_lost(history_of.get(row.file)) for row in lost).most_common()),
    )


def shown_in(row: Truth, box: Box) -> str | None:
    """The person whose true face box is nearest to the box; None where nobody's face is there."""
    faces: list[tuple[str, Box]] = [(o.identity_id, (o.x, o.y, o.width, o.height)) for o in row.others]
    if row.true_identity and row.face_x is not None and row.face_y is not None and row.face_w and row.face_h:
        faces.append((row.true_identity, (row.face_x, row.face_y, row.face_w, row.face_h)))
    overlap, person = max(((iou(box, true), identity) for identity, true in faces), default=(0.0, None))
    return person if overlap >= SAME_FACE_IOU else None


def show(result: Score) -> None:
    """Print the comparison as a table."""
    table = Table(title="The review against the truth", title_justify="left")
    table.add_column("kind of file")
    for column in ("files", "faces kept", "kept wrong", "lost right"):
        table.add_column(column, justify="right")
    for kind in result.kinds:
        table.add_row(kind.kind, *map(str, (kind.files, kind.kept, kind.kept_wrong, kind.lost_right)))
    console = Console()
    console.print(table)
    reasons = ", ".join(f"{count} {reason}" for reason, count in result.lost_because.items())
    console.print(f"{result.precision:.2%} of the kept faces are right. Right pictures lost: {reasons or 'none'}.")
    console.print("Copies count as lost only where no copy at all was kept; a copy kept twice counts as wrong.")


def _is_right(row: Truth) -> bool:
    return row.true_identity == row.query_identity and row.kind not in COPIES


def _why_lost(history: CandidateHistory | None) -> str:
    """The first step at which the picture fell out."""
    if history is None or history.photo_sha256 is None:
        return (history.outcome if history else "not proposed").replace("_", " ")
    if history.face_id is None:
        return "without a face that was found"
    if not history.kept:
        return "taken for copies"
    if history.verdict == Verdict.REJECT:
        return "rejected"
    return "kept as somebody else" if history.verdict == Verdict.ACCEPT else "left undecided"
