"""The demo's API answers as that of Wikimedia Commons does."""

import hashlib
from collections import Counter

import pytest
from demo_client import IMAGEINFO, Client, first, info_of, wide_photo

from facecorpus.demo.world import DemoWorld


def test_paging_through_the_categories_gives_every_file_exactly_once(client: Client, world: DemoWorld) -> None:
    seen: Counter[str] = Counter()
    person_of = {world.title_of(row.file): row.query_identity for row in world.truth}
    for person in world.identities:
        subcategories = [page["title"] for page in client.category(person.name, "subcat", gcmlimit="500")]
        assert len(subcategories) == 1
        for category in (person.name, subcategories[0].removeprefix("Category:")):
            titles = [page["title"] for page in client.category(category, "file", gcmlimit="7")]
            assert titles
            seen.update(titles)
            for title in titles:
                assert person_of[title] == person.identity_id
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
