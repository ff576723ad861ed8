"""corpus.toml: documented, validated, and read back as it was written."""

from dataclasses import fields
from pathlib import Path

import pytest

from facecorpus.errors import SettingsError
from facecorpus.keys import meaning
from facecorpus.settings import FetchSettings, Settings
from facecorpus.settings_file import documented_toml, read_settings


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


def test_every_number_has_a_range_that_its_default_is_in() -> None:
    for section in fields(Settings):
        for key in fields(section.default):  # type: ignore[arg-type]
            if (
                isinstance(key.default, int | float)
                and not isinstance(key.default, bool)
                and not key.metadata["choices"]
            ):
                least, most = key.metadata["range"]
                assert least <= key.default <= most, key.name
                assert f"From {least} to {most}." in meaning(key.metadata)


def test_a_byte_order_mark_does_not_matter(tmp_path: Path) -> None:
    assert read(tmp_path, "\ufeff[fetch]\nper_host = 3").fetch.per_host == 3


def test_an_empty_file_is_all_defaults(tmp_path: Path) -> None:
    assert read(tmp_path, "") == Settings()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("[fetch]\nper_hosts = 3", "unknown key 'per_hosts' in [fetch]; did you mean 'per_host'?"),
        ("[fetch]\nzzz = 3", "unknown key 'zzz' in [fetch]; its keys are per_host, "),
        ("[fetsch]", "unknown section [fetsch]; did you mean 'fetch'?"),
        ("[zzz]", "unknown section [zzz]; the sections are crawl, fetch, "),
        ("[fetch]\nper_identity = 3", "unknown key 'per_identity' in [fetch]; it belongs in [crawl]."),
        ("[fetch]\nper_host = 'two'", "per_host in [fetch] is 'two'; it must be a whole number from 1 to 64."),
        ("[fetch]\nper_host = true", "per_host in [fetch] is true; it must be a whole number from 1 to 64."),
        ("[fetch]\nper_host = 0", "per_host in [fetch] is 0; it must be from 1 to 64."),
        ("[build]\nquality = 101", "quality in [build] is 101; it must be from 1 to 100."),
        ("[build]\ntest_share = nan", "test_share in [build] is nan; it must be from 0 to 0.9."),
        ("[fetch]\ntimeout_seconds = inf", "timeout_seconds in [fetch] is inf; it must be from 0.1 to 3600."),
        ("[labels]\nadult_from = 70", "adult_from in [labels] is 70 and old_from is 60; expected young_from < adult"),
        (
            "[rank]\nreject_below = 0.96",
            "reject_below in [rank] is 0.96 and accept_above is 0.95; expected reject_below",
        ),
        (
            "[fetch]\nprivate_hosts = ['http://nas']",
            "private_hosts in [fetch] is 'http://nas'; it must be host or host:port",
        ),
        (
            "[crawl]\ncommons_api = 'commons'",
            "commons_api in [crawl] is 'commons'; it must be an address that begins with http",
        ),
        ("[crawl]\nsources = ['bingo']", "sources in [crawl] is 'bingo'; it must be one of commons, "),
        ("[crawl]\nsources = 'commons'", "sources in [crawl] is 'commons'; it must be a list of texts"),
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
    with pytest.raises(
        SettingsError, match=r"commons_width in \[crawl\] is 800; it must be one of 0, 20, 40, .*, 960, .*3840"
    ):
        read_settings(path)
    path.write_text("[crawl]\ncommons_width = 1280\n")
    assert read_settings(path).crawl.commons_width == 1280
