"""The demo's files, thumbnails and pages, over real HTTP as Wikimedia Commons serves them."""

import io

import pytest
from demo_client import Client, first, info_of, wide_photo
from PIL import Image

from facecorpus.demo.urls import THUMB_WIDTHS
from facecorpus.demo.world import DemoWorld


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
