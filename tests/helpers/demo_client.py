"""A client of the demo's little web, and the pictures that its tests ask for."""

from collections.abc import Iterator
from typing import Any

import requests

from facecorpus.demo.server import DemoServer
from facecorpus.demo.world import DemoWorld, Truth

AGENT = {"User-Agent": "facecorpus-tests/1.0 (tests@example.org)"}
IMAGEINFO = {
    "prop": "imageinfo",
    "iiprop": "url|size|mime|sha1|extmetadata|timestamp|user|mediatype",
    "iiurlwidth": "960",
}


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
