"""Shards made again from a build without images: the very bytes, or a word on every face that is missing."""

import hashlib
import json
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from build_corpus import Shot, picture, ready_corpus, shots
from loopback import Loopback, Reply, settings_for

from facecorpus.build.kind import Kind
from facecorpus.build.stage import build_shards
from facecorpus.catalog.removal_keys import TakenDown, removal_key
from facecorpus.corpus import Corpus
from facecorpus.errors import BuildError
from facecorpus.settings import Settings
from facecorpus.upkeep.rebuild import MARK, rebuild
from training.data.shards import read_shards

SHOTS = shots(each=3)


class Published:
    """A corpus whose photographs a loopback web serves, built with and without images."""

    def __init__(self, folder: Path, web: Loopback) -> None:
        self.corpus = ready_corpus(folder / "c", SHOTS)
        with self.corpus.catalog() as catalog, catalog.transaction() as connection:
            for shot in SHOTS:
                url = web.serve(f"/{shot.identity_id}/{shot.number}.png", Reply(picture(shot)))
                connection.execute("UPDATE candidate SET url = ? WHERE url = ?", (url, shot.url))
        build_shards(self.corpus)
        build_shards(self.corpus, kind=Kind.WITHOUT_IMAGES)
        self.source = Kind.WITHOUT_IMAGES.folder(self.corpus.shards)
        plain = settings_for(web)
        self.settings: Settings = replace(plain, build=replace(plain.build, workers=1))


def shards_of(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.glob("data/*.parquet")}


def test_it_gives_the_very_bytes_of_the_build_and_asks_for_each_photograph_once(tmp_path: Path) -> None:
    with Loopback() as web:
        published = Published(tmp_path, web)
        summary = rebuild(published.source, tmp_path / "out", published.settings)
        assert sorted(web.paths()) == sorted(f"/{shot.identity_id}/{shot.number}.png" for shot in SHOTS)
        assert shards_of(tmp_path / "out") == shards_of(published.corpus.shards)
        assert (summary.faces, summary.left_out, summary.other_versions) == (len(SHOTS), (), ())
        assert "Every picture has the sha256" in str(summary)
        assert len(read_shards(tmp_path / "out")) == len(SHOTS)
        again = rebuild(published.source, tmp_path / "out", published.settings)
        assert (again.shards_there, again.shards, again.bytes_fetched) == (2, 2, 0)
        assert len(web.paths()) == len(SHOTS)
    assert not (tmp_path / "out" / ".photographs").exists()


def test_what_is_gone_or_another_picture_is_left_out_by_name_and_comes_with_a_later_run(tmp_path: Path) -> None:
    with Loopback() as web:
        published = Published(tmp_path, web)
        web.serve("/ada/0.png", Reply(b"", 404), Reply(picture(Shot("ada", 0))))
        web.serve("/ben/0.png", Reply(picture(Shot("cleo", 2))))
        summary = rebuild(published.source, tmp_path / "out", published.settings)
        reasons = {one.source_url.rpartition("127.0.0.1")[2].partition("/")[2]: one.reason for one in summary.left_out}
        assert reasons.keys() == {"ada/0.png", "ben/0.png"}
        assert reasons["ada/0.png"].startswith("gone")
        assert "gives another picture now" in reasons["ben/0.png"]
        assert summary.faces == len(SHOTS) - 2
        assert (
            sum(pq.read_metadata(path).num_rows for path in (tmp_path / "out").glob("data/*.parquet")) == len(SHOTS) - 2
        )
        assert set(summary.shards_that_differ) == {
            name
            for name, data in shards_of(published.corpus.shards).items()
            if shards_of(tmp_path / "out")[name] != data
        }
        before = len(web.paths())
        later = rebuild(published.source, tmp_path / "out", published.settings)
        assert sorted(web.paths()[before:]) == ["/ada/0.png", "/ben/0.png"]
        assert [one.reason for one in later.left_out] == [reasons["ben/0.png"]]


def test_an_address_of_a_file_cannot_be_rebuilt_and_is_counted(tmp_path: Path) -> None:
    with Loopback() as web:
        published = Published(tmp_path, web)
        corpus = published.corpus
        with corpus.catalog() as catalog, catalog.transaction() as connection:
            connection.execute("UPDATE candidate SET url = 'file:///mine.png', host = '' WHERE url GLOB '*/ada/0.png'")
        build_shards(corpus, kind=Kind.WITHOUT_IMAGES)
        summary = rebuild(published.source, tmp_path / "out", published.settings)
        assert [one.reason for one in summary.left_out] == ["its address is not on the web"]


def test_what_was_taken_down_here_is_not_asked_for(tmp_path: Path) -> None:
    with Loopback() as web:
        published = Published(tmp_path, web)
        names = (web.url("/ada/0.png"), hashlib.sha256(picture(Shot("ben", 1))).hexdigest())
        taken_down = TakenDown({removal_key(name, b"secret") for name in names}, b"secret")
        summary = rebuild(published.source, tmp_path / "out", published.settings, taken_down)
        assert {one.reason for one in summary.left_out} == {"it was taken down"}
        assert {"/ada/0.png", "/ben/1.png"}.isdisjoint(web.paths())
        assert len(web.paths()) == len(SHOTS) - 2


KILLED = """
import os, signal, sys
from pathlib import Path
from facecorpus.upkeep import rebuild
from facecorpus.settings import BuildSettings, CrawlSettings, FetchSettings, Settings
source, target, host, after = sys.argv[1:]
write_shard, written = rebuild.write_shard, []

def killing(path, *arguments):
    if len(written) == int(after):
        os.kill(os.getpid(), signal.SIGKILL)
    write_shard(path, *arguments)
    written.append(path)

rebuild.write_shard = killing
fetch = FetchSettings(private_hosts=(host,), requests_per_minute=600_000)
settings = Settings(crawl=CrawlSettings(contact="me@example.org"), fetch=fetch, build=BuildSettings(workers=1))
rebuild.rebuild(Path(source), Path(target), settings)
"""


@pytest.mark.parametrize("after", [0, 1])
def test_killed_it_goes_on_with_what_it_has(after: int, tmp_path: Path) -> None:
    with Loopback() as web:
        published = Published(tmp_path, web)
        arguments = [str(published.source), str(tmp_path / "out"), web.host, str(after)]
        ended = subprocess.run([sys.executable, "-c", KILLED, *arguments], check=False)
        assert ended.returncode == -signal.SIGKILL
        (tmp_path / "out" / ".tmp-0123").write_bytes(b"the beginning of a file")
        summary = rebuild(published.source, tmp_path / "out", published.settings)
        assert summary.shards_there == after
        assert sorted(web.paths()) == sorted(f"/{shot.identity_id}/{shot.number}.png" for shot in SHOTS)
    assert shards_of(tmp_path / "out") == shards_of(published.corpus.shards)
    assert not list((tmp_path / "out").glob(".tmp-*"))


def test_killed_before_its_first_shard_is_noted_it_knows_its_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def killed(_: Path) -> str:
        raise KeyboardInterrupt

    with Loopback() as web:
        published = Published(tmp_path, web)
        monkeypatch.setattr("facecorpus.upkeep.rebuild.sha256_of", killed)
        with pytest.raises(KeyboardInterrupt):
            rebuild(published.source, tmp_path / "out", published.settings)
        monkeypatch.undo()
        assert len(shards_of(tmp_path / "out")) == 1
        assert rebuild(published.source, tmp_path / "out", published.settings).faces == len(SHOTS)


def test_what_it_cannot_rebuild_from_or_into_is_one_sentence(published: Corpus, tmp_path: Path) -> None:
    with pytest.raises(BuildError, match=r"is no build without images .* name the folder that"):
        rebuild(published.shards, tmp_path / "out", Settings())
    with Loopback() as web:
        small = Published(tmp_path, web)
        (tmp_path / "mine").mkdir()
        (tmp_path / "mine" / "thesis.tex").touch()
        with pytest.raises(BuildError, match=r"mine is not empty and was not made by rebuild"):
            rebuild(small.source, tmp_path / "mine", small.settings)
        shard = min(small.source.glob("data/*.parquet"))
        shard.write_bytes(shard.read_bytes()[:-9])
        with pytest.raises(BuildError, match=rf"{shard.name} is missing or damaged; get that folder again"):
            rebuild(small.source, tmp_path / "out", small.settings)


def test_the_note_in_the_folder_says_what_became_of_every_shard(tmp_path: Path) -> None:
    with Loopback() as web:
        published = Published(tmp_path, web)
        web.serve("/ada/0.png", Reply(b"", 410))
        rebuild(published.source, tmp_path / "out", published.settings)
    noted = json.loads((tmp_path / "out" / MARK).read_text(encoding="utf-8"))
    assert noted.keys() == shards_of(tmp_path / "out").keys()
    assert sum(len(one["left_out"]) for one in noted.values()) == 1
