"""What the demo's wiki says of a file: prop=imageinfo of the MediaWiki API, with extmetadata of the licence."""

from collections.abc import Collection
from datetime import date, datetime, timedelta
from html import escape
from pathlib import PurePosixPath

from facecorpus.demo import urls
from facecorpus.demo.thumbnails import scaled_height
from facecorpus.demo.wiki import FilePage, Recorded, Wiki
from facecorpus.demo.world import digest_of

UPLOADER = "Facecorpus demo renderer"
LICENCE_NAME = "CC0"
LICENCE_URL = "http://creativecommons.org/publicdomain/zero/1.0/deed.en"

_ONE_IN_HAD_ANOTHER = 3  # files that had another version before
_MIME = {".jpg": "image/jpeg", ".png": "image/png", ".gif": "image/gif", ".webp": "image/webp", ".bmp": "image/bmp"}


def mime_of_name(name: str) -> str:
    """The type that a file's ending promises, which is not always the truth."""
    return _MIME[PurePosixPath(name).suffix.lower()]


def image_info(
    wiki: Wiki, page: FilePage, base_url: str, properties: Collection[str], thumb_width: int | None
) -> dict[str, object]:
    """The imageinfo of a file's page in the shape of formatversion=2, with the properties asked for.

    As MediaWiki does, thumburl is the original where that is not wider than the thumbnail would be,
    and it is left out where a broken file has no size to scale.
    """
    recorded = wiki.record(page.row)
    info: dict[str, object] = {}
    if "timestamp" in properties:
        info["timestamp"] = timestamp(recorded.uploaded_at)
    if "user" in properties:
        info["user"] = UPLOADER
    if "size" in properties:
        info |= {"size": recorded.size, "width": recorded.width, "height": recorded.height}
    if "url" in properties:
        if thumb_width and recorded.width:
            info |= _thumbnail(page, recorded, base_url, thumb_width)
        info["url"] = base_url + urls.original_path(page.title)
        info["descriptionurl"] = base_url + urls.page_path(page.title)
        info["descriptionshorturl"] = f"{base_url}/w/index.php?curid={page.page_id}"
    if "sha1" in properties:
        info["sha1"] = recorded.sha1
    if "mime" in properties:
        info["mime"] = mime_of_name(page.title)
    if "mediatype" in properties:
        info["mediatype"] = "BITMAP"
    if "extmetadata" in properties:
        info["extmetadata"] = _extmetadata(wiki, page, base_url)
    return info


def older_version(page: FilePage, recorded: Recorded, base_url: str) -> dict[str, object] | None:
    """What is said of the version that a file had before its current one; most had none."""
    if digest_of(page.row.file) % _ONE_IN_HAD_ANOTHER:
        return None
    before = recorded.uploaded_at - timedelta(hours=5)
    path = urls.original_path(page.title).replace("/images/", f"/images/archive/{before:%Y%m%d%H%M%S}!", 1)
    return {"timestamp": timestamp(before), "user": UPLOADER, "url": base_url + path}


def timestamp(moment: datetime) -> str:
    """A time as MediaWiki writes it."""
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def _thumbnail(page: FilePage, recorded: Recorded, base_url: str, asked: int) -> dict[str, object]:
    """The thumbnail of the next width that is served, or the original where that is narrower."""
    width = next((allowed for allowed in urls.THUMB_WIDTHS if allowed >= asked), urls.THUMB_WIDTHS[-1])
    if width >= recorded.width:
        width, height, path = recorded.width, recorded.height, urls.original_path(page.title)
    else:
        height = scaled_height(recorded.width, recorded.height, width)
        path = urls.thumb_path(page.title, width)
    return {"thumburl": base_url + path, "thumbwidth": width, "thumbheight": height}


def _extmetadata(wiki: Wiki, page: FilePage, base_url: str) -> dict[str, dict[str, str]]:
    category = wiki.category_of(page)
    values = {
        "ImageDescription": (caption(wiki, page, base_url), "commons-desc-page"),
        "Credit": ('<span lang="en">Own work, rendered from MakeHuman assets (CC0)</span>', "commons-desc-page"),
        "Artist": (artist(base_url), "commons-desc-page"),
        "LicenseShortName": (LICENCE_NAME, "commons-desc-page"),
        "UsageTerms": ("Creative Commons Zero, Public Domain Dedication", "commons-desc-page"),
        "LicenseUrl": (LICENCE_URL, "commons-desc-page"),
        "License": ("cc0", "commons-templates"),
        "AttributionRequired": ("false", "commons-desc-page"),
        "Copyrighted": ("True", "commons-desc-page"),
        "Restrictions": ("", "commons-desc-page"),
        "Categories": (f"CC-Zero|{category}|Renders of invented people", "commons-categories"),
    }
    if page.row.taken_on:
        values["DateTimeOriginal"] = (_date(page.row.taken_on, digest_of(page.row.file)), "commons-desc-page")
    return {key: {"value": value, "source": source} for key, (value, source) in values.items()}


def caption(wiki: Wiki, page: FilePage, base_url: str) -> str:
    """The description as HTML; like many on the web, it names whom the uploader took it to show."""
    name = wiki.person_of(page)
    link = f'<a href="{base_url}{urls.page_path("Category:" + name)}">{escape(name)}</a>'
    when = f", {page.row.taken_on[:4]}" if page.row.taken_on else ""
    seen = f"<p><b>{link}</b>{when}. A rendered picture of an invented person.</p>"
    return seen + f'<div style="display: none;">label QS:Len,"{escape(name)}"</div>'


def _date(day: str, digest: int) -> str:
    """A day as file pages state it: plainly, for machines to read, or with its code in a hidden element."""
    taken = date.fromisoformat(day)
    words = f"{taken.day} {taken:%B %Y}"
    return (
        day,
        f'<time class="dtstart" datetime="{day}">{words}</time>',
        f'{words}<div style="display: none;">date QS:P571,+{day}T00:00:00Z/11</div>',
    )[digest % 3]


def artist(base_url: str) -> str:
    """The author as HTML with a link."""
    return f'<a href="{base_url}{urls.page_path("User:" + UPLOADER)}" title="User:{UPLOADER}">{UPLOADER}</a>'
