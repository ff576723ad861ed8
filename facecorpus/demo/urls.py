"""Where the demo's wiki keeps a file: MediaWiki's titles, names and hashed paths, and the way back."""

import hashlib
import re
from urllib.parse import quote, unquote, urlsplit

THUMB_WIDTHS = (20, 40, 60, 120, 250, 330, 500, 960, 1280, 1920, 3840)
"""The thumbnail widths that Wikimedia serves; it answers 400 to all others."""

_RENDERED_AS_PNG = (".webp", ".bmp")  # MediaWiki's thumbnails of these are PNG files
_ORIGINAL = re.compile(r"/images/[0-9a-f]/[0-9a-f]{2}/(?P<name>[^/]+)")
_THUMB = re.compile(r"/images/thumb/[0-9a-f]/[0-9a-f]{2}/(?P<name>[^/]+)/(?P<width>\d+)px-(?P<thumb>[^/]+)")
_PAGE = re.compile(r"/wiki/File:(?P<name>[^/]+)")


def name_of_title(title: str) -> str:
    """The file name in a path: the title with underscores, without its namespace."""
    return title.removeprefix("File:").replace(" ", "_")


def original_path(title: str) -> str:
    """Path of the original, under the first hex digits of the MD5 of its name."""
    name = name_of_title(title)
    return f"/images/{_folder(name)}/{quote(name)}"


def thumb_folder(title: str) -> str:
    """Path under which all thumbnails of a file lie, with a slash at its end."""
    name = name_of_title(title)
    return f"/images/thumb/{_folder(name)}/{quote(name)}/"


def thumb_path(title: str, width: int) -> str:
    """Path of the thumbnail of that width in pixels."""
    return f"{thumb_folder(title)}{width}px-{quote(thumb_name(name_of_title(title)))}"


def thumb_name(name: str) -> str:
    """Name of a thumbnail without its width: the file's own, and .png where browsers or scalers need one."""
    return f"{name}.png" if name.lower().endswith(_RENDERED_AS_PNG) else name


def page_path(title: str) -> str:
    """Path of a page of the wiki."""
    return "/wiki/" + quote(title.replace(" ", "_"), safe="/:")


def name_in_path(path: str) -> str | None:
    """The file name that an original's, a thumbnail's or a file page's path speaks of, or None."""
    for pattern in (_ORIGINAL, _THUMB, _PAGE):
        if match := pattern.fullmatch(path):
            return unquote(match["name"])
    return None


def thumb_in_path(path: str) -> tuple[str, int] | None:
    """File name and width that a thumbnail's path asks for, or None where it is no thumbnail's path."""
    match = _THUMB.fullmatch(path)
    if match is None or unquote(match["thumb"]) != thumb_name(unquote(match["name"])):
        return None
    return unquote(match["name"]), int(match["width"])


def path_of_url(url: str) -> str:
    """The path of a URL; the host does not matter, a demo may move to another port."""
    return urlsplit(url).path


def _folder(name: str) -> str:
    digest = hashlib.md5(name.encode(), usedforsecurity=False).hexdigest()
    return f"{digest[0]}/{digest[:2]}"
