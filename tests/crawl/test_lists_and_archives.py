"""Sources 'urls' and 'archive': lists of addresses and archives of photographs that the user has already."""

import hashlib
import io
import json
import tarfile
import zipfile
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet
import pytest
from loopback import Loopback, Reply, jpeg, settings_for
from people import person

from facecorpus.corpus import Corpus, init_corpus
from facecorpus.crawl.discover import discover
from facecorpus.crawl.sources.archive import read_member
from facecorpus.crawl.sources.url_list import ListOfAddresses
from facecorpus.crawl.stage import fetch_candidates
from facecorpus.errors import SourceError
from facecorpus.manifest import Identity, write_manifest
from facecorpus.records import Candidate
from facecorpus.settings import FetchSettings


def make(folder: Path, web: Loopback, *people: Identity, **crawl: object) -> Corpus:
    write_manifest(folder / "people.csv", people or [person("ada", name="Ada Lovelace"), person("ben")])
    return init_corpus(folder / "corpus", folder / "people.csv", settings_for(web, crawl=crawl))


def candidates(corpus: Corpus) -> list[Candidate]:
    with corpus.catalog() as catalog:
        rows = catalog.query("SELECT * FROM candidate WHERE state = 'pending'").fetchall()
    return [Candidate(**{field: row[field] for field in Candidate.__dataclass_fields__}) for row in rows]


# --------------------------------------------------------------------------------------------------------------- urls


def test_a_facescrub_list_brings_addresses_checksums_and_boxes(web: Loopback, tmp_path: Path) -> None:
    good, changed = hashlib.sha256(jpeg(1)).hexdigest(), "0" * 64
    rows = [
        ("name", "image_id", "face_id", "url", "bbox", "sha256"),
        ("Ada Lovelace", "1", "1", web.serve("/1.jpg", Reply(jpeg(1))), "10,20,110,170", good.upper()),
        ("ada_lovelace", "2", "2", web.serve("/2.jpg", Reply(jpeg(2))), "", changed),
        ("Ben", "3", "3", web.serve("/3.jpg", Reply(jpeg(3))), "1,2,3,4", ""),
        ("Nobody Here", "4", "4", web.serve("/4.jpg", Reply(jpeg(4))), "1,2,3,4", ""),
        ("Ada Lovelace", "1", "5", web.url("/1.jpg"), "200,20,210,170", good),
    ]
    (tmp_path / "facescrub.txt").write_text("\n".join("\t".join(row) for row in rows))
    corpus = make(tmp_path, web, sources=("urls",), urls="../facescrub.txt")
    assert discover(corpus).new == 3
    found = {candidate.url.rpartition("/")[2]: candidate for candidate in candidates(corpus)}
    assert sorted(found) == ["1.jpg", "2.jpg", "3.jpg"]
    assert (found["1.jpg"].box, found["1.jpg"].sha256) == ("10,20,100,150", good)
    assert found["1.jpg"].found_by == "facescrub.txt"
    fetched = fetch_candidates(corpus)
    assert fetched.outcomes == {"stored": 2, "not_as_listed": 1}
    assert len(list(corpus.photos.root.glob("??/??/[0-9a-f]*"))) == 2
    with corpus.catalog() as catalog:
        assert catalog.candidates.stated_boxes() == {
            (good, "ada"): (10, 20, 100, 150),
            (hashlib.sha256(jpeg(3)).hexdigest(), "ben"): (1, 2, 2, 2),
        }
        (detail,) = catalog.query("SELECT detail FROM download WHERE outcome = 'not_as_listed'").fetchone()
    assert changed in detail and hashlib.sha256(jpeg(2)).hexdigest() in detail


def test_every_form_of_list_reads_the_same(tmp_path: Path) -> None:
    rows = [
        {"name": "Ada", "url": "http://h/1.jpg", "license": "CC0", "taken_on": "2011-09", "bbox": "1,2,11,22"},
        {"name": "Ben", "url": "http://h/2.jpg", "license": "", "taken_on": "", "bbox": ""},
    ]
    lines = [",".join(f'"{value}"' for value in row.values()) for row in rows]
    (tmp_path / "list.csv").write_text("\ufeff" + "\n".join(["Name,URL,license,taken_on,bbox", *lines]))
    (tmp_path / "list.tsv").write_text(
        "\n".join("\t".join(row) for row in [rows[0].keys(), *(r.values() for r in rows)])
    )
    (tmp_path / "list.jsonl").write_text(
        "\n\n".join(json.dumps({k: v or None for k, v in row.items()}) for row in rows)
    )
    boxes = pa.array([[1.0, 2.0, 11.0, 22.0], None])
    pyarrow.parquet.write_table(
        pa.Table.from_pylist(rows).drop_columns("bbox").append_column("bbox", boxes), tmp_path / "list.parquet"
    )
    lists = [list(ListOfAddresses(tmp_path / f"list.{kind}")) for kind in ("csv", "tsv", "jsonl", "parquet")]
    assert lists[0] == lists[1] == lists[2] == lists[3]
    ada, ben = lists[0]
    assert (ada.person, ada.texts, ada.box) == ("Ada", {"licence": "CC0", "taken_on": "2011-09"}, "1,2,10,20")
    assert (ben.texts, ben.box, ben.sha256) == ({}, "", "")


def test_a_vggface_folder_names_people_by_its_files(tmp_path: Path) -> None:
    folder = tmp_path / "files"
    folder.mkdir()
    (folder / "Ada_Lovelace.txt").write_text("00000001 http://h/1.jpg 87.46 47.89 134.66 95.09 3.00 5.46 1\n")
    (entry,) = ListOfAddresses(folder)
    assert (entry.person, entry.url, entry.box) == ("Ada_Lovelace", "http://h/1.jpg", "87.46,47.89,47.2,47.2")


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("name,url\nAda,\n", "entry 1 lacks an address or a name; expected columns url and one of identity_id, name"),
        ("url\nhttp://h/1\n", "entry 1 lacks an address or a name; expected columns url and one of"),
        ("name,url,sha256\nAda,http://h/1,beef\n", "entry 1: sha256 is 'beef'; it must be 64 hex digits"),
        (
            'name,url,bbox\nAda,http://h/1,"1,2,x,4"\n',
            "entry 1: the face box is '1,2,x,4'; it must be left,top,right,bottom",
        ),
        ('name,url,bbox\nAda,http://h/1,"9,2,3,4"\n', "face box '9,2,3,4' is empty"),
        ("name,url,taken_on\nAda,http://h/1,yesterday\n", "taken_on is 'yesterday'; it must be like 2011-09-25"),
        ("name,url\nZoe,http://h/1\n", "names nobody of the manifest .it names Zoe."),
        ("", "holds no entry; expected one address and name a line"),
        (None, "cannot be read as a list of addresses .*No such file"),
    ],
)
def test_a_list_that_cannot_serve_says_where_and_what_was_expected(
    web: Loopback, tmp_path: Path, text: str | None, sentence: str
) -> None:
    if text is not None:
        (tmp_path / "list.csv").write_text(text)
    corpus = make(tmp_path, web, sources=("urls",), urls=str(tmp_path / "list.csv"))
    with pytest.raises(SourceError, match=sentence):
        discover(corpus)


def test_a_list_may_not_name_files_of_this_machine(web: Loopback, tmp_path: Path) -> None:
    (tmp_path / "secret.jpg").write_bytes(jpeg(1))
    (tmp_path / "list.csv").write_text(f"name,url\nAda Lovelace,{(tmp_path / 'secret.jpg').as_uri()}\n")
    corpus = make(tmp_path, web, sources=("urls",), urls=str(tmp_path / "list.csv"))
    discover(corpus)
    assert fetch_candidates(corpus).outcomes == {"blocked_address": 1}


# ------------------------------------------------------------------------------------------------------------ archive


def pack(path: Path, members: dict[str, bytes]) -> Path:
    if path.suffix == ".zip":
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as packed:
            for name, data in members.items():
                packed.writestr(name, data)
        return path
    with tarfile.open(path, "w:gz" if path.suffix == ".gz" else "w") as tar:
        for name, data in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            tar.addfile(info, io.BytesIO(data))
        link = tarfile.TarInfo("ada/link.jpg")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
        tar.addfile(link)
    return path


@pytest.mark.parametrize("kind", [".zip", ".tar"])
def test_an_archive_is_read_without_unpacking_it(web: Loopback, tmp_path: Path, kind: str) -> None:
    members = {
        "set/ada/ü #1.jpg": jpeg(1),
        "set/ada/2.jpg": jpeg(2),
        "set/ben/notes.txt": b"no picture",
        "set/ben/bomb.jpg": jpeg(3) + bytes(3_000_000),
        "set/zoe/5.jpg": jpeg(5),
        "set/ada/.hidden.jpg": jpeg(6),
        "../../ada/7.jpg": jpeg(7),
        "/ada/8.jpg": jpeg(8),
    }
    pack(tmp_path / f"set{kind}", members)
    corpus = make(tmp_path, web, sources=("archive",), archive=f"../set{kind}")
    settings = corpus.root / "corpus.toml"
    settings.write_text(settings.read_text().replace("max_bytes = 32000000", "max_bytes = 100000"))
    corpus = Corpus(corpus.root)
    before = set(tmp_path.rglob("*"))
    assert discover(corpus).new == 6
    assert fetch_candidates(corpus).outcomes == {"stored": 4, "not_a_picture": 1, "too_big": 1}
    inside = set(corpus.root.rglob("*"))
    assert set(tmp_path.rglob("*")) - before - inside == set()
    assert not (tmp_path.parent / "ada").exists()


def test_a_member_that_is_damaged_or_gone_is_one_failed_candidate(web: Loopback, tmp_path: Path) -> None:
    path = pack(tmp_path / "set.zip", {"ada/1.jpg": jpeg(1) * 50, "ada/2.jpg": jpeg(2)})
    corpus = make(tmp_path, web, sources=("archive",), archive=str(path))
    discover(corpus)
    data = bytearray(path.read_bytes())
    data[60:80] = bytes(20)
    path.write_bytes(data)
    assert fetch_candidates(corpus).outcomes == {"stored": 1, "refused": 1}
    assert read_member(f"{path.as_uri()}#ada/9.jpg", FetchSettings()).download.outcome == "gone"


@pytest.mark.parametrize(
    ("make_file", "sentence"),
    [
        (lambda path: pack(path / "a.tar.gz", {"ada/1.jpg": jpeg(1)}), "tar file that is not compressed"),
        (
            lambda path: pack(path / "a.zip", {"zoe/1.jpg": jpeg(1)}),
            "expected members named by identity_id, like ada/1",
        ),
        (lambda path: path / "missing.zip", "cannot be read as an archive"),
    ],
)
def test_an_archive_that_cannot_serve_says_what_was_expected(
    web: Loopback, tmp_path: Path, make_file: object, sentence: str
) -> None:
    assert callable(make_file)
    corpus = make(tmp_path, web, sources=("archive",), archive=str(make_file(tmp_path)))
    with pytest.raises(SourceError, match=sentence):
        discover(corpus)
