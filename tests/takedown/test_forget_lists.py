"""Lists of what is to be forgotten that cannot be read."""

from pathlib import Path

import pytest

from facecorpus.corpus import Corpus
from facecorpus.errors import CorpusError
from facecorpus.takedown.stage import preview


@pytest.mark.parametrize(
    "content", [b"a" * 200_000, b"\xff\xfe", b"# a remark\n"], ids=["a long cell", "bytes", "empty"]
)
def test_a_list_that_cannot_be_read_is_a_sentence(corpus: Corpus, tmp_path: Path, content: bytes) -> None:
    (tmp_path / "list.csv").write_bytes(content)
    with pytest.raises(CorpusError, match=r"list\.csv (?:cannot be read as a list|holds nothing)"):
        preview(corpus, names=str(tmp_path / "list.csv"))
