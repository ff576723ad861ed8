"""Faces that dlib's network describes as a file of the user's are ranked as before."""

from dataclasses import replace
from itertools import groupby
from pathlib import Path

from demo_faces import MAX_PIXELS, SETTINGS, analysis_of, loaded
from demo_photographs import of_kind, world
from onnx_networks import write_dlibs
from people import person
from ranked_people import LIMITS, subject

from facecorpus.faces.analyze import analyze
from facecorpus.faces.models import Models
from facecorpus.faces.onnx_descriptor import OnnxDescriptor
from facecorpus.judging.rank import rank
from facecorpus.words import Section


def test_the_sections_are_the_same(tmp_path: Path) -> None:
    rows = sorted(
        [row for row in of_kind("photo", transform=None) if row.query_identity == row.true_identity],
        key=lambda row: row.query_identity,
    )
    albums = [list(album)[:7] for _, album in groupby(rows, lambda row: row.query_identity)][:3]
    shown_by = OnnxDescriptor(write_dlibs(tmp_path / "dlib.onnx"))
    models = Models(loaded().detector, loaded().landmarker, shown_by)
    usual, again = [], []
    for number, album in enumerate(albums):
        strangers = albums[number - 1][:1]
        for row in album + strangers:
            known = analysis_of(row)
            other = analyze(world().read(row.file), known.sha256, models, SETTINGS, MAX_PIXELS)
            for found, into in ((known, usual), (other, again)):
                if found.faces:
                    name = f"{album[0].query_identity}-{row.file}"
                    one = subject(name, album[0].query_identity, found.faces[0].embedding)
                    into.append(replace(one, face=replace(found.faces[0], face_id=name)))
    people = {album[0].query_identity: person(album[0].query_identity) for album in albums}
    before, after = rank(usual, people, LIMITS), rank(again, people, LIMITS)
    assert [one.section for one in after] == [one.section for one in before]
    assert {one.section for one in before} >= {Section.RIGHT, Section.WRONG}
