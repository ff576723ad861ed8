"""How a build is cited: its CITATION.cff, its card and croissant.json say the same."""

import json
from pathlib import Path

import pytest
import yaml
from build_corpus import ready_corpus, set_build, shots

from facecorpus import __version__
from facecorpus.build.stage import build_shards
from facecorpus.corpus import Corpus
from facecorpus.errors import SettingsError

DOI = "10.5281/zenodo.1234567"


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Corpus:
    return ready_corpus(tmp_path_factory.mktemp("cited") / "c", shots(("ada",), 2), crop=64, title='Faces: "small"')


def test_a_doi_and_an_operator_stand_wherever_the_build_is_cited(corpus: Corpus) -> None:
    build_shards(corpus)
    first = yaml.safe_load((corpus.shards / "CITATION.cff").read_text(encoding="utf-8"))
    assert "doi" not in first and first["authors"] == [{"name": 'The makers of Faces: "small"'}]
    assert "No DOI is stated." in (corpus.shards / "README.md").read_text(encoding="utf-8")
    set_build(corpus, doi=DOI)
    settings = corpus.root / "corpus.toml"
    settings.write_text(settings.read_text(encoding="utf-8").replace('operator = ""', 'operator = "A lab"'))
    assert build_shards(Corpus(corpus.root)).shards_written == 0
    document = yaml.safe_load((corpus.shards / "CITATION.cff").read_text(encoding="utf-8"))
    assert (document["doi"], document["type"], document["authors"]) == (DOI, "dataset", [{"name": "A lab"}])
    sentence = json.loads((corpus.shards / "croissant.json").read_text(encoding="utf-8"))["citeAs"]
    assert sentence.startswith("A lab. Faces: ") and sentence.endswith(f"{__version__}. https://doi.org/{DOI}")
    assert f"version {document['version']}" in sentence
    assert f"doi.org/{DOI}" in (corpus.shards / "README.md").read_text(encoding="utf-8").replace("\\", "")


@pytest.mark.parametrize("doi", [f"https://doi.org/{DOI}", "10.1/x", "zenodo.1234567", "10.5281/a b"])
def test_what_is_no_doi_is_refused(corpus: Corpus, doi: str, tmp_path: Path) -> None:
    text = (corpus.root / "corpus.toml").read_text(encoding="utf-8")
    (tmp_path / "corpus.toml").write_text(text.replace('doi = ""', f'doi = "{doi}"').replace(DOI, doi))
    with pytest.raises(SettingsError, match=r"doi in \[build\].* it must be a DOI, like 10.5281/zenodo.1234567"):
        Corpus(tmp_path)
