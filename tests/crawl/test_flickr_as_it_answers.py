"""Source 'flickr' with the answers that Flickr really gives: outages that look like refusals, numbers as texts."""

from json import dumps
from typing import Any

import pytest
from loopback import FakeTime, Loopback, Reply, Request, settings_for
from people import person
from recorded import needs_answers, recorded, recorded_json

from facecorpus.crawl.fetch import Fetcher
from facecorpus.crawl.polite import Manners
from facecorpus.crawl.sources.flickr import Flickr
from facecorpus.errors import SourceError
from facecorpus.records import Candidate

SORRY = b'{"stat":"fail","message":"Sorry, the Flickr API service is not currently available.","code":201},'
LICENCES = {
    "licenses": {
        "license": [
            {"id": "1", "name": "CC BY-NC-SA 2.0", "url": "https://creativecommons.org/licenses/by-nc-sa/2.0/"},
            {"id": "4", "name": "CC BY 2.0", "url": "https://creativecommons.org/licenses/by/2.0/"},
        ]
    },
    "stat": "ok",
}
PHOTO = {"id": "7", "owner": "7@N00", "license": "4", "title": "T", "url_l": "https://live.example/7.jpg"}


def refusal(code: int | str) -> bytes:
    return dumps({"stat": "fail", "code": code, "message": "The Flickr API search databases are unavailable."}).encode()


def ask(web: Loopback, time: FakeTime, *outage: bytes, found: Any = None, licences: Any = None) -> list[Candidate]:
    """What is proposed for Ada, where each search is first answered by these."""
    photos = found or {"photos": {"page": 1, "pages": 1, "perpage": 250, "total": "1", "photo": [PHOTO]}, "stat": "ok"}
    answers = [*outage, dumps(photos).encode()]

    def answer(request: Request) -> Reply:
        if request.form["method"].endswith("getInfo"):
            return Reply(dumps(licences or LICENCES).encode())
        return Reply(answers.pop(0) if len(answers) > 1 else answers[0])

    web.serve("/services/rest/", answer)
    settings = settings_for(web, crawl={"flickr_api": web.url("/services/rest/")})
    with Fetcher(settings, Manners(settings.fetch, time.clock, time.sleep)) as fetcher:
        return list(Flickr(settings.crawl, fetcher, {"FLICKR_API_KEY": "key"}).candidates(person("ada")))


@pytest.mark.parametrize("outage", [SORRY, *map(refusal, (10, "10", 105, 106, 0, 201))])
def test_an_outage_is_waited_for(web: Loopback, outage: bytes) -> None:
    time = FakeTime()
    (candidate,) = ask(web, time, *[outage] * 12)
    assert candidate.url == "https://live.example/7.jpg"
    assert time.now >= 60


@needs_answers
def test_the_recorded_outage_is_waited_for(web: Loopback) -> None:
    assert len(ask(web, FakeTime(), recorded("flickr-201-with-comma.txt"))) == 1


def test_an_outage_that_lasts_does_not_speak_of_the_key(web: Loopback) -> None:
    with pytest.raises(SourceError, match=r"too busy for 29 min .*not currently available") as caught:
        ask(web, FakeTime(), *[SORRY] * 500)
    assert "FLICKR_API_KEY" not in str(caught.value)


@pytest.mark.parametrize(("code", "speaks_of_the_key"), [(100, True), ("100", True), (3, False), (116, False)])
def test_only_a_refusal_of_the_key_speaks_of_it(web: Loopback, code: int | str, speaks_of_the_key: bool) -> None:
    with pytest.raises(SourceError, match=r"refuses flickr.photos.search") as caught:
        ask(web, FakeTime(), refusal(code))
    assert ("FLICKR_API_KEY" in str(caught.value)) is speaks_of_the_key


@needs_answers
def test_recorded_photographs_and_licences(web: Loopback) -> None:
    search, licences = recorded_json("flickr-search.json"), recorded_json("flickr-licences-2025-06.json")
    found = ask(web, FakeTime(), found={"stat": "ok"} | search, licences=licences)
    assert len(found) == sum("url_l" in photo for photo in search["photos"]["photo"]) == 3
    assert found[0] == Candidate(
        identity_id="ada",
        source="flickr",
        url="https://live.staticflickr.com/65535/49514337848_bbdbb5f761_b.jpg",
        page_url="https://www.flickr.com/photos/7478087@N06/49514337848",
        title="Warsy (église) • 7433",
        licence="CC BY-NC-SA 2.0",
        licence_url="https://creativecommons.org/licenses/by-nc-sa/2.0/",
        author="markustrois",
        taken_on="2011-11-05",
        found_by='search for "Ada"',
        file_id="49514337848",
    )
    assert [candidate.taken_on for candidate in found] == ["2011-11-05", "2011-11-05", "2020-02-10"]
