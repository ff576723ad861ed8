"""The part of the MediaWiki Action API that a crawler of Wikimedia Commons uses: action=query in formatversion=2.

It answers generator=categorymembers, generator=search for a "phrase", list=categorymembers and titles=…, the pages with
prop=imageinfo, and continues as MediaWiki does: the client merges the whole `continue` object into its next request.
Other properties are left out. See https://www.mediawiki.org/wiki/API:Query, API:Categorymembers, API:Search,
API:Imageinfo, API:Continue and Manual:Maxlag_parameter.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from facecorpus.demo.imageinfo import caption, image_info, older_version
from facecorpus.demo.urls import name_of_title
from facecorpus.demo.wiki import FilePage, Page, Wiki, normalise, sortkey

Params = Mapping[str, str]
Answer = dict[str, object]

THUMBNAILS_A_CALL = 50
_LIMIT, _TITLES = 500, 50
_NAMESPACES = {"File": 6, "Category": 14}


class ApiError(Exception):
    """An error that MediaWiki answers as JSON, with HTTP status 200."""

    def __init__(self, code: str, info: str, **more: object) -> None:
        super().__init__(info)
        self.code = code
        self.info = info
        self.more = more


@dataclass(frozen=True, slots=True)
class Batch:
    """Some members of a category, and the `continue` value that the next ones begin at."""

    pages: Sequence[Page]
    next: str | None


class MediaWikiApi:
    """Answers of /w/api.php as JSON-like dicts; base_url is where the wiki is served."""

    def __init__(self, wiki: Wiki, base_url: str) -> None:
        self._wiki = wiki
        self._base_url = base_url

    def answer(self, params: Params) -> Answer:
        """The answer to one request. Raises ApiError as MediaWiki would answer one."""
        if lag_refused(params):
            raise maxlag_error(lag=0)
        _one_of(params, "action", ("query",))
        _one_of(params, "format", ("json",))
        _one_of(params, "formatversion", ("2",))
        if "list" in params:
            return self._list(params)
        if "generator" in params:
            return self._generator(params)
        if "titles" in params:
            return self._titles(params)
        return {"batchcomplete": True}

    def error(self, error: ApiError) -> Answer:
        """An error in MediaWiki's shape."""
        usage = f"See {self._base_url}/w/api.php for API usage."
        return {"error": {"code": error.code, "info": error.info, **error.more, "docref": usage}}

    def _list(self, params: Params) -> Answer:
        _one_of(params, "list", ("categorymembers",))
        batch = self._members(params, "cm")
        answer: Answer = {"batchcomplete": True}
        if batch.next:
            answer["continue"] = {"cmcontinue": batch.next, "continue": "-||"}
        answer["query"] = {"categorymembers": [_described(page) for page in batch.pages]}
        return answer

    def _generator(self, params: Params) -> Answer:
        _one_of(params, "generator", ("categorymembers", "search"))
        is_search = params["generator"] == "search"
        batch = self._found(params) if is_search else self._members(params, "gcm")
        going_on = "gsroffset" if is_search else "gcmcontinue"
        if not batch.pages:
            return {"batchcomplete": True}
        pages, unfinished = self._with_properties(batch.pages, params)
        query = {"query": {"pages": pages}}
        if unfinished:
            # The same members again, so the next request begins where this one did.
            here = {key: params[key] for key in (going_on,) if key in params}
            return {"continue": {**unfinished, **here, "continue": f"{'|'.join(here)}||"}, **query}
        if batch.next:
            return {
                "batchcomplete": True,
                "continue": {going_on: batch.next, "continue": f"{going_on}||"},
                **query,
            }
        return {"batchcomplete": True, **query}

    def _titles(self, params: Params) -> Answer:
        asked = list(dict.fromkeys(params["titles"].split("|")))
        if len(asked) > _TITLES:
            raise ApiError(
                "toomanyvalues",
                f'Too many values supplied for parameter "titles". The limit is {_TITLES}.',
                limit=_TITLES,
                lowlimit=_TITLES,
                highlimit=_LIMIT,
            )
        titles = {title: normalise(title) for title in asked}
        found = {title: self._wiki.page(title) for title in titles.values()}
        pages, unfinished = self._with_properties([page for page in found.values() if page], params)
        missing = [_missing(title) for title, page in found.items() if page is None]
        query: Answer = {}
        if changed := {old: new for old, new in titles.items() if old != new}:
            query["normalized"] = [{"fromencoded": False, "from": old, "to": new} for old, new in changed.items()]
        query["pages"] = missing + pages
        if unfinished:
            return {"continue": {**unfinished, "continue": "||"}, "query": query}
        return {"batchcomplete": True, "query": query}

    def _members(self, params: Params, prefix: str) -> Batch:
        """The members of a category from the continue value on, at most as many as the limit says."""
        if not params.get(f"{prefix}title"):
            raise ApiError("missingparam", f'The "{prefix}title" parameter must be set.')
        title = normalise(params[f"{prefix}title"])
        if not title.startswith("Category:"):
            raise ApiError("invalidcategory", "The category name you entered is not valid.")
        kinds = params.get(f"{prefix}type", "page|subcat|file").split("|")
        limit = _limit(params, f"{prefix}limit")
        members = [page for page in self._wiki.members(title) if page.kind in kinds]
        start = _start(params, f"{prefix}continue", members)
        following = members[start + limit : start + limit + 1]
        return Batch(members[start : start + limit], _continue_value(following[0]) if following else None)

    def _found(self, params: Params) -> Batch:
        """The files whose title or description holds the words of a search, in the order of their ids."""
        words = params.get("gsrsearch", "").strip('" ').casefold()
        limit = _limit(params, "gsrlimit")
        start = _integer(params, "gsroffset") if "gsroffset" in params else 0
        found = [page for page in self._wiki.files if words in self._text_of(page)]
        return Batch(found[start : start + limit], str(start + limit) if found[start + limit :] else None)

    def _text_of(self, page: FilePage) -> str:
        return f"{page.title} {caption(self._wiki, page, self._base_url)}".casefold()

    def _with_properties(self, pages: Sequence[Page], params: Params) -> tuple[list[Answer], Answer]:
        """The pages by id, files with imageinfo; and how to continue.

        That is where too many thumbnails are asked for, and where the only file had another version before.
        """
        described = {page.page_id: _described(page) for page in sorted(pages, key=lambda page: page.page_id)}
        if "imageinfo" not in params.get("prop", "").split("|"):
            return list(described.values()), {}
        properties = params.get("iiprop", "timestamp|user").split("|")
        thumb_width = _integer(params, "iiurlwidth") if "iiurlwidth" in params else None
        start = params.get("iicontinue", "").partition("|")[0]
        files = [page for page in pages if isinstance(page, FilePage) and name_of_title(page.title) >= start]
        files.sort(key=lambda page: name_of_title(page.title))
        older = older_version(files[0], self._wiki.record(files[0].row), self._base_url) if len(files) == 1 else None
        if older and "iistart" in params:
            described[files[0].page_id] |= {"imagerepository": "local", "imageinfo": [older]}
            return list(described.values()), {}
        most = THUMBNAILS_A_CALL if thumb_width else len(files)
        for page in files[:most]:
            info = image_info(self._wiki, page, self._base_url, properties, thumb_width)
            described[page.page_id] |= {"imagerepository": "local", "imageinfo": [info]}
        unfinished: Answer = {"iistart": older["timestamp"]} if older else {}
        if files[most:]:
            unfinished = {"iicontinue": self._imageinfo_continue(files[most])}
        return list(described.values()), unfinished

    def _imageinfo_continue(self, page: FilePage) -> str:
        uploaded_at = self._wiki.record(page.row).uploaded_at
        return f"{name_of_title(page.title)}|{uploaded_at:%Y%m%d%H%M%S}"


def maxlag_error(lag: float) -> ApiError:
    """The refusal of a server whose databases lag behind by that many seconds."""
    info = f"Waiting for a database server: {lag} seconds lagged."
    return ApiError("maxlag", info, host="db1", lag=lag, type="db")


def lag_refused(params: Params) -> bool:
    """Whether a request wants less lag than none, which is how to provoke a maxlag error."""
    return "maxlag" in params and _integer(params, "maxlag") < 0


def _described(page: Page) -> Answer:
    return {"pageid": page.page_id, "ns": page.namespace, "title": page.title}


def _missing(title: str) -> Answer:
    namespace = _NAMESPACES.get(title.partition(":")[0], 0)
    missing: Answer = {"ns": namespace, "title": title, "missing": True}
    return missing | {"imagerepository": ""} if namespace == _NAMESPACES["File"] else missing


def _continue_value(page: Page) -> str:
    return f"{page.kind}|{sortkey(page).encode().hex().upper()}|{page.page_id}"


def _start(params: Params, name: str, members: Sequence[Page]) -> int:
    """Index of the member that a continue value names."""
    if name not in params:
        return 0
    for index, page in enumerate(members):
        if _continue_value(page) == params[name]:
            return index
    raise ApiError(
        "badcontinue",
        "Invalid continue param. You should pass the original value returned by the previous query.",
    )


def _limit(params: Params, name: str) -> int:
    if params.get(name) == "max":
        return _LIMIT
    value = _integer(params, name) if name in params else 10
    if value < 1:
        raise ApiError("badinteger", f'The value "{value}" for parameter "{name}" must be at least 1.')
    return min(value, _LIMIT)


def _integer(params: Params, name: str) -> int:
    try:
        return int(params[name])
    except ValueError:
        raise ApiError("badinteger", f'Invalid value "{params[name]}" for integer parameter "{name}".') from None


def _one_of(params: Params, name: str, known: Sequence[str]) -> None:
    if params.get(name) not in known:
        raise ApiError("badvalue", f'Unrecognized value for parameter "{name}": {params.get(name, "")}.')
