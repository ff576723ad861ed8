"""The demo's little web: what is packed, and that it answers as Wikimedia Commons does, over real HTTP."""

import hashlib
import io
import runpy
import socket
import zipfile
from collections import Counter
from collections.abc import Iterator
from importlib import resources
from pathlib import Path
from typing import Any

import pytest
import requests
from PIL import Image, ImageOps

from facecorpus.demo.server import DemoServer
from facecorpus.demo.urls import THUMB_WIDTHS
from facecorpus.demo.world import ARCHIVE, LARGEST_ARCHIVE, DemoWorld, Truth
from facecorpus.errors import FacecorpusError
from facecorpus.manifest import SUBGROUPS, read_manifest

AGENT = {"User-Agent": "facecorpus-tests/1.0 (tests@example.org)"}
IMAGEINFO = {
    "prop": "imageinfo",
    "iiprop": "url|size|mime|sha1|extmetadata|timestamp|user|mediatype",
    "iiurlwidth": "960",
}


@pytest.fixture(scope="module")
def world() -> DemoWorld:
    return DemoWorld()


class Client:
    """A polite client: it says who it is, and comes again after 429, 503 and maxlag."""

    def __init__(self, server: DemoServer) -> None:
        self.server = server
        self.session = requests.Session()
        self.session.trust_env = False
        self.session.headers.update(AGENT)

    def get(self, url: str, **kwargs: Any) -> requests.Response:
        response = self.session.get(url, timeout=20, allow_redirects=False, **kwargs)
        again = response.status_code in (429, 503) or response.headers.get("MediaWiki-API-Error") == "maxlag"
        return self.session.get(url, timeout=20, allow_redirects=False, **kwargs) if again else response

    def once(self, url: str, **kwargs: Any) -> requests.Response:
        return self.session.get(url, timeout=20, allow_redirects=False, **kwargs)

    def query(self, **params: str) -> dict[str, Any]:
        fixed = {"action": "query", "format": "json", "formatversion": "2"}
        answer: dict[str, Any] = self.get(self.server.api_url, params=fixed | params).json()
        return answer

    def pages(self, **params: str) -> Iterator[dict[str, Any]]:
        """Every page of a query, a page as often as it comes, following `continue`."""
        following: dict[str, str] = {}
        while True:
            answer = self.query(**(params | following))
            yield from answer.get("query", {}).get("pages", ())
            if "continue" not in answer:
                return
            following = answer["continue"]

    def category(self, name: str, kind: str, **params: str) -> Iterator[dict[str, Any]]:
        asked = {"generator": "categorymembers", "gcmtitle": f"Category:{name}", "gcmtype": kind, "maxlag": "5"}
        return self.pages(**(asked | params))

    def close(self) -> None:
        self.session.close()


@pytest.fixture(scope="module")
def client(world: DemoWorld) -> Iterator[Client]:
    """One server for the tests that do not count its faults."""
    with DemoServer(world, port=0) as server:
        client = Client(server)
        yield client
        client.close()


@pytest.fixture
def fresh(world: DemoWorld) -> Iterator[Client]:
    """A server that nobody has asked anything yet."""
    with DemoServer(world, port=0) as server:
        client = Client(server)
        yield client
        client.close()


def info_of(client: Client, file: str, **params: str) -> dict[str, Any]:
    """The imageinfo of one file."""
    answer = client.query(titles=client.server.site.world.title_of(file), **(IMAGEINFO | params))
    info: dict[str, Any] = answer["query"]["pages"][0]["imageinfo"][0]
    return info


def first(world: DemoWorld, **wanted: object) -> Truth:
    """The first row with these values that has not opted out."""
    return next(
        row
        for row in world.truth
        if row.file not in world.opted_out and all(getattr(row, key) == value for key, value in wanted.items())
    )


def wide_photo(world: DemoWorld) -> Truth:
    """A JPEG photograph wider than 250 pixels."""
    return next(row for row in world.truth if row.format == "jpeg" and row.kind == "photo" and (row.width or 0) > 340)


# What is packed


def test_the_archive_is_small_enough_to_ship() -> None:
    data = resources.files("facecorpus.demo").joinpath(ARCHIVE).read_bytes()
    assert len(data) <= LARGEST_ARCHIVE == 12 * 1024 * 1024


def test_the_truth_speaks_of_exactly_the_packed_files(world: DemoWorld) -> None:
    with zipfile.ZipFile(io.BytesIO(resources.files("facecorpus.demo").joinpath(ARCHIVE).read_bytes())) as archive:
        packed = set(archive.namelist())
        assert {member.compress_type for member in archive.infolist()} == {zipfile.ZIP_STORED}
    files = [row.file for row in world.truth]
    assert len(files) == len(set(files))
    assert packed == {*files, "README.md", "identities.csv", "truth.csv"}


def test_everybody_is_there_in_all_24_subgroups_with_as_many_photographs_as_the_others(world: DemoWorld) -> None:
    assert len(world.identities) == 77
    assert {f"{p.gender}/{p.age_group}/{p.race}" for p in world.identities} == set(SUBGROUPS)
    photos = Counter(row.query_identity for row in world.truth if row.kind == "photo")
    assert set(photos) == {person.identity_id for person in world.identities}
    assert min(photos.values()) >= 12
    assert max(photos.values()) - min(photos.values()) <= 2


def test_every_kind_of_dirt_and_every_format_is_there(world: DemoWorld) -> None:
    kinds = Counter(row.kind for row in world.truth)
    formats = Counter(row.format for row in world.truth)
    dirt = {"exact_duplicate", "near_duplicate", "wrong_person", "group", "no_face", "tiny", "broken"}
    assert set(kinds) == {"photo", *dirt}
    assert min(kinds.values()) >= 10
    assert set(formats) == {
        "jpeg",
        "jpeg_grey",
        "jpeg_cmyk",
        "jpeg_exif",
        "png",
        "bmp",
        "gif",
        "webp",
        "lying",
    }
    assert min(formats.values()) >= 3


def test_the_originals_of_all_duplicates_are_there_and_exact_ones_are_equal(world: DemoWorld) -> None:
    copies = [row for row in world.truth if row.duplicate_of]
    assert {row.kind for row in copies} == {"exact_duplicate", "near_duplicate", "tiny", "wrong_person"}
    for row in copies:
        assert row.duplicate_of is not None
        original = world.truth_of(row.duplicate_of)
        if row.kind == "wrong_person":  # reposted under another's name, with or without new bytes
            assert original.query_identity == row.true_identity != row.query_identity
        else:
            same = world.read(row.file) == world.read(original.file)
            assert same == (row.kind == "exact_duplicate"), row.file


def test_the_truth_has_the_size_of_the_upright_pictures(world: DemoWorld) -> None:
    for row in world.truth[::9]:
        if row.kind != "broken":
            with Image.open(io.BytesIO(world.read(row.file))) as picture:
                assert ImageOps.exif_transpose(picture).size == (row.width, row.height), row.file


def test_the_truth_is_typed_and_empty_fields_are_none(world: DemoWorld) -> None:
    broken, group = first(world, kind="broken"), first(world, kind="group")
    assert (broken.true_identity, broken.face_x, broken.width, broken.taken_on) == (None,) * 4
    assert group.face_w is not None and group.face_w > 20
    assert all(other.identity_id.startswith("id") and other.width > 0 and other.height > 0 for other in group.others)
    assert len(group.others) >= 1


def test_packing_the_unpacked_archive_gives_the_same_bytes(world: DemoWorld, tmp_path: Path) -> None:
    script = runpy.run_path(str(Path(__file__).parents[2] / "benchmarks" / "make_demo_world.py"))
    data = resources.files("facecorpus.demo").joinpath(ARCHIVE).read_bytes()
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        archive.extractall(tmp_path)
    entries = script["read_entries"](tmp_path)
    assert len(script["choose"](entries)) < len(entries) == len(world.truth)  # it would drop some dirt again
    assert script["pack"](tmp_path, entries) == data


def test_the_archive_carries_its_licence(world: DemoWorld) -> None:
    assert "CC0 1.0" in world.licence
    assert "MakeHuman" in world.licence
    assert "No real person" in world.licence


def test_the_manifest_is_valid_and_collects_nobody_under_age(world: DemoWorld, tmp_path: Path) -> None:
    path = tmp_path / "manifest.csv"
    world.write_manifest(path)
    manifest = read_manifest(path)
    assert [(i.identity_id, i.name) for i in manifest.identities] == [(p.identity_id, p.name) for p in world.identities]
    assert all(identity.commons_category == identity.name for identity in manifest.identities)
    assert not any(identity.wikidata_id or identity.wikipedia_title for identity in manifest.identities)
    assert all(identity.photos_from - identity.birth_year >= 19 for identity in manifest.identities)
    assert all("renderer" in identity.race_source for identity in manifest.identities)
    held = Counter(
        row.query_identity
        for row in world.truth
        if row.kind == "photo" and manifest[row.query_identity].holds_on(row.taken_on)
    )
    assert len(held) == 77
    assert held.total() > 800


def test_a_url_leads_back_to_its_file_on_whatever_port(world: DemoWorld) -> None:
    titles = {world.title_of(row.file) for row in world.truth}
    assert len(titles) == len(world.truth)
    row = world.truth[0]
    title = world.title_of(row.file)
    assert title.startswith(f"File:{world.identities[0].name} ")
    name = title.removeprefix("File:").replace(" ", "_")
    digest = hashlib.md5(name.encode()).hexdigest()
    folder = f"{digest[0]}/{digest[:2]}"
    for url in (
        f"http://127.0.0.1:1234/images/{folder}/{name}",
        f"http://127.0.0.1:8765/images/thumb/{folder}/{name}/250px-{name}",
        f"http://localhost/wiki/File:{name}",
    ):
        assert world.file_of_url(url) == row.file
    assert world.file_of_url("http://127.0.0.1:8765/wiki/File:Nobody.jpg") is None
    assert world.file_of_url("http://127.0.0.1:8765/w/api.php") is None


# The API


def test_paging_through_the_categories_gives_every_file_exactly_once(client: Client, world: DemoWorld) -> None:
    seen: Counter[str] = Counter()
    for person in world.identities:
        subcategories = [page["title"] for page in client.category(person.name, "subcat", gcmlimit="500")]
        assert len(subcategories) == 1
        for category in (person.name, subcategories[0].removeprefix("Category:")):
            titles = [page["title"] for page in client.category(category, "file", gcmlimit="7")]
            assert titles
            seen.update(titles)
            for title in titles:
                file = world.file_of_title(title)
                assert file and world.truth_of(file).query_identity == person.identity_id
    assert seen == Counter(world.title_of(row.file) for row in world.truth)


def test_list_and_generator_agree(client: Client, world: DemoWorld) -> None:
    name = world.identities[3].name
    answer = client.query(list="categorymembers", cmtitle=f"Category:{name}", cmtype="file|subcat", cmlimit="2")
    assert [page["ns"] for page in answer["query"]["categorymembers"]] == [14, 6]
    listed = [page["title"] for page in answer["query"]["categorymembers"]]
    while "continue" in answer:
        answer = client.query(
            list="categorymembers",
            cmtitle=f"Category:{name}",
            cmtype="file|subcat",
            cmlimit="2",
            **answer["continue"],
        )
        listed += [page["title"] for page in answer["query"]["categorymembers"]]
    assert sorted(listed) == sorted(page["title"] for page in client.category(name, "file|subcat"))


def test_imageinfo_has_the_true_sha1_and_size_and_the_type_that_the_ending_promises(
    client: Client, world: DemoWorld
) -> None:
    for wanted in ({"format": "jpeg"}, {"format": "jpeg_exif"}, {"format": "lying"}, {"format": "bmp"}):
        row = first(world, kind="photo", **wanted)
        info = info_of(client, row.file)
        data = world.read(row.file)
        assert info["sha1"] == hashlib.sha1(data).hexdigest()
        assert (info["size"], info["width"], info["height"]) == (len(data), row.width, row.height)
        body = client.get(info["url"])
        assert body.content == data
        assert body.headers["Content-Type"] == info["mime"]
    lying = first(world, format="lying")
    assert info_of(client, lying.file)["mime"] == "image/png"
    assert world.read(lying.file).startswith(b"\xff\xd8")


def test_imageinfo_states_licence_author_date_and_caption(client: Client, world: DemoWorld) -> None:
    row = first(world, kind="photo")
    extmetadata = info_of(client, row.file)["extmetadata"]
    values = {key: entry["value"] for key, entry in extmetadata.items()}
    assert all(set(entry) == {"value", "source"} for entry in extmetadata.values())
    assert (values["LicenseShortName"], values["License"]) == ("CC0", "cc0")
    assert "publicdomain/zero" in values["LicenseUrl"]
    assert row.taken_on in values["DateTimeOriginal"]
    assert "<a href=" in values["Artist"] and "<" in values["ImageDescription"]
    assert "DateTimeOriginal" not in info_of(client, first(world, kind="broken").file)["extmetadata"]


def test_imageinfo_gives_only_the_properties_asked_for(client: Client, world: DemoWorld) -> None:
    assert set(info_of(client, world.truth[0].file, iiprop="sha1|mime")) == {"sha1", "mime"}


def test_thumburl_is_the_original_where_that_is_narrower(client: Client, world: DemoWorld) -> None:
    info = info_of(client, wide_photo(world).file, iiurlwidth="960")
    assert info["thumburl"] == info["url"]
    assert (info["thumbwidth"], info["thumbheight"]) == (info["width"], info["height"])


def test_broken_files_are_listed_and_served_as_they_are(client: Client, world: DemoWorld) -> None:
    rows = {row.transform: row for row in world.truth if row.kind == "broken"}
    assert set(rows) == {"empty", "garbage", "header_only", "html", "truncated"}
    for how, row in rows.items():
        info = info_of(client, row.file)
        assert (info["width"] > 0) == (how == "truncated")
        assert ("thumburl" in info) == (how == "truncated")
        assert client.get(info["url"]).content == world.read(row.file)


def test_more_than_50_thumbnails_come_in_the_next_answers(client: Client, world: DemoWorld) -> None:
    titles = "|".join(world.title_of(row.file) for row in world.truth[:50])
    pages = client.query(titles=titles, **IMAGEINFO)["query"]["pages"]
    assert len(pages) == 50
    assert all("imageinfo" in page for page in pages)
    error = client.query(titles=titles + "|File:One more.jpg", **IMAGEINFO)["error"]
    assert error["code"] == "toomanyvalues"


def test_a_batch_with_unfinished_imageinfo_continues_with_the_same_members(
    client: Client, world: DemoWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("facecorpus.demo.mediawiki.THUMBNAILS_A_CALL", 3)
    name = world.identities[0].name
    everything = [page["title"] for page in client.category(name, "file", gcmlimit="500")]
    assert len(everything) > 6
    pages = list(client.category(name, "file", gcmlimit="5", **IMAGEINFO))
    assert len(pages) > len(everything)
    assert [page["title"] for page in pages if "imageinfo" in page] == everything


def test_missing_pages_and_categories_are_answered_as_mediawiki_does(client: Client) -> None:
    assert list(client.category("Nobody at all", "file")) == []
    assert client.query(generator="categorymembers", gcmtitle="Category:Nobody") == {"batchcomplete": True}
    listed = client.query(list="categorymembers", cmtitle="Category:Nobody")
    assert listed == {"batchcomplete": True, "query": {"categorymembers": []}}
    query = client.query(titles="file:nobody_here.jpg", prop="imageinfo")["query"]
    assert query["normalized"][0]["to"] == "File:Nobody here.jpg"
    assert query["pages"] == [{"ns": 6, "title": "File:Nobody here.jpg", "missing": True, "imagerepository": ""}]


@pytest.mark.parametrize(
    ("params", "code"),
    [
        ({"action": "edit"}, "badvalue"),
        ({"formatversion": "1", "titles": "X"}, "badvalue"),
        ({"generator": "categorymembers"}, "missingparam"),
        ({"generator": "categorymembers", "gcmtitle": "File:X.jpg"}, "invalidcategory"),
        ({"generator": "categorymembers", "gcmtitle": "Category:X", "gcmlimit": "many"}, "badinteger"),
        ({"generator": "categorymembers", "gcmtitle": "Category:X", "gcmlimit": "0"}, "badinteger"),
        ({"generator": "categorymembers", "gcmtitle": "Category:X", "gcmcontinue": "file|0|0"}, "badcontinue"),
        ({"generator": "allpages"}, "badvalue"),
    ],
)
def test_a_bad_parameter_is_answered_in_mediawikis_shape(client: Client, params: dict[str, str], code: str) -> None:
    fixed = {"action": "query", "format": "json", "formatversion": "2"}
    response = client.get(client.server.api_url, params=fixed | params)
    assert response.status_code == 200
    assert response.headers["MediaWiki-API-Error"] == code
    assert response.json()["error"]["code"] == code
    assert response.json()["error"]["info"]


def test_maxlag_is_refused_with_status_200_and_retry_after(client: Client) -> None:
    response = client.once(
        client.server.api_url, params={"action": "query", "format": "json", "formatversion": "2", "maxlag": "-2"}
    )
    assert response.status_code == 200
    assert int(response.headers["Retry-After"]) >= 1
    assert response.json()["error"]["code"] == "maxlag"
    assert "lag" in response.json()["error"]


# Files, thumbnails, pages


def test_a_thumbnail_has_the_width_it_is_asked_for(client: Client, world: DemoWorld) -> None:
    row = wide_photo(world)
    info = info_of(client, row.file, iiurlwidth="250")
    assert "/images/thumb/" in info["thumburl"] and "/250px-" in info["thumburl"]
    response = client.get(info["thumburl"])
    assert response.headers["Content-Type"] == "image/jpeg"
    with Image.open(io.BytesIO(response.content)) as picture:
        assert picture.format == "JPEG"
        assert picture.size == (250, info["thumbheight"]) == (info["thumbwidth"], info["thumbheight"])


@pytest.mark.parametrize("kind", ["jpeg_cmyk", "jpeg_grey", "jpeg_exif", "png", "gif", "webp", "bmp", "lying"])
def test_every_format_has_thumbnails(client: Client, world: DemoWorld, kind: str) -> None:
    row = first(world, kind="photo", format=kind)
    info = info_of(client, row.file, iiurlwidth="60")
    assert info["thumbwidth"] == 60
    assert world.file_of_url(info["thumburl"]) == row.file
    response = client.get(info["thumburl"])
    with Image.open(io.BytesIO(response.content)) as picture:
        assert picture.size == (60, info["thumbheight"])
        assert response.headers["Content-Type"] == f"image/{str(picture.format).lower()}"


def test_other_widths_are_refused(client: Client, world: DemoWorld) -> None:
    url = info_of(client, wide_photo(world).file, iiurlwidth="250")["thumburl"]
    for width in (1, 249, 300, 640):
        assert width not in THUMB_WIDTHS
        assert client.get(url.replace("/250px-", f"/{width}px-")).status_code == 400
    assert client.get(url.replace("/250px-", "/3840px-")).status_code == 400  # wider than the original
    assert client.get(url.replace("/250px-", "/120px-")).status_code == 200


def test_thumbnails_of_broken_files_fail(client: Client, world: DemoWorld) -> None:
    row = first(world, kind="broken", transform="truncated")
    url = info_of(client, row.file, iiurlwidth="60")["thumburl"]
    assert client.get(url).status_code == 500


def test_unknown_paths_are_not_found(client: Client, world: DemoWorld) -> None:
    path = info_of(client, world.truth[0].file)["url"].removeprefix(client.server.base_url)
    wrong_folder = f"/images/0/00/{path.rpartition('/')[2]}"
    assert path != wrong_folder
    for missing in (wrong_folder, "/images/a/ab/Nobody.jpg", "/wiki/File:Nobody.jpg", "/private/", "/favicon.ico"):
        assert client.get(client.server.base_url + missing).status_code == 404


def test_a_file_page_shows_caption_and_licence(client: Client, world: DemoWorld) -> None:
    row = first(world, kind="photo")
    info = info_of(client, row.file)
    page = client.get(info["descriptionurl"])
    assert page.headers["Content-Type"].startswith("text/html")
    assert world.identities[0].name in page.text
    assert "invented person" in page.text and ">CC0</a>" in page.text
    short = client.get(info["descriptionshorturl"])
    assert (short.status_code, client.server.base_url + short.headers["Location"]) == (301, info["descriptionurl"])


def test_the_web_can_be_walked_in_a_browser(client: Client, world: DemoWorld) -> None:
    base = client.server.base_url
    home = client.get(base + client.get(base).headers["Location"])
    assert home.text.count("/wiki/Category:") == 77
    name = world.identities[0].name.replace(" ", "_")
    assert f"/wiki/File:{name}_" in client.get(f"{base}/wiki/Category:{name}").text
    assert "MakeHuman" in client.get(f"{base}/wiki/User:Facecorpus_demo_renderer").text


def test_robots_txt_allows_files_and_the_api_but_not_private_or_opted_out_paths(
    client: Client, world: DemoWorld
) -> None:
    from protego import Protego

    base = client.server.base_url
    robots = Protego.parse(client.get(f"{base}/robots.txt").text)
    assert robots.can_fetch(client.server.api_url, "facecorpus")
    assert not robots.can_fetch(f"{base}/private/anything", "facecorpus")
    refused = set()
    for row in world.truth:
        if not robots.can_fetch(info_of(client, row.file)["url"], "facecorpus"):
            refused.add(row.file)
            thumb = info_of(client, row.file, iiurlwidth="60")["thumburl"]
            assert not robots.can_fetch(thumb, "facecorpus")
    assert refused == {file for file, how in world.opted_out.items() if how == "robots.txt"}
    assert refused


def test_opt_outs_are_photographs_and_say_so_in_their_headers(client: Client, world: DemoWorld) -> None:
    assert len(world.opted_out) == 3
    originals = {row.duplicate_of for row in world.truth}
    for file, how in world.opted_out.items():
        assert world.truth_of(file).kind == "photo" and file not in originals
        response = client.get(info_of(client, file)["url"])
        assert response.headers.get("X-Robots-Tag") == ("noai" if how == "X-Robots-Tag" else None)
    assert set(world.opted_out.values()) == {"robots.txt", "X-Robots-Tag"}


def test_a_client_that_has_the_bytes_is_answered_304(client: Client, world: DemoWorld) -> None:
    url = info_of(client, first(world, kind="photo").file)["url"]
    response = client.get(url)
    tag, date = response.headers["ETag"], response.headers["Last-Modified"]
    for headers, status in (
        ({"If-None-Match": tag}, 304),
        ({"If-None-Match": f'"other", W/{tag}'}, 304),
        ({"If-None-Match": '"other"'}, 200),
        ({"If-None-Match": '"other"', "If-Modified-Since": date}, 200),
        ({"If-Modified-Since": date}, 304),
        ({"If-Modified-Since": "Sat, 01 Jan 2000 00:00:00 GMT"}, 200),
        ({"If-Modified-Since": "yesterday"}, 200),
    ):
        again = client.get(url, headers=headers)
        assert again.status_code == status, headers
        assert again.content == (b"" if status == 304 else response.content)
        assert again.headers["ETag"] == tag


def test_head_has_the_headers_of_get_and_no_body(client: Client, world: DemoWorld) -> None:
    row = first(world, kind="photo")
    url = info_of(client, row.file)["url"]
    got = client.get(url)
    head = client.session.head(url, timeout=20)
    assert head.content == b""
    assert int(head.headers["Content-Length"]) == len(got.content) == len(world.read(row.file))
    assert head.headers["ETag"] == got.headers["ETag"]


# Faults and manners


@pytest.mark.parametrize("agent", ["", "python-requests/2.32", "curl/8.5.0"])
def test_a_client_that_does_not_say_who_it_is_is_refused(client: Client, agent: str) -> None:
    response = client.once(f"{client.server.base_url}/robots.txt", headers={"User-Agent": agent})
    assert response.status_code == 403


@pytest.mark.parametrize("agent", ["facecorpus/0.1", "bot (me@example.org)", "bot (+https://example.org/bot)"])
def test_a_client_that_names_tool_or_contact_is_served(client: Client, agent: str) -> None:
    response = client.once(f"{client.server.base_url}/robots.txt", headers={"User-Agent": agent})
    assert response.status_code == 200


def test_a_file_with_a_fault_is_refused_once_and_then_served(fresh: Client, world: DemoWorld) -> None:
    planned = fresh.server.site.faults.planned
    assert 3 <= Counter(planned.values())[429] <= len(world.truth) / 75
    assert Counter(planned.values())[503] == 1
    assert not set(planned) & set(world.opted_out)
    for file, status in planned.items():
        url = info_of(fresh, file)["url"]
        refused, served, again = (fresh.once(url) for _ in range(3))
        assert (refused.status_code, served.status_code, again.status_code) == (status, 200, 200)
        assert refused.headers["Retry-After"] == "1"
        assert served.content == world.read(file)


def test_files_without_a_planned_fault_are_served_at_once(fresh: Client, world: DemoWorld) -> None:
    files = [row.file for row in world.truth if row.file not in fresh.server.site.faults.planned]
    for file in files[::20]:
        assert fresh.once(info_of(fresh, file)["url"]).status_code == 200


def test_the_api_throttles_once_and_lags_once(fresh: Client, world: DemoWorld) -> None:
    params = {"action": "query", "format": "json", "formatversion": "2", "maxlag": "5"}
    answers = [fresh.once(fresh.server.api_url, params=params) for _ in range(30)]
    throttled = [answer for answer in answers if answer.status_code == 429]
    lagging = [answer for answer in answers if answer.headers.get("MediaWiki-API-Error") == "maxlag"]
    assert (len(throttled), len(lagging)) == (1, 1)
    assert throttled[0].headers["Retry-After"] == lagging[0].headers["Retry-After"] == "1"
    assert lagging[0].status_code == 200
    assert lagging[0].json()["error"]["code"] == "maxlag"


def test_a_new_server_has_its_faults_again(world: DemoWorld) -> None:
    plans = []
    for _ in range(2):
        with DemoServer(world, port=0) as server:
            plans.append(dict(server.site.faults.planned))
    assert plans[0] == plans[1]


# The server


def test_every_request_is_in_the_log(fresh: Client) -> None:
    fresh.once(f"{fresh.server.base_url}/robots.txt")
    fresh.once(f"{fresh.server.base_url}/wiki/Nothing?x=1")
    log = [(record.method, record.path, record.status) for record in fresh.server.requests]
    assert log == [("GET", "/robots.txt", 200), ("GET", "/wiki/Nothing?x=1", 404)]
    times = [record.time for record in fresh.server.requests]
    assert times == sorted(times)


def test_one_connection_serves_many_requests(fresh: Client) -> None:
    with socket.create_connection(("127.0.0.1", fresh.server.port), timeout=20) as connection:
        for _ in range(3):
            connection.sendall(b"GET /robots.txt HTTP/1.1\r\nHost: x\r\nUser-Agent: facecorpus\r\n\r\n")
            assert connection.recv(65536).startswith(b"HTTP/1.1 200")


def test_a_client_that_goes_away_disturbs_nobody(fresh: Client, world: DemoWorld, capfd: Any) -> None:
    largest = max(world.truth, key=lambda row: len(world.read(row.file)))
    path = info_of(fresh, largest.file)["url"].removeprefix(fresh.server.base_url)
    for _ in range(5):
        with socket.create_connection(("127.0.0.1", fresh.server.port)) as connection:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\x00\x00\x00\x00\x00\x00\x00")
            connection.sendall(f"GET {path} HTTP/1.1\r\nHost: x\r\nUser-Agent: facecorpus\r\n\r\n".encode())
    assert fresh.once(f"{fresh.server.base_url}/robots.txt").status_code == 200
    assert capfd.readouterr() == ("", "")


def test_the_server_stops_with_connections_open_and_its_port_can_be_used_again(world: DemoWorld) -> None:
    with DemoServer(world, port=0) as server:
        client = Client(server)
        assert client.once(f"{server.base_url}/robots.txt").status_code == 200
    with DemoServer(world, port=server.port) as again:
        assert again.api_url == server.api_url
        assert client.get(f"{again.base_url}/robots.txt").status_code == 200
    client.close()


def test_a_taken_port_is_said_in_one_sentence(world: DemoWorld) -> None:
    with DemoServer(world, port=0) as server, pytest.raises(FacecorpusError, match=rf"127\.0\.0\.1:{server.port}"):
        DemoServer(world, port=server.port)
