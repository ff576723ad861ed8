"""A double of the Hugging Face Hub on this machine, as far as its documentation says how datasets are published.

https://huggingface.co/docs/hub/api, the batch API of Git LFS, and https://huggingface.co/docs/xet/api: what is sent is
counted, kept by its hash, and never asked for twice.
"""

import base64
import hashlib
import json
import re
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from fnmatch import fnmatch
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Self
from urllib.parse import parse_qs, urlsplit

TOKEN = "hf_of_a_test"
_LINE = 100  # bytes in which the first line of .gitattributes ends
_REGULAR = 10_000_000  # bytes, above which a file is large whatever its name


@dataclass(frozen=True)
class Blob:
    """A file of a commit: by sha256 where it is large, else by git's hash."""

    oid: str
    size: int
    large: bool


Tree = dict[str, Blob]


@dataclass
class Repo:
    """A dataset repository."""

    private: bool
    gated: str | bool = False
    head: str = ""
    trees: dict[str, Tree] = field(default_factory=lambda: {"": {}})  # by commit
    parents: dict[str, str] = field(default_factory=dict)
    tags: dict[str, str] = field(default_factory=dict)

    def tree(self, revision: str) -> Tree:
        return self.trees[self.head if revision == "main" else self.tags.get(revision, revision)]

    def commit(self, tree: Tree, parent: str) -> None:
        self.head = hashlib.sha1(repr((parent, sorted(tree.items()))).encode()).hexdigest()
        self.trees[self.head], self.parents[self.head] = tree, parent

    @property
    def reachable(self) -> Iterator[str]:
        """Every commit that the head and the tags lead to."""
        for ref in (self.head, *self.tags.values()):
            commit = ref
            while commit:
                yield commit
                commit = self.parents[commit]


class HubDouble:
    """Serves between `with` and the block's end; objects lie in `home`, by their hash."""

    def __init__(self, home: Path, keep: bool = True) -> None:
        self.repos: dict[str, Repo] = {}
        self.received: Counter[str] = Counter()  # bytes by what they were for: large, commit, xorbs, shards, talk
        self.asked: list[str] = []
        self.before_storing: Callable[[], None] = lambda: None  # called as each large file has come, and is not kept
        self._home, self._keep = home, keep  # not kept: only their hashes are
        self._stored: set[str] = set()
        self._attributes: dict[str, str] = {}  # the files that say what is large, by oid
        self._http = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
        self._http.daemon_threads = True
        self._http.hub = self  # type: ignore[attr-defined]
        self.url = f"http://127.0.0.1:{self._http.server_address[1]}"
        self._thread = threading.Thread(target=self._http.serve_forever, args=(0.02,))

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._http.shutdown()
        self._thread.join()
        self._http.server_close()

    @property
    def stored(self) -> int:
        """How many objects it has."""
        return len(self._stored)

    def environment(self, cache: Path, xet: bool = False) -> dict[str, str]:
        """What a client needs to find it, and nothing of this machine's own settings."""
        names = {"HF_ENDPOINT": self.url, "HF_TOKEN": TOKEN, "HF_HOME": str(cache)}
        return names | {"HF_HUB_DISABLE_XET": "0" if xet else "1", "HF_HUB_DISABLE_TELEMETRY": "1"}

    def files(self, repo: str, revision: str = "main") -> dict[str, bytes]:
        """What a revision holds."""
        tree = self.repos[repo].tree(revision)
        return {path: (self._home / blob.oid).read_bytes() for path, blob in tree.items()}

    def answer(self, method: str, path: str, body: bytes) -> tuple[int, Any, dict[str, str]]:  # noqa: PLR0911
        """Status, document and headers of an answer."""
        self.asked.append(f"{method} {path}")
        if path.startswith(("/v1/", "/v2/")):
            return self._xet(method, path, body)
        if path.startswith("/objects/"):
            return self._store(path.removeprefix("/objects/"), body)
        if path.endswith(".git/info/lfs/objects/batch"):
            return self._batch(json.loads(body))
        if path in ("/api/whoami-v2", "/api/validate-yaml"):
            return 200, {"type": "user", "name": "me", "errors": [], "warnings": []}, {}
        if path == "/api/repos/create":
            return self._create(json.loads(body))
        found = re.fullmatch(r"/api/datasets/([^/]+/[^/]+)(?:/([^/]+))?(?:/([^/]+))?", path)
        if not found or found[1] not in self.repos:
            return 404, {"error": "Repository not found"}, {"X-Error-Code": "RepoNotFound"}
        action = getattr(self, f"_{(found[2] or 'info').replace('-', '_')}")
        answer = action(self.repos[found[1]], found[3] or "", body)
        return answer if isinstance(answer, tuple) else (200, answer, {})

    def _create(self, asked: dict[str, Any]) -> tuple[int, Any, dict[str, str]]:
        name = f"{asked['organization']}/{asked['name']}"
        url = f"{self.url}/datasets/{name}"
        if name in self.repos:
            return 409, {"error": "You already created this dataset repo", "url": url}, {}
        self.repos[name] = Repo(private=asked.get("visibility") == "private")
        self.repos[name].commit({".gitattributes": self._blob(b"*.parquet filter=lfs\n")}, "")
        return 200, {"url": url}, {}

    def _info(self, repo: Repo, _: str, body: bytes) -> Any:
        return {"id": "me/x", "private": repo.private, "gated": repo.gated, "sha": repo.head, "tags": []}

    def _settings(self, repo: Repo, _: str, body: bytes) -> Any:
        asked = json.loads(body)
        repo.gated = asked.get("gated", repo.gated)
        repo.private = asked.get("visibility", "private" if repo.private else "public") == "private"
        return {}

    def _refs(self, repo: Repo, _: str, body: bytes) -> Any:
        tags = [{"name": one, "ref": f"refs/tags/{one}", "targetCommit": oid} for one, oid in repo.tags.items()]
        head = {"name": "main", "ref": "refs/heads/main", "targetCommit": repo.head}
        return {"branches": [head], "converts": [], "tags": tags}

    def _tree(self, repo: Repo, revision: str, body: bytes) -> Any:
        return [_described(path, blob) for path, blob in repo.tree(revision).items()]

    def _paths_info(self, repo: Repo, revision: str, body: bytes) -> Any:
        tree = repo.tree(revision)
        wanted = json.loads(body)["paths"] if body.startswith(b"{") else parse_qs(body.decode())["paths"]
        return [_described(path, tree[path]) for path in wanted if path in tree]

    def _preupload(self, repo: Repo, revision: str, body: bytes) -> Any:
        tree = repo.tree(revision)
        large = [line.split()[0] for line in self._attributes[tree[".gitattributes"].oid].splitlines()]
        return {
            "files": [
                {
                    "path": one["path"],
                    "uploadMode": "lfs"
                    if one["size"] > _REGULAR or any(fnmatch(Path(one["path"]).name, name) for name in large)
                    else "regular",
                    "shouldIgnore": False,
                    "oid": tree[one["path"]].oid if one["path"] in tree else None,
                }
                for one in json.loads(body)["files"]
            ]
        }

    def _batch(self, asked: dict[str, Any]) -> tuple[int, Any, dict[str, str]]:
        objects = [
            one
            if one["oid"] in self._stored
            else one | {"actions": {"upload": {"href": f"{self.url}/objects/{one['oid']}"}}}
            for one in asked["objects"]
        ]
        return 200, {"transfer": "basic", "objects": objects}, {}

    def _store(self, oid: str, body: bytes) -> tuple[int, Any, dict[str, str]]:
        self.before_storing()
        if hashlib.sha256(body).hexdigest() != oid:
            return 400, {"error": "another hash"}, {}
        self._write(oid, body)
        return 200, {}, {}

    def _commit(self, repo: Repo, revision: str, body: bytes) -> Any:
        tree = dict(repo.tree(revision))
        for line in map(json.loads, body.splitlines()):
            value = line["value"]
            match line["key"]:
                case "file":
                    tree[value["path"]] = self._blob(base64.b64decode(value["content"]))
                case "lfsFile":
                    tree[value["path"]] = Blob(value["oid"], value["size"], True)
                case "deletedFile":
                    del tree[value["path"]]
        if lacks := [
            path for path, blob in tree.items() if blob.oid not in self._stored and not self.received["xorbs"]
        ]:
            return 400, {"error": f"{lacks[0]} was not uploaded"}, {}
        repo.commit(tree, repo.head)
        url = f"{self.url}/datasets/me/faces/commit/{repo.head}"
        return {"success": True, "commitOid": repo.head, "commitUrl": url}

    def _super_squash(self, repo: Repo, branch: str, body: bytes) -> Any:
        repo.commit(repo.tree(branch), "")
        return {}

    def _tag(self, repo: Repo, name: str, body: bytes) -> Any:
        if not body:
            del repo.tags[name]
            return {}
        if json.loads(body)["tag"] in repo.tags:
            return 409, {"error": "Tag exists"}, {}
        repo.tags[json.loads(body)["tag"]] = repo.head
        return {}

    def _xet_write_token(self, repo: Repo, revision: str, body: bytes) -> Any:
        return {"accessToken": "t", "exp": int(time.time()) + 36_000, "casUrl": self.url}

    def _xet(self, method: str, path: str, body: bytes) -> tuple[int, Any, dict[str, str]]:
        if path.startswith("/v1/xorbs/"):
            new = path not in self._stored
            self._stored.add(path)
            return 200, {"was_inserted": new}, {}
        return (200, {"result": 1}, {}) if path == "/v1/shards" else (404, {}, {})

    def _blob(self, data: bytes) -> Blob:
        oid = hashlib.sha1(b"blob %d\0" % len(data) + data).hexdigest()
        if b" filter=lfs" in data[:_LINE]:
            self._attributes[oid] = data.decode()
        self._write(oid, data)
        return Blob(oid, len(data), False)

    def _write(self, oid: str, data: bytes) -> None:
        if self._keep:
            (self._home / oid).write_bytes(data)
        self._stored.add(oid)


def _described(path: str, blob: Blob) -> dict[str, Any]:
    plain = {"type": "file", "path": path, "oid": blob.oid[:40], "size": blob.size}
    return plain | ({"lfs": {"oid": blob.oid, "size": blob.size, "pointerSize": 130}} if blob.large else {})


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def _serve(self) -> None:
        hub: HubDouble = self.server.hub  # type: ignore[attr-defined]
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        parts = urlsplit(self.path)
        hub.received[_kind(parts.path)] += len(body)
        hub.received["talk"] += len(self.requestline) + len(bytes(self.headers))
        known = self.headers.get("Authorization") == f"Bearer {TOKEN}" or not parts.path.startswith("/api/")
        status, document, headers = (
            hub.answer(self.command, parts.path, body)
            if known
            else (401, {"error": "Invalid username or password."}, {})
        )
        data = json.dumps(document).encode()
        self.send_response(status)
        for name, value in {"Content-Type": "application/json", "Content-Length": str(len(data)), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(data)

    do_GET = do_POST = do_PUT = do_DELETE = do_HEAD = _serve

    def log_message(self, format: str, *args: Any) -> None:
        """Nothing on stderr."""


def _kind(path: str) -> str:
    kinds = {"/objects/": "large", "/v1/xorbs": "xorbs", "/v1/shards": "shards", "/v2/shards": "shards"}
    if "/commit/" in path:
        return "commit"
    return next((kind for begin, kind in kinds.items() if path.startswith(begin)), "talk")
