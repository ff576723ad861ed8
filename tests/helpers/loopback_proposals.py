"""Doubles of Wikidata's query service and of Commons' counts, beside the double of Wikidata."""

import re
from json import dumps

from loopback import Loopback, Reply, Request
from loopback_wikidata import WikidataDouble


class ProposalsDouble(WikidataDouble):
    """Answers SPARQL by its own items, in SPARQL 1.1 Query Results JSON (W3C), as query.wikidata.org/sparql does.

    head.vars names the variables, results.bindings has a map of them for each row, an item as {"type": "uri", "value":
    "http://www.wikidata.org/entity/Q1"}. `stale` are ids that are answered, too, as by an index that lags behind.
    Commons answers prop=categoryinfo (API:Categoryinfo): a page of a category has size, pages, files and subcats; one
    that does not exist has "missing" and no categoryinfo.
    """

    def __init__(self, web: Loopback) -> None:
        super().__init__(web)
        self.files: dict[str, int] = {}
        self.stale: list[str] = []
        self.queries: list[str] = []
        self.settings |= {
            "wikidata_query": web.serve("/sparql", self._sparql),
            "commons_api": web.serve("/commons/api.php", self._commons),
        }

    def person(self, item_id: str, label: str, files: int, **claims: object) -> None:
        """A woman born in 1960 with a picture and so many files, where nothing else is said."""
        usual = {"P21": "Q6581072", "P18": f"{label}.jpg", "P373": label, "P569": "1960-05-01"}
        self.human(item_id, label, **usual | claims)
        self.files[f"Category:{label}"] = files

    def _sparql(self, request: Request) -> Reply:
        query = request.query["query"]
        assert request.query["format"] == "json" and "contact" not in query and "P172" not in query
        self.queries.append(query)
        genders = set(re.findall(r"wd:(Q\d+)", query.partition("}")[0]))
        first, last = (int(year) for year in re.findall(r'"(\d{4})-01-01T00', query))
        asked = dict(re.findall(r"wdt:(P27|P106) wd:(Q\d+)", query))
        limit = int(re.findall(r"LIMIT (\d+)", query)[0])
        found = [
            item_id
            for item_id, entity in self.entities.items()
            if (said := entity["claims"] or {}) and {"P18", "P373", "P569", "P21"} <= said.keys()
            if self._value(item_id, "P21")["id"] in genders
            if first <= int(self._value(item_id, "P569")["time"][1:5]) < last
            if all(prop in said and self._value(item_id, prop)["id"] == item for prop, item in asked.items())
        ]
        rows = [
            {
                "person": {"type": "uri", "value": f"http://www.wikidata.org/entity/{item_id}"},
                "links": {"type": "literal", "datatype": "http://www.w3.org/2001/XMLSchema#integer", "value": "7"},
            }
            for item_id in [*found, *self.stale][:limit]
        ]
        return Reply(dumps({"head": {"vars": ["person", "links"]}, "results": {"bindings": rows}}).encode())

    def _value(self, item_id: str, prop: str) -> dict[str, str]:
        value: dict[str, str] = self.entities[item_id]["claims"][prop][0]["mainsnak"]["datavalue"]["value"]
        return value

    def _commons(self, request: Request) -> Reply:
        assert request.query["prop"] == "categoryinfo"
        titles = request.query["titles"].split("|")
        assert len(titles) <= 50
        spelled = {title: title.replace("_", " ") for title in titles}
        pages = [
            {"title": title, "categoryinfo": {"size": 9, "pages": 1, "files": self.files[title], "subcats": 2}}
            if title in self.files
            else {"title": title, "missing": True}
            for title in sorted(spelled.values())
        ]
        normalized = [{"fromencoded": False, "from": a, "to": b} for a, b in spelled.items() if a != b]
        return Reply(dumps({"batchcomplete": True, "query": {"normalized": normalized, "pages": pages}}).encode())
