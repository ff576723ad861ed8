"""Why do we have this picture, or why not? Everything that the catalog knows of one address or photograph."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from facecorpus.catalog import Catalog
from facecorpus.catalog.histories import FaceHistory, PhotographHistory, Proposal
from facecorpus.corpus import Corpus
from facecorpus.crawl.quota import Quota
from facecorpus.crawl.sources.local import READERS, file_of
from facecorpus.records import Download
from facecorpus.system.escape import for_terminal
from facecorpus.system.nearest import did_you_mean
from facecorpus.takedown.meant import Meant, meant
from facecorpus.words import CandidateState, Outcome, PhotoState

ADVICE: Mapping[Outcome, str] = {
    Outcome.GONE: "the server says that it is no longer there",
    Outcome.REFUSED: "the server does not hand it out to us; --retry refused asks once more",
    Outcome.OPTED_OUT: "its owner does not want it used; --retry opted_out looks whether that still holds",
    Outcome.SYNTHETIC: "it says that an algorithm made it; keep_synthetic in [fetch] and --retry synthetic take it",
    Outcome.REMOVED: "it was taken down from this corpus, and is never fetched again",
    Outcome.OUTSIDE_PERIOD: "it was taken when the person's labels do not hold; see the period in the manifest",
    Outcome.NOT_DATED: "its date is not certain, and the manifest takes only dated photographs of this person"
    " (dated_only)",
    Outcome.RATE_LIMITED: "the host asked for fewer requests",
    Outcome.SERVER_ERROR: "the server failed",
    Outcome.TIMEOUT: "the answer took too long",
    Outcome.CONNECTION: "the connection failed or broke off",
    Outcome.TOO_BIG: "it is larger than max_bytes or max_pixels allow; --retry too_big asks again when they are raised",
    Outcome.NOT_A_PICTURE: "what came is no whole picture; --retry not_a_picture asks once more",
    Outcome.BLOCKED_ADDRESS: "the address is not one of the public web; private_hosts names exceptions",
    Outcome.NOT_AS_LISTED: "another picture is there than the list's sha256 says",
    Outcome.BAD_REDIRECT: "the server sends us from one address to the next without end or aim",
}
"""Of each way to fail: what it means, and what a person can do."""


@dataclass(frozen=True, slots=True)
class Explanation:
    """The answer in a sentence, and what it rests on."""

    asked: str
    answer: str
    proposals: tuple[Proposal, ...]
    tries: tuple[Download, ...]
    photograph: PhotographHistory | None
    faces: tuple[FaceHistory, ...]

    def __str__(self) -> str:
        """The sentences that a person reads."""
        lines = [self.answer]
        lines += [f"  proposed   {_proposed(one)}" for one in self.proposals]
        lines += [f"  tried      {_tried(one)}" for one in self.tries]
        if self.photograph is not None:
            lines.append(f"  photograph {_photograph(self.photograph)}")
        lines += [f"  face       {_face(one)}" for one in self.faces]
        return "\n".join(map(for_terminal, lines))


def explain(corpus: Corpus, name: str) -> Explanation:
    """Say what became of a picture: by its URL, the page it was found on, a path, a file name, a face_id or a hash.

    Raises CorpusError where several pictures have that name.
    """
    with corpus.reading() as catalog:
        found = meant(corpus, catalog, name) or Meant(url=name)
        key = found.url or found.photograph
        proposals = catalog.histories.proposals(key)
        urls = list(dict.fromkeys([key, *(one.url for one in proposals)]))
        stored = next((one.photo_sha256 for one in proposals if one.photo_sha256), key)
        photograph = catalog.histories.photograph(stored)
        faces = catalog.histories.faces(stored)
        tries = catalog.histories.tries(urls)
        removed_at = next(filter(None, map(catalog.histories.removed_at, [*urls, stored])), None)
        if removed_at:
            answer = f"It was taken down on {removed_at[:10]}: nothing fetches it again."
        elif photograph is not None:
            answer = _of_photograph(photograph, faces) + _of_files(proposals)
        elif proposals:
            answer = _of_proposal(corpus, catalog, proposals, tries) + _of_files(proposals)
        else:
            answer = _of_unknown(corpus, name)
    return Explanation(name, answer, tuple(proposals), tuple(tries), photograph, tuple(faces))


def _of_files(proposals: Sequence[Proposal]) -> str:
    """Which files of this machine it was read from, where it was."""
    files = [f"{file_of(one.url)}, which source '{one.source}' gave" for one in proposals if one.source in READERS]
    return f" It is the file {' and '.join(files)}." if files else ""


def _of_unknown(corpus: Corpus, name: str) -> str:
    crawl = corpus.settings.crawl
    path, root = Path(name).expanduser().resolve(), (corpus.root / Path(crawl.folder).expanduser()).resolve()
    if not path.is_file() or not crawl.folder or not path.is_relative_to(root):
        return "No source has proposed it, and nothing was fetched from there; it may be listed for source 'urls'."
    if crawl.folder_list:
        return f"It lies in folder of [crawl]; {crawl.folder_list} does not list it, or no crawl has seen it yet."
    person = path.relative_to(root).parts[0]
    people = [identity.identity_id for identity in corpus.manifest.identities]
    if person not in people:
        return (
            f"It lies in sub-folder {person} of source 'folder', and the manifest knows nobody of that identity_id;"
            f" {did_you_mean(person, people, 'rename the sub-folder, or add the person to manifest.csv.')}"
        )
    if "folder" not in crawl.sources:
        return "It lies in folder of [crawl], but 'folder' is not among its sources; add it to them in corpus.toml."
    return f"It lies in sub-folder {person} of source 'folder', and no crawl has seen it. Next: facecorpus crawl"


def _of_photograph(photograph: PhotographHistory, faces: Sequence[FaceHistory]) -> str:
    have = f"We have it as photograph {photograph.sha256[:12]}"
    if photograph.state == PhotoState.UNREADABLE:
        return f"{have}, but it gives no faces: {photograph.error}"
    if photograph.state == PhotoState.STORED:
        return f"{have}; its faces have not been looked for yet. Next: facecorpus faces"
    if not faces:
        return f"{have}, but no face was found in it."
    subjects = [face for face in faces if face.identity_id is not None]
    if not subjects:
        return f"{have}, but none of its {len(faces)} faces stands for the person it was proposed for."
    return f"{have}: {'; '.join(map(_of_subject, subjects))}."


def _of_subject(face: FaceHistory) -> str:
    if not face.kept:
        return f"the face of {face.identity_id} is a near-duplicate, and a better copy stands for it"
    if face.verdict is None:
        return f"the face of {face.identity_id} waits for review"
    because = f" ({face.reason})" if face.reason else ""
    return f"the face of {face.identity_id} was {face.verdict}ed by {face.reviewer}{because}"


def _of_proposal(corpus: Corpus, catalog: Catalog, proposals: Sequence[Proposal], tries: Sequence[Download]) -> str:
    first = proposals[0]
    if not any(one.listed for one in proposals):
        return f"It is not fetched: {first.identity_id} is not in the manifest any more."
    if first.state == CandidateState.PENDING:
        return _of_pending(corpus, catalog, [one.identity_id for one in proposals if one.listed])
    outcome = Outcome(first.outcome)
    said = f" ({tries[-1].detail})" if tries and tries[-1].detail else ""
    reason = f"We do not have it: {outcome.replace('_', ' ')}{said}. {_sentence(ADVICE[outcome])}"
    if first.state == CandidateState.RETRY:
        return f"{reason} The next crawl asks again."
    if outcome.can_pass:
        return f"{reason} After {len(tries)} tries only --retry failed asks again."
    return reason


def _of_pending(corpus: Corpus, catalog: Catalog, people: Sequence[str]) -> str:
    quota = Quota(corpus.manifest.identities, corpus.settings.fetch, catalog.candidates.photographs())
    if all(map(quota.is_full, people)):
        return (
            f"It waits: {' and '.join(people)} or the subgroup has enough photographs (enough_per_identity and"
            " enough_per_subgroup in [fetch])."
        )
    return "It waits to be fetched. Next: facecorpus crawl"


def _sentence(text: str) -> str:
    return f"{text[0].upper()}{text[1:]}."


def _proposed(one: Proposal) -> str:
    parts = [f"by {one.source} for {one.identity_id}, number {one.rank + 1} there", one.url]
    parts += [one.found_by] * bool(one.found_by)
    parts += [one.page_url] * (one.page_url not in ("", one.url))
    parts += [f"licence {one.licence}"] * bool(one.licence) + [f"author {one.author}"] * bool(one.author)
    parts += [f"taken {one.taken_on}"] * bool(one.taken_on)
    return " · ".join(parts)


def _tried(one: Download) -> str:
    status = f"HTTP {one.status}, " if one.status else ""
    detail = f": {one.detail}" if one.detail else ""
    return (
        f"{one.tried_at} · {status}{one.outcome.replace('_', ' ')}{detail} · {one.bytes} bytes in {one.seconds:.2f} s"
    )


def _photograph(one: PhotographHistory) -> str:
    size = f", {one.width} × {one.height} pixels" if one.width else ""
    copies = f" · near-duplicates: {', '.join(other[:12] for other in one.near_duplicates)}"
    return f"{one.sha256} · {one.media_type}, {one.bytes} bytes{size} · {one.state}" + copies * bool(
        one.near_duplicates
    )


def _face(one: FaceHistory) -> str:
    whose = f"of {one.identity_id}" if one.identity_id else "of a bystander"
    parts = [f"{one.face_id} {whose}", f"ranked '{one.section}'" if one.section else ""]
    parts += ["a better copy stands for it"] * (not one.kept)
    parts += [f"{one.verdict}ed by {one.reviewer}" + (f" ({one.reason})" if one.reason else "")] * bool(one.verdict)
    return " · ".join(filter(None, parts))
