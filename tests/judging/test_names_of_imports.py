"""The file of an import may be called anything."""

import os
from pathlib import Path

from review_corpus import ADA, face_ids, make_corpus

from facecorpus.judging.exchange import export_decisions, import_decisions


def test_a_file_whose_name_is_no_text_is_taken_over(tmp_path: Path) -> None:
    there, here = make_corpus(tmp_path / "there", {ADA: 2}), make_corpus(tmp_path / "here", {ADA: 2})
    with there.catalog() as catalog:
        catalog.decisions.add(face_ids(there, ADA), identity_id=ADA, reviewer="bob", verdict="accept")
    file = Path(os.fsdecode(os.fsencode(tmp_path) + b"/\xff\x1b.jsonl"))
    export_decisions(there, file)
    assert import_decisions(here, file).added == 2
    with here.catalog() as catalog:
        assert [one.file for one in catalog.exchange.imports()] == ["\ufffd.jsonl"]
