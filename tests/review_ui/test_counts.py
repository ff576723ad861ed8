"""The counts of the overview, kept between requests: the same as if all were counted anew."""

import random
from pathlib import Path

from drawn_pictures import encoded, scene
from more_faces import add_faceless
from review_corpus import ADA, BEN, face_ids, make_corpus

from facecorpus.settings import ReviewSettings
from facecorpus.words import Kind, Reason, Verdict
from review_ui.counts import Counts

CLEO = "cleo-example"
SHARING = ReviewSettings(overlap=0.5, honeypots=0.5)


def test_what_is_kept_is_what_all_would_be_counted_anew(tmp_path: Path) -> None:
    corpus = make_corpus(tmp_path / "review", {ADA: 12, BEN: 8, CLEO: 5})
    add_faceless(corpus, ADA, {kind: encoded(scene(), kind) for kind in ("PNG", "JPEG")})
    dice = random.Random(7)
    kept = Counts(SHARING)
    with corpus.catalog() as catalog:
        whole = [one.face_id for one in catalog.drawn.faceless(ADA)]
        for step in range(120):
            page = dice.choice((ADA, BEN, CLEO))
            reviewer = dice.choice(("ada", "bob", "eve", "auto"))
            face = dice.choice(face_ids(corpus, page)) if step % 12 else ""
            if not face:
                kind, verdict = dice.choice(((Kind.PHOTOGRAPH, Verdict.NO_FACE), (Kind.REMOVAL, Verdict.REMOVE)))
                catalog.decisions.add([dice.choice(whole)], identity_id=ADA, reviewer="ada", verdict=verdict, kind=kind)
            elif step % 5 == 0:
                catalog.decisions.undo(page, reviewer)
            else:
                verdict = dice.choice((Verdict.ACCEPT, Verdict.REJECT))
                kind = dice.choice((Kind.VERDICT, Kind.VERDICT, Kind.SETTLE, Kind.REMOVAL))
                catalog.decisions.add(
                    [face],
                    identity_id=dice.choice((page, page, BEN, CLEO)),
                    reviewer=reviewer,
                    verdict=Verdict.REMOVE if kind == Kind.REMOVAL else verdict,
                    reason=Reason.QUALITY if verdict == Verdict.REJECT and kind != Kind.REMOVAL else "",
                    kind=kind,
                    shown_as=page,
                )
            for asks in ("ada", "bob") if step % 3 else ("ada",):
                assert kept.of(catalog, asks) == Counts(SHARING).of(catalog, asks), step
        with corpus.catalog() as another, another.transaction():
            another.decisions.add(face_ids(corpus, BEN), identity_id=BEN, reviewer="ada", verdict=Verdict.ACCEPT)
        assert kept.of(catalog, "ada") == Counts(SHARING).of(catalog, "ada")
