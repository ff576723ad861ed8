"""Doubles of Wikidata and of a Wikipedia for tests, on the loopback web."""

from json import dumps
from typing import Any

from loopback import Loopback, Reply, Request

JsonObject = dict[str, Any]

LAG: JsonObject = {
    "error": {
        "code": "maxlag",
        "info": "Waiting for all: 3.45 seconds lagged.",
        "host": "all",
        "lag": 3.45,
        "type": "wikibase-queryservice",
        "queryserviceLag": 626,
    },
    "servedby": "mw1280",
}
"""What Wikidata answers, with status 200 and Retry-After: 5, while its query service lags behind."""


class WikidataDouble:
    """Answers as www.wikidata.org and en.wikipedia.org do, in the documented shapes.

    wbgetentities (www.wikidata.org/w/api.php?action=help&modules=wbgetentities): at most 50 ids; `entities` maps each
    id asked for to an entity, or to {"id", "missing": ""}; a merged item says `redirects: {from, to}`. A statement has
    a rank (preferred, normal, deprecated) and a mainsnak with snaktype value, somevalue or novalue; a time is
    {"time": "+1990-09-05T00:00:00Z", "precision": 11 (day), 10 (month), 9 (year)}. Maps without entries are written
    as [] (PHP). Labels and aliases that hold in every language stand in "mul". One id that cannot be, as those that are
    `refused`, makes an error of the whole answer, which names it in its info. An answer that would be too large holds
    the first entities alone, `fitting` of them here, and a warning (ApiResult). wbsearchentities answers {"search":
    [{"id", "label", "description"}]}.

    Wikipedia: prop=pageprops with ppprop=wikibase_item (Extension:Wikibase Client); redirects=1 answers `redirects`,
    a title in another spelling `normalized`, both lists of {from, to}.
    """

    def __init__(self, web: Loopback) -> None:
        self.entities: dict[str, JsonObject] = {}
        self.titles: dict[str, str] = {}
        self.redirects: dict[str, str] = {}
        self.found: dict[str, list[str]] = {}
        self.refused: set[str] = set()
        self.fitting = 50
        self.asked: list[dict[str, str]] = []
        self.settings = {
            "wikidata_api": web.serve("/wikidata/api.php", self._wikidata),
            "wikipedia_api": web.serve("/wikipedia/api.php", self._wikipedia),
        }

    def human(self, item_id: str, label: str = "", **claims: Any) -> None:
        """Add an item; claims by property, each a value, or a list of values or whole statements."""
        claims = {"P31": "Q5"} | claims
        sitelinks = claims.pop("sitelinks", {})
        self.entities[item_id] = {
            "type": "item",
            "id": item_id,
            "labels": {"mul": {"language": "mul", "value": label}} if label else [],
            "descriptions": {"en": {"language": "en", "value": "a person of a test"}},
            "aliases": [],
            "claims": {
                prop: [_statement(prop, value) for value in (values if isinstance(values, list) else [values])]
                for prop, values in claims.items()
                if values is not None
            }
            or [],
            "sitelinks": {site: {"site": site, "title": title, "badges": []} for site, title in sitelinks.items()},
        }

    def _wikidata(self, request: Request) -> Reply:
        query = request.query
        self.asked.append(query)
        assert query["maxlag"] == "5" and query["format"] == "json" and query["formatversion"] == "2"
        if query["action"] == "wbsearchentities":
            assert query["language"] == "en" and query["type"] == "item" and 1 <= int(query["limit"]) <= 50
            hits = [{"id": item_id} for item_id in self.found.get(query["search"], [])]
            return _json({"searchinfo": {"search": query["search"]}, "search": hits, "success": 1})
        assert query["action"] == "wbgetentities" and "P172" not in query.values()
        ids = query["ids"].split("|")
        assert len(ids) <= 50
        if refused := [item_id for item_id in ids if item_id in self.refused]:
            info = f"Could not find such an entity (Invalid id: {refused[0]})"
            return _json({"error": {"code": "no-such-entity", "info": info, "id": refused[0]}, "servedby": "mw1223"})
        missing = {"missing": ""}
        found = {i: self.entities.get(i, {"id": i} | missing) for i in ids}
        if len(found) <= self.fitting:
            return _json({"entities": found, "success": 1})
        cut = "This result was truncated because it would otherwise be larger than the limit of 12,582,912 bytes."
        some = dict(list(found.items())[: self.fitting])
        return _json({"warnings": {"result": {"warnings": cut}}, "entities": some, "success": 1})

    def _wikipedia(self, request: Request) -> Reply:
        query = request.query
        self.asked.append(query)
        assert (query["action"], query["prop"], query["ppprop"]) == ("query", "pageprops", "wikibase_item")
        titles = query["titles"].split("|")
        assert len(titles) <= 50 and query["redirects"] == "1"
        spelled = {title: title.replace("_", " ") for title in titles}
        ends = {self.redirects.get(title, title) for title in spelled.values()}
        pages = [
            {"title": title, "pageid": 7, "ns": 0, "pageprops": {"wikibase_item": self.titles[title]}}
            if title in self.titles
            else {"title": title, "ns": 0, "missing": True}
            for title in sorted(ends)
        ]
        return _json(
            {
                "batchcomplete": True,
                "query": {
                    "normalized": [{"fromencoded": False, "from": a, "to": b} for a, b in spelled.items() if a != b],
                    "redirects": [
                        {"from": a, "to": self.redirects[a]} for a in spelled.values() if a in self.redirects
                    ],
                    "pages": pages,
                },
            }
        )


def stated(value: Any, rank: str = "normal") -> JsonObject:
    """A statement of a rank, for `human`."""
    return {"value": value, "rank": rank}


def _statement(prop: str, given: Any) -> JsonObject:
    value, rank = (given["value"], given["rank"]) if isinstance(given, dict) else (given, "normal")
    snak: JsonObject = {"snaktype": "value", "property": prop}
    if value is None:
        snak["snaktype"] = "somevalue"
    elif prop in ("P569", "P570"):
        precision = {4: 9, 7: 10, 10: 11}.get(len(value), 7)
        filled = value + "-00-00"[len(value) - 4 :] if len(value) in (4, 7, 10) else "1900-00-00"
        snak["datavalue"] = {"type": "time", "value": {"time": f"+{filled}T00:00:00Z", "precision": precision}}
    elif value.startswith("Q"):
        snak["datavalue"] = {"type": "wikibase-entityid", "value": {"entity-type": "item", "id": value}}
    else:
        snak["datavalue"] = {"type": "string", "value": value}
    return {"mainsnak": snak, "type": "statement", "rank": rank}


def _json(document: JsonObject) -> Reply:
    return Reply(dumps(document).encode(), headers=(("Content-Type", "application/json"),))
