"""Source 'urls' with lists as they are really passed around: without a header, with one more column, cut off."""

from pathlib import Path

import pytest
from crawling import make
from loopback import Loopback, settings_for
from people import person
from recorded import needs_answers, recorded

from facecorpus.crawl.discover import discover
from facecorpus.crawl.sources.url_list import FORMS, Listed, ListOfAddresses
from facecorpus.errors import SourceError

SHA, MD5 = "d9" * 32, "f5" * 16
FACESCRUB = f"Ada L\t1\t2\thttp://h/1.jpg\t22,62,135,175\t{SHA}\nAda L\t3\t4\thttp://h/2.jpg\t1,2,3,4\t{SHA}\n"
VGGFACE = f"00000001 {MD5} http://h/1.jpg 165.21 105.50 298.57 238.86 4.00 3.59 1\n"
PUBFIG = (
    "# PubFig Dataset v1.2 - dev_urls.txt - http://www.cs.columbia.edu/CAVE/databases/pubfig/\n"
    f"#\tperson\timagenum\turl\trect\tmd5sum\nAda L\t1\thttp://h/1.jpg\t183,60,297,174\t{MD5}\n"
)


def read(path: Path, text: str | bytes, form: str = "auto") -> tuple[list[Listed], ListOfAddresses]:
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    addresses = ListOfAddresses(path, form)
    return list(addresses), addresses


@pytest.mark.parametrize("form", ["auto", "facescrub"])
def test_a_facescrub_list_without_a_header(tmp_path: Path, form: str) -> None:
    entries, addresses = read(tmp_path / "list.txt", FACESCRUB, form)
    assert (entries[0].person, entries[0].url, entries[0].box, entries[0].sha256) == (
        "Ada L",
        "http://h/1.jpg",
        "22,62,113,113",
        SHA,
    )
    assert (len(entries), addresses.understood, addresses.not_understood) == (2, 2, 0)
    assert addresses.form == "columns by their content" if form == "auto" else "facescrub"


@pytest.mark.parametrize("form", ["auto", "vggface"])
@pytest.mark.parametrize("text", [VGGFACE, VGGFACE.replace(f"{MD5} ", "")])
def test_a_vggface_file_with_and_without_checksums(tmp_path: Path, text: str, form: str) -> None:
    ((entry,), addresses) = read(tmp_path / "Ada_L.txt", text, form)
    assert (entry.person, entry.url, entry.box) == ("Ada_L", "http://h/1.jpg", "165.21,105.5,133.36,133.36")
    assert addresses.form == "vggface"
    folder = tmp_path / "files"
    read(folder / "Ada_L.txt", text)
    assert list(ListOfAddresses(folder, form)) == [entry]


@pytest.mark.parametrize("form", ["auto", "pubfig"])
def test_a_pubfig_list_has_a_header_with_a_sign_before_it(tmp_path: Path, form: str) -> None:
    ((entry,), addresses) = read(tmp_path / "dev_urls.txt", PUBFIG, form)
    assert (entry.person, entry.url, entry.box, entry.sha256) == ("Ada L", "http://h/1.jpg", "183,60,114,114", "")
    assert addresses.understood == 1


def test_commas_without_a_line_of_names(tmp_path: Path) -> None:
    ((entry,), _) = read(tmp_path / "list.csv", '7,"L, Ada",http://h/1.jpg,"1,2,11,22"\n')
    assert (entry.person, entry.url, entry.box) == ("L, Ada", "http://h/1.jpg", "1,2,10,20")


def test_a_damaged_line_costs_itself_alone_and_is_counted(tmp_path: Path) -> None:
    text = FACESCRUB + "Ada L\t5\t6\thttp://h/cut-o\n\nAda L\t7\t8\tnot an address\t1,2,3,4\t" + SHA + "\n"
    entries, addresses = read(tmp_path / "list.txt", text)
    assert [entry.url for entry in entries] == ["http://h/1.jpg", "http://h/2.jpg"]
    assert (addresses.understood, addresses.not_understood) == (2, 2)
    assert "entry 3: it has 4 of 6 columns" in addresses.first_problem


def test_quotes_and_other_encodings_cost_no_line(tmp_path: Path) -> None:
    text = FACESCRUB.replace("Ada L", 'Ada "L').encode() + FACESCRUB.replace("Ada", "Ád").encode("latin-1")
    entries, _ = read(tmp_path / "list.txt", text)
    assert len(entries) == 4


def test_what_is_no_list_says_what_was_expected(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="expected a line with the names of the columns, one of them url"):
        read(tmp_path / "list.txt", "once upon\ta time\n")
    with pytest.raises(SourceError, match="expected a line with the names of the columns, one of them url"):
        read(tmp_path / "list.csv", "Ada,1,http://h/1.jpg\n", form="table")
    assert set(FORMS) == {"auto", "table", "facescrub", "vggface", "pubfig"}


def test_a_crawl_says_how_much_of_its_list_was_understood(
    web: Loopback, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "list.txt").write_text(FACESCRUB + "Ben\t1\t2\thttp://h/3.jpg\t1,2,3,4\t" + SHA + "\nAda L\t1\n")
    settings = settings_for(web, crawl={"sources": ("urls",), "urls": "../list.txt", "urls_format": "facescrub"})
    assert discover(make(tmp_path / "corpus", settings, person("ada", name="Ada L"))).new == 2
    said = capsys.readouterr().err
    assert "3 entries understood (facescrub), 2 of them of people of the manifest; 1 not understood" in said


@needs_answers
@pytest.mark.parametrize(
    ("answer", "name", "understood", "first"),
    [
        (
            "facescrub-without-header.txt",
            "facescrub_actresses.txt",
            5,
            ("Lorraine Bracco", "22,62,113,113", "d920e0af8b560d8d9df41baa422314abf24a8c729ed6bab9324e8e15f3e4d6b2"),
        ),
        ("vggface-with-md5.txt", "A.J._Buckley.txt", 5, ("A.J._Buckley", "165.21,105.5,133.36,133.36", "")),
        ("pubfig-dev-urls.txt", "dev_urls.txt", 2, ("Abhishek Bachan", "183,60,114,114", "")),
    ],
)
def test_recorded_lists(tmp_path: Path, answer: str, name: str, understood: int, first: tuple[str, str, str]) -> None:
    entries, addresses = read(tmp_path / name, recorded(answer))
    assert (addresses.understood, len(entries)) == (understood, understood)
    assert (entries[0].person, entries[0].box, entries[0].sha256) == first
    assert all(entry.url.startswith("http://") for entry in entries)
