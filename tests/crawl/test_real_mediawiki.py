"""Source 'commons' against a real MediaWiki: its paging, thumbnails, throttling, and a crawl killed in the middle."""

import hashlib
import json
import shutil
import signal
import socket
import subprocess
import sys
import threading
import urllib.error
import urllib.request
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlencode

import pytest
from crawling import make
from loopback import settings_for
from people import person

from facecorpus.corpus import Corpus
from facecorpus.demo.world import DemoWorld, Truth
from facecorpus.manifest import Identity

ROOT = Path(__file__).parents[2]
SCRIPT = ROOT / "scripts" / "mediawiki.sh"
HERE = Path("/usr/share/mediawiki/api.php").is_file() and shutil.which("php")
FORMATS = {"jpeg": "jpg", "jpeg_exif": "jpg", "png": "png", "webp": "webp"}
FILES_OF_A_PERSON = 16  # at most
PERSON = "Invented Ada"
OTHER = "Invented Ben"

pytestmark = [
    pytest.mark.mediawiki,
    pytest.mark.skipif(not HERE, reason="no MediaWiki here; 'scripts/mediawiki.sh install' sets it up on Debian"),
]

CRAWL = """
import sys
from pathlib import Path
from facecorpus.corpus import Corpus
from facecorpus.crawl.discover import discover
from facecorpus.crawl.stage import fetch_candidates
corpus = Corpus(Path(sys.argv[1]))
print(discover(corpus), fetch_candidates(corpus), sep="\\n")
"""


@dataclass
class Page:
    """A file of the wiki and what its page states."""

    data: bytes
    category: str
    text: str
    stated: dict[str, str]


@dataclass
class RealWiki:
    """The running wiki; log holds what it gave and refused, as "status path"."""

    port: int
    pages: dict[str, Page]
    log: list[str] = field(default_factory=list)
    tenth_file: threading.Event = field(default_factory=threading.Event)

    @property
    def api(self) -> str:
        return f"http://127.0.0.1:{self.port}/w/api.php"

    def follow(self, lines: Iterator[str]) -> None:
        """Read the server's log to its end."""
        for line in lines:
            self.log.append(line)
            if len(self.files_given()) >= 10:
                self.tenth_file.set()

    def files_given(self) -> list[str]:
        """Names of the files that were sent, in order."""
        given = [line.split()[-1] for line in self.log if line.startswith("200 /images/")]
        return [name_of(url) for url in given]

    def ask(self, **params: str) -> Any:
        """What the API says, asked without this project's client."""
        query = urlencode({"action": "query", "format": "json", "formatversion": "2", **params})
        while True:
            asked = urllib.request.Request(f"{self.api}?{query}", headers={"User-Agent": "test/1 (me@example.org)"})
            try:
                with urllib.request.urlopen(asked) as answer:
                    return json.load(answer)
            except urllib.error.HTTPError as error:
                with error:
                    assert error.code == 429


def name_of(url: str) -> str:
    """The file that an address leads to, as its page is called."""
    return unquote(url.rpartition("/")[2]).replace("_", " ")


def pages_of_world() -> dict[str, Page]:
    """Files of two invented people: one has a sub-category, one file that is found by its text alone, and a statue."""
    world = DemoWorld()
    pages: dict[str, Page] = {}
    for name, identity in zip((PERSON, OTHER), world.identities, strict=False):
        rows = [row for row in world.truth if row.query_identity == identity.identity_id and row.format in FORMATS]
        rows = [row for row in rows if row.kind == "photo"][:FILES_OF_A_PERSON]
        for number, row in enumerate(rows):
            category = f"{name} in 2011" if number % 4 == 3 else name
            pages[f"{name} {number}.{FORMATS[row.format]}"] = _page(world.read(row.file), row, category, name)
    row = world.truth[-1]
    first = next(iter(pages.values()))
    pages["Without a category.jpg"] = _page(first.data + b"\0", row, "Crowds", f"a crowd, among them {PERSON}")
    pages["Bronze.jpg"] = _page(first.data + b"\0\0", row, "Statues", "bronze")
    pages[f"{PERSON} opted out.jpg"] = _page(first.data + b"\0\0\0", row, PERSON, PERSON)
    return pages


def _page(data: bytes, row: Truth, category: str, text: str) -> Page:
    stated = {"LicenseShortName": "CC0", "LicenseUrl": "https://creativecommons.org/publicdomain/zero/1.0/"}
    stated |= {"Artist": '<a href="//x">A renderer</a>', "ImageDescription": f"<b>{text}</b> in a test"}
    return Page(data, category, text, stated | ({"DateTimeOriginal": row.taken_on} if row.taken_on else {}))


def write_pages(folder: Path, pages: dict[str, Page]) -> None:
    """The files and categories as the script expects them."""
    (folder / "files").mkdir()
    (folder / "categories").mkdir()
    for name, page in pages.items():
        (folder / "files" / name).write_bytes(page.data)
        text = f"{page.text}\n<!-- metadata {json.dumps(page.stated)} -->\n[[Category:{page.category}]]\n"
        (folder / "files" / name).with_suffix(".txt").write_text(text)
    for below, above in ((f"{PERSON} in 2011", PERSON), (f"{OTHER} in 2011", OTHER), ("Statues", PERSON)):
        (folder / "categories" / f"{below}.txt").write_text(f"[[Category:{above}]]\n")


@pytest.fixture(scope="module")
def wiki(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RealWiki]:
    folder = tmp_path_factory.mktemp("mediawiki")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    pages = pages_of_world()
    write_pages(folder, pages)
    state = folder / "state"
    subprocess.run([SCRIPT, "setup", folder, state, str(port)], check=True)
    server = subprocess.Popen(
        [SCRIPT, "serve", state, str(port)], stderr=subprocess.PIPE, text=True, start_new_session=True
    )
    assert server.stderr is not None
    served = RealWiki(port, pages)
    next(line for line in server.stderr if "started" in line)
    reader = threading.Thread(target=served.follow, args=(server.stderr,))
    reader.start()
    try:
        yield served
    finally:
        subprocess.run(["kill", "--", f"-{server.pid}"], check=True)  # its processes outlive the first one
        server.wait()
        reader.join()
        server.stderr.close()


def corpus_on(folder: Path, wiki: RealWiki, *people: Identity, **crawl: Any) -> Corpus:
    settings = settings_for(
        crawl={"commons_api": wiki.api, "commons_width": 0} | crawl,
        fetch={"private_hosts": (f"127.0.0.1:{wiki.port}",)},
    )
    return make(folder / "corpus", settings, *people)


def people(**changes: Any) -> tuple[Identity, Identity]:
    period: dict[str, Any] = {"age_group": None, "birth_date": "1900", "photos_from": 1930, "photos_until": None}
    ada = person("ada", name=PERSON, commons_category=PERSON, **period | changes)
    return ada, person("ben", name=OTHER, commons_category=OTHER, **period | changes)


def rows(corpus: Corpus) -> dict[str, dict[str, Any]]:
    """The candidates by the name of their file."""
    with corpus.catalog() as catalog:
        found = [dict(row) for row in catalog.query("SELECT * FROM candidate")]
    by_name = {name_of(row["url"]): row for row in found}
    assert len(by_name) == len(found)
    return by_name


def test_a_crawl_that_is_throttled_killed_and_resumed_brings_every_file_once_and_whole(
    wiki: RealWiki, tmp_path: Path
) -> None:
    """The wiki answers every sixth request 429, and 403 to a client that does not say who it is."""
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(wiki.api)
    assert refused.value.code == 403
    refused.value.close()

    corpus = corpus_on(tmp_path, wiki, *people())
    program = [sys.executable, "-c", CRAWL, str(corpus.root)]
    with subprocess.Popen(program, stdout=subprocess.PIPE, cwd=ROOT) as killed:
        assert wiki.tenth_file.wait(60)
        killed.kill()
    assert killed.returncode == -signal.SIGKILL
    recorded = {name for name, row in rows(corpus).items() if row["outcome"] == "stored"}
    resumed = subprocess.run(program, check=True, capture_output=True, text=True, cwd=ROOT)
    assert "Discovered nothing" in resumed.stdout

    opted_out = f"{PERSON} opted out.jpg"
    expected = set(wiki.pages) - {"Bronze.jpg"}
    found = rows(corpus)
    assert set(found) == expected
    assert {name for name, row in found.items() if row["outcome"] == "opted_out"} == {opted_out}
    assert {row["outcome"] for name, row in found.items() if name != opted_out} == {"stored"}
    assert len(list(corpus.photos.root.glob("??/??/[0-9a-f]*"))) == len(expected) - 1

    given = Counter(wiki.files_given())
    assert 0 < len(recorded) < len(expected) - 1
    assert {given[name] for name in recorded} == {1}  # only what was in hand at the kill is asked for again
    assert sum(line.startswith("429 ") for line in wiki.log) >= 5

    for name, row in found.items():
        info = wiki.ask(titles=f"File:{name}", prop="imageinfo", iiprop="sha1|size|url")
        (truth,) = info["query"]["pages"][0]["imageinfo"]
        stated = wiki.pages[name].stated
        assert row["url"] == truth["url"] and row["page_url"] == truth["descriptionurl"]
        assert (row["licence"], row["licence_url"]) == (stated["LicenseShortName"], stated["LicenseUrl"])
        assert (row["author"], row["taken_on"]) == ("A renderer", stated.get("DateTimeOriginal"))
        assert row["title"] == f"{wiki.pages[name].text} in a test"
        by_text = name == "Without a category.jpg"
        assert row["found_by"] == (f'search for "{PERSON}"' if by_text else f"Category:{wiki.pages[name].category}")
        if row["photo_sha256"]:
            data = corpus.photos.read(row["photo_sha256"])
            assert hashlib.sha1(data).hexdigest() == truth["sha1"] and len(data) == truth["size"]


def test_thumbnails_come_from_the_address_that_the_wiki_gives(wiki: RealWiki, tmp_path: Path) -> None:
    corpus = corpus_on(tmp_path, wiki, people()[1], commons_width=120)
    subprocess.run([sys.executable, "-c", CRAWL, str(corpus.root)], check=True, capture_output=True, cwd=ROOT)
    found = [row for row in rows(corpus).values() if row["outcome"] == "stored"]
    assert len(found) == sum(name.startswith(OTHER) for name in wiki.pages)
    assert all("/thumb/" in row["url"] and "/120px-" in row["url"] for row in found)
