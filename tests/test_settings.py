"""corpus.toml: documented, validated, and read back as it was written."""

from dataclasses import fields
from pathlib import Path

import pytest

from facecorpus.errors import SettingsError
from facecorpus.settings import FetchSettings, Settings, documented_toml, read_settings


def read(tmp_path: Path, text: str) -> Settings:
    path = tmp_path / "corpus.toml"
    path.write_text(text)
    return read_settings(path)


def test_every_key_is_written_with_its_meaning_and_reads_back(tmp_path: Path) -> None:
    text = documented_toml()
    assert read(tmp_path, text) == Settings()
    for section in fields(Settings):
        for key in fields(section.default):  # type: ignore[arg-type]
            assert f"# {key.metadata['help']}" in text


def test_changed_values_read_back(tmp_path: Path) -> None:
    changed = Settings(fetch=FetchSettings(private_hosts=('a"b', "c\\d"), timeout_seconds=2.5, obey_opt_outs=False))
    assert read(tmp_path, documented_toml(changed)) == changed


def test_an_empty_file_is_all_defaults(tmp_path: Path) -> None:
    assert read(tmp_path, "") == Settings()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("[fetch]\nper_hosts = 3", "unknown key 'per_hosts' in [fetch]; its keys are per_host, "),
        ("[fetsch]", "unknown section [fetsch]; the sections are crawl, fetch, "),
        ("[fetch]\nper_host = 'two'", "per_host in [fetch] must be a whole number, not 'two'"),
        ("[fetch]\nper_host = true", "per_host in [fetch] must be a whole number, not True"),
        ("[fetch]\nper_host = 0", "per_host in [fetch] must be at least 1, not 0"),
        ("[crawl]\nsources = ['bingo']", "sources in [crawl] may be commons, "),
        ("[crawl]\nsources = 'commons'", "sources in [crawl] must be a list of texts"),
        ("fetch = 3", "fetch must be a section, written [fetch]"),
        ("[fetch", "is not valid TOML"),
    ],
)
def test_a_wrong_file_is_one_clear_sentence(tmp_path: Path, text: str, expected: str) -> None:
    with pytest.raises(SettingsError) as error:
        read(tmp_path, text)
    assert str(tmp_path / "corpus.toml") in str(error.value)
    assert expected in str(error.value)


def test_a_width_that_wikimedia_does_not_serve_is_refused_with_the_ones_that_it_does(tmp_path: Path) -> None:
    path = tmp_path / "corpus.toml"
    path.write_text("[crawl]\ncommons_width = 800\n")
    with pytest.raises(SettingsError, match=r"commons_width in \[crawl\] may be 0, 20, 40, .*, 960, .*3840; not 800"):
        read_settings(path)
    path.write_text("[crawl]\ncommons_width = 1280\n")
    assert read_settings(path).crawl.commons_width == 1280
