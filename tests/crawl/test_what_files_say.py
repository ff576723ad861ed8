"""Pictures that call themselves made by an algorithm, or reserve themselves from training.

tests/data/c2pa.jpg is a drawing that does both. c2pa-python 0.38.1 signed it with a certificate of its own.
"""

from pathlib import Path

import pytest
from drawn_pictures import encoded, scene
from loopback import Loopback, Reply, settings_for

from facecorpus.crawl.fetch import Fetcher
from facecorpus.crawl.file_says import reserved, synthetic
from facecorpus.crawl.sources.folder import read_file
from facecorpus.settings import FetchSettings
from facecorpus.words import Outcome

C2PA = Path(__file__).parents[1] / "data" / "c2pa.jpg"
XMP = (
    '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
    '<rdf:Description xmlns:Iptc4xmpExt="http://iptc.org/std/Iptc4xmpExt/2008-02-29/"'
    ' Iptc4xmpExt:DigitalSourceType="http://cv.iptc.org/newscodes/digitalsourcetype/{}"/></rdf:RDF></x:xmpmeta>'
)


def saying(kind: str) -> bytes:
    """A JPEG whose XMP states that digital source type."""
    return encoded(scene(), "JPEG", xmp=XMP.format(kind).encode())


@pytest.mark.parametrize(
    ("settings", "outcome", "detail"),
    [
        (FetchSettings(), Outcome.SYNTHETIC, "the file calls itself trainedAlgorithmicMedia"),
        (
            FetchSettings(keep_synthetic=True),
            Outcome.OPTED_OUT,
            "the file's C2PA manifest does not allow ai_training",
        ),
        (FetchSettings(keep_synthetic=True, obey_opt_outs=False), Outcome.STORED, ""),
    ],
)
def test_a_file_is_taken_at_its_word(settings: FetchSettings, outcome: Outcome, detail: str) -> None:
    download = read_file(C2PA.as_uri(), settings).download
    assert (download.outcome, download.detail) == (outcome, detail)


@pytest.mark.parametrize(
    ("kind", "outcome"),
    [
        ("trainedAlgorithmicMedia", Outcome.SYNTHETIC),
        ("compositeWithTrainedAlgorithmicMedia", Outcome.SYNTHETIC),
        ("digitalCapture", Outcome.STORED),
        ("trainedAlgorithmicMediaOfAnotherKind", Outcome.STORED),
    ],
)
def test_what_comes_from_the_web_is_looked_at_too(web: Loopback, kind: str, outcome: Outcome) -> None:
    with Fetcher(settings_for(web)) as fetcher:
        assert fetcher.fetch(web.serve("/a.jpg", Reply(saying(kind)))).download.outcome is outcome


def test_an_entry_that_allows_reserves_nothing() -> None:
    data = C2PA.read_bytes()
    assert reserved(data) == "ai_training"
    assert reserved(data.replace(b"cawg.ai_training\xa1cusejnotAllowed", b"cawg.ai_training\xa1cuseg   allowed")) == ""
    assert (reserved(b""), synthetic(b"")) == ("", "")
