"""Sources 'openverse' and 'flickr', against doubles that answer in the documented shapes."""

from json import dumps
from typing import Any

import pytest
from loopback import FakeTime, Loopback, Reply, Request, settings_for
from people import person

from facecorpus.crawl.fetch import Fetcher
from facecorpus.crawl.polite import Manners
from facecorpus.crawl.sources import NoPhotographs
from facecorpus.crawl.sources.flickr import Flickr
from facecorpus.crawl.sources.openverse import Openverse, seconds_until_allowed
from facecorpus.errors import SourceError
from facecorpus.records import Candidate


def json_reply(document: Any, status: int = 200, **headers: str) -> Reply:
    told = tuple((name.replace("_", "-", 3), value) for name, value in headers.items())
    return Reply(dumps(document).encode(), status, (("Content-Type", "application/json"), *told))


# ---------------------------------------------------------------------------------------------------------- openverse


class OpenverseDouble:
    """Answers as api.openverse.org/v1 does, by its documentation (api.openverse.org/v1/, docs.openverse.org).

    GET images/: q of 200 characters at most; anonymous requests with page_size over 20 answer 401; the answer holds
    result_count, page_count, page_size, page and results, and page_count ends where pages may not be asked for any
    more (240 results for the anonymous). POST auth_tokens/token/ with a form of grant_type=client_credentials answers
    {access_token, expires_in: 36000, token_type: Bearer}. Every answer says X-RateLimit-Limit-NAME ("20/min",
    "200/day") and X-RateLimit-Available-NAME for each limit.
    """

    def __init__(self, web: Loopback, results: int) -> None:
        self.results = results
        self.searches: list[Request] = []
        self.tokens: list[Request] = []
        self.available = {"anon_burst": ("20/min", 19), "anon_sustained": ("200/day", 199)}
        web.serve("/v1/images/", self._search)
        web.serve("/v1/auth_tokens/token/", self._token)
        self.url = web.url("/v1")

    def _token(self, request: Request) -> Reply:
        self.tokens.append(request)
        expected = {"grant_type": "client_credentials", "client_id": "me", "client_secret": "hush"}
        if request.form != expected:
            return json_reply({"error": "invalid_client"}, 401)
        return json_reply({"access_token": "T", "expires_in": 36000, "token_type": "Bearer", "scope": "read"})

    def _search(self, request: Request) -> Reply:
        self.searches.append(request)
        query = request.query
        known = request.headers.get("Authorization") == "Bearer T"
        size, page = int(query["page_size"]), int(query["page"])
        assert len(query["q"]) <= 200
        if size > 20 and not known:
            return json_reply({"detail": "page_size must be 20 or less for anonymous requests"}, 401)
        reachable = min(self.results, 10_000 if known else 240)
        pages = -(-reachable // size)
        assert page <= max(pages, 1)
        here = range((page - 1) * size, min(page * size, self.results))
        told = {f"X_RateLimit_Limit-{name}": limit for name, (limit, _) in self.available.items()}
        told |= {f"X_RateLimit_Available-{name}": str(left) for name, (_, left) in self.available.items()}
        answer = {"result_count": self.results, "page_count": pages, "page_size": size, "page": page}
        return json_reply(answer | {"results": [_openverse_result(number) for number in here]}, **told)


def _openverse_result(number: int) -> dict[str, Any]:
    return {
        "id": f"{number:08}-0000",
        "title": f"Picture {number}",
        "foreign_landing_url": f"https://photos.example/{number}",
        "url": f"https://photos.example/{number}.jpg",
        "creator": "Jo Doe" if number else None,
        "license": "by-sa",
        "license_version": "4.0",
        "license_url": "https://creativecommons.org/licenses/by-sa/4.0/",
        "provider": "flickr",
        "source": "flickr",
        "filesize": None,
        "height": 10,
        "width": 10,
        "tags": [],
    }


def openverse(double: OpenverseDouble, web: Loopback, time: FakeTime | None = None, **environment: str) -> Openverse:
    time = time or FakeTime()
    settings = settings_for(web, crawl={"openverse_api": double.url, "licences": ("by", "by-sa", "cc0")})
    return Openverse(settings.crawl, Fetcher(settings, Manners(settings.fetch, time.clock, time.sleep)), environment)


def test_openverse_without_credentials_gives_what_the_server_says_is_there(web: Loopback) -> None:
    double = OpenverseDouble(web, results=300)
    found = list(openverse(double, web).candidates(person("ada")))
    assert len(found) == 240
    assert found[1] == Candidate(
        identity_id="ada",
        source="openverse",
        url="https://photos.example/1.jpg",
        page_url="https://photos.example/1",
        rank=1,
        title="Picture 1",
        licence="CC BY-SA 4.0",
        licence_url="https://creativecommons.org/licenses/by-sa/4.0/",
        author="Jo Doe",
        found_by='search for "Ada" in flickr',
        file_id="00000001-0000",
    )
    assert found[0].author == ""
    assert [request.query["page"] for request in double.searches] == [str(number) for number in range(1, 13)]
    assert {request.query["license"] for request in double.searches} == {"by,by-sa,cc0"}
    assert {request.query["q"] for request in double.searches} == {'"Ada"'}
    assert double.tokens == []


def test_openverse_with_credentials_takes_one_token_for_all_and_larger_pages(web: Loopback) -> None:
    double = OpenverseDouble(web, results=300)
    source = openverse(double, web, OPENVERSE_CLIENT_ID="me", OPENVERSE_CLIENT_SECRET="hush")
    assert len(list(source.candidates(person("ada")))) == 300
    assert len(list(source.candidates(person("ben")))) == 300
    assert len(double.tokens) == 1
    assert {request.query["page_size"] for request in double.searches} == {"50"}


def test_openverse_refused_credentials_are_named_and_not_shown(web: Loopback) -> None:
    double = OpenverseDouble(web, results=1)
    source = openverse(double, web, OPENVERSE_CLIENT_ID="me", OPENVERSE_CLIENT_SECRET="wrong-secret")
    with pytest.raises(SourceError, match="HTTP status 401") as caught:
        list(source.candidates(person("ada")))
    assert "wrong-secret" not in str(caught.value)
    with pytest.raises(SourceError, match="needs both OPENVERSE_CLIENT_ID and OPENVERSE_CLIENT_SECRET"):
        openverse(double, web, OPENVERSE_CLIENT_ID="me")


def test_whoever_has_enough_of_openverse_asks_for_no_further_page(web: Loopback) -> None:
    double = OpenverseDouble(web, results=300)
    candidates = openverse(double, web).candidates(person("ada"))
    for _ in range(20):
        next(candidates)
    assert len(double.searches) == 1


def test_an_empty_limit_of_openverse_pauses_for_its_window_or_ends_the_run(web: Loopback) -> None:
    double = OpenverseDouble(web, results=40)
    double.available["anon_burst"] = ("20/min", 0)
    time = FakeTime()
    assert len(list(openverse(double, web, time).candidates(person("ada")))) == 40
    assert time.now == pytest.approx(60, abs=1)
    double.available["anon_sustained"] = ("200/day", 0)
    with pytest.raises(SourceError, match=r"left alone for 24 h 0 min; run again later"):
        list(openverse(double, web, FakeTime()).candidates(person("ada")))


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, 0),
        ({"X-RateLimit-Limit-burst": "5/second", "X-RateLimit-Available-burst": "1"}, 0),
        ({"X-RateLimit-Limit-burst": "5/second", "X-RateLimit-Available-burst": "0"}, 1),
        ({"x-ratelimit-limit-a": "9/hour", "x-ratelimit-available-a": "-1", "x-ratelimit-available-b": "0"}, 3600),
        ({"X-RateLimit-Available-burst": "many"}, 0),
    ],
)
def test_rate_limit_headers(headers: dict[str, str], seconds: float) -> None:
    assert seconds_until_allowed(headers) == seconds


def test_nothing_at_openverse_concerns_that_person_alone(web: Loopback) -> None:
    with pytest.raises(NoPhotographs, match=r"^Ada: "):
        list(openverse(OpenverseDouble(web, results=0), web).candidates(person("ada")))
    double = OpenverseDouble(web, results=0)
    web.serve("/v1/images/", json_reply({"hello": 1}))
    with pytest.raises(SourceError, match="not as Openverse does"):
        list(openverse(double, web).candidates(person("ada")))


# ------------------------------------------------------------------------------------------------------------- flickr

LICENCES = [
    {"id": 0, "name": "All Rights Reserved", "url": ""},
    {"id": 4, "name": "Attribution License", "url": "https://creativecommons.org/licenses/by/2.0/"},
    {"id": 5, "name": "Attribution-ShareAlike License", "url": "https://creativecommons.org/licenses/by-sa/2.0/"},
    {"id": 7, "name": "No known copyright restrictions", "url": "https://www.flickr.com/commons/usage/"},
    {"id": 9, "name": "CC0 1.0", "url": "https://creativecommons.org/publicdomain/zero/1.0/"},
    {"id": 11, "name": "CC BY 4.0", "url": "https://creativecommons.org/licenses/by/4.0/"},
]


class FlickrDouble:
    """Answers as api.flickr.com/services/rest/ does, by www.flickr.com/services/api.

    A method is a GET or a POST; format=json with nojsoncallback=1 answers plain JSON with stat ok, or stat fail with
    code and message (100: invalid key, 105: service unavailable) and HTTP status 200. flickr.photos.search takes
    `license` (a list of ids; the unknown argument `licence` is ignored) and `extras`, answers
    photos.{page, pages, perpage, total, photo[]}, and gives the first 4,000 results alone: pages past them repeat
    the last one. date_taken adds datetaken, datetakengranularity (0 day, 4 month, 6 year, 8 circa) and
    datetakenunknown; a size that the owner withholds has no url_*.
    """

    def __init__(self, web: Loopback, photos: list[dict[str, Any]], total: int | None = None) -> None:
        self.photos = photos
        self.total = len(photos) if total is None else total
        self.calls: list[dict[str, str]] = []
        self.url = web.serve("/services/rest/", self._answer)

    def _answer(self, request: Request) -> Reply:
        assert request.query == {}  # nothing secret in an address
        form = request.form
        self.calls.append(form)
        assert (form["format"], form["nojsoncallback"]) == ("json", "1")
        if form["api_key"] != "key":
            return json_reply({"stat": "fail", "code": 100, "message": "Invalid API Key (Key has invalid format)"})
        if form["method"] == "flickr.photos.licenses.getInfo":
            return json_reply({"licenses": {"license": LICENCES}, "stat": "ok"})
        assert form["method"] == "flickr.photos.search" and "licence" not in form
        size, page = int(form["per_page"]), int(form["page"])
        assert size <= 500 and (page - 1) * size < 4000
        here = self.photos[(page - 1) * size : page * size]
        pages = -(-self.total // size)
        found = {"page": page, "pages": pages, "perpage": size, "total": self.total, "photo": here}
        return json_reply({"photos": found, "stat": "ok"})


def photo(number: int, **changes: Any) -> dict[str, Any]:
    plain = {
        "id": str(number),
        "owner": "7@N00",
        "secret": "s",
        "server": "1",
        "title": f"Photo {number}",
        "license": "5",
        "ownername": "Jo Doe",
        "datetaken": "2011-09-25 14:22:10",
        "datetakengranularity": 0,
        "datetakenunknown": "0",
        "url_l": f"https://live.example/{number}_b.jpg",
        "url_o": f"https://live.example/{number}_o.jpg",
    }
    return plain | changes


def flickr(double: FlickrDouble, web: Loopback, key: str = "key", **crawl: Any) -> Flickr:
    settings = settings_for(web, crawl={"flickr_api": double.url} | crawl)
    time = FakeTime()
    fetcher = Fetcher(settings, Manners(settings.fetch, time.clock, time.sleep))
    return Flickr(settings.crawl, fetcher, {"FLICKR_API_KEY": key})


def test_flickr_is_asked_once_a_page_and_for_the_wanted_licences_alone(web: Loopback) -> None:
    double = FlickrDouble(web, [photo(number) for number in range(600)])
    found = list(flickr(double, web, licences=("by", "cc0", "by-sa")).candidates(person("ada")))
    assert len(found) == 600
    assert found[0] == Candidate(
        identity_id="ada",
        source="flickr",
        url="https://live.example/0_b.jpg",
        page_url="https://www.flickr.com/photos/7@N00/0",
        rank=0,
        title="Photo 0",
        licence="Attribution-ShareAlike License",
        licence_url="https://creativecommons.org/licenses/by-sa/2.0/",
        author="Jo Doe",
        taken_on="2011-09-25",
        found_by='search for "Ada"',
        file_id="0",
    )
    assert [call["method"].rpartition(".")[2] for call in double.calls] == ["getInfo", "search", "search", "search"]
    assert {call["license"] for call in double.calls[1:]} == {"4,5,9,11"}
    assert {call["text"] for call in double.calls[1:]} == {'"Ada"'}


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, "2011-09-25"),
        ({"datetakengranularity": 4}, "2011-09"),
        ({"datetakengranularity": "6"}, "2011"),
        ({"datetakengranularity": 8}, None),
        ({"datetakenunknown": "1"}, None),
        ({"datetaken": "0000-00-00 00:00:00"}, None),
    ],
)
def test_flickr_dates_say_no_more_than_is_certain(web: Loopback, changes: dict[str, Any], expected: str | None) -> None:
    (candidate,) = flickr(FlickrDouble(web, [photo(1, **changes)]), web).candidates(person("ada"))
    assert candidate.taken_on == expected


def test_flickr_photographs_without_a_size_or_of_another_licence_are_left_out(web: Loopback) -> None:
    photos = [
        photo(1, url_l=None, url_o=None),
        photo(2, license="0"),
        photo(3, url_l=None),
        photo(4, url_l=None, url_o=None, url_z="https://live.example/4_z.jpg"),
    ]
    found = list(flickr(FlickrDouble(web, photos), web).candidates(person("ada")))
    assert [candidate.url for candidate in found] == ["https://live.example/3_o.jpg", "https://live.example/4_z.jpg"]
    assert [candidate.rank for candidate in found] == [0, 1]


def test_flickr_is_not_asked_past_the_results_that_it_gives(web: Loopback) -> None:
    double = FlickrDouble(web, [photo(number) for number in range(4000)], total=9000)
    assert len(list(flickr(double, web).candidates(person("ada")))) == 4000
    assert len(double.calls) == 1 + 16


def test_flickr_says_what_is_wrong_with_the_key_without_showing_it(web: Loopback) -> None:
    double = FlickrDouble(web, [])
    with pytest.raises(SourceError, match=r"Invalid API Key .*check FLICKR_API_KEY") as caught:
        list(flickr(double, web, key="my-secret").candidates(person("ada")))
    assert "my-secret" not in str(caught.value)
    with pytest.raises(SourceError, match="environment variable FLICKR_API_KEY"):
        flickr(double, web, key="")
    with pytest.raises(SourceError, match="knows none of the licences pdm"):
        list(flickr(double, web, licences=("pdm",)).candidates(person("ada")))
    with pytest.raises(NoPhotographs, match=r"^Ada: "):
        list(flickr(double, web).candidates(person("ada")))


def test_flickr_is_asked_again_where_it_is_out_of_service(web: Loopback) -> None:
    double = FlickrDouble(web, [photo(1)])
    away = json_reply({"stat": "fail", "code": 105, "message": "Service currently unavailable"})
    web.serve("/services/rest/", away, double._answer)
    assert len(list(flickr(double, web).candidates(person("ada")))) == 1


def test_a_redirect_carries_no_secret_to_another_address(web: Loopback) -> None:
    elsewhere: list[Request] = []

    def note(request: Request) -> Reply:
        elsewhere.append(request)
        return json_reply({"stat": "ok", "page_count": 0})

    double = OpenverseDouble(web, results=1)
    web.serve("/elsewhere", note)
    web.serve("/v1/images/", Reply(status=302, headers=(("Location", web.url("/elsewhere")),)))
    source = openverse(double, web, OPENVERSE_CLIENT_ID="me", OPENVERSE_CLIENT_SECRET="hush")
    with pytest.raises(NoPhotographs):
        list(source.candidates(person("ada")))
    (request,) = elsewhere
    assert request.headers.get("Authorization") is None and request.form == {}
