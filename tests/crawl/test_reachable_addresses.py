"""What a download may reach: redirects, private addresses, and addresses that are none."""

from pathlib import Path

import pytest
from fetching import fetch, outcome
from loopback import Loopback, Reply, jpeg, settings_for

from facecorpus.crawl.fetch import Fetcher
from facecorpus.crawl.guard import Guard, is_public
from facecorpus.errors import SettingsError, SourceError
from facecorpus.words import Outcome

NOT_PUBLIC = """
    127.0.0.1 10.1.2.3 172.16.0.1 192.168.1.1 169.254.169.254 100.64.0.1 0.0.0.0 224.0.0.1 255.255.255.255
    240.0.0.1 192.0.0.8 192.0.0.192 168.63.129.16 198.18.0.1
    ::1 :: fe80::1%eth0 fc00::1 fd00:ec2::254 ff02::1 ::ffff:127.0.0.1 ::127.0.0.1 2002:7f00:1::
    64:ff9b::a9fe:a9fe 64:ff9b:1::1 2002:c0a8:101::1 2001:0:1234::1 2001:db8::1 fec0::1
"""


def test_redirects_are_followed_and_recorded_under_the_first_address(web: Loopback) -> None:
    web.serve("/b.jpg", Reply(jpeg(1)))
    url = web.serve("/a.jpg", Reply(status=302, headers=(("Location", "b.jpg"),)))
    fetched = fetch(web, url)
    assert fetched.data == jpeg(1)
    assert fetched.download.url == url


def test_a_circle_of_redirects_ends(web: Loopback) -> None:
    url = web.serve("/a.jpg", Reply(status=301, headers=(("Location", "/a.jpg"),)))
    assert outcome(web, url) is Outcome.BAD_REDIRECT
    assert len(web.paths()) == 6


def test_a_private_address_is_not_asked_unless_the_settings_name_it(web: Loopback) -> None:
    url = web.serve("/a.jpg", Reply(jpeg(1)))
    with Fetcher(settings_for()) as fetcher:
        assert fetcher.fetch(url).download.outcome is Outcome.BLOCKED_ADDRESS
    assert web.requests == []


def test_a_redirect_leads_neither_to_a_private_address_nor_to_a_file(web: Loopback, tmp_path: Path) -> None:
    secret = tmp_path / "secret.jpg"
    secret.write_bytes(jpeg(1))
    with Loopback() as inside:
        for target in (inside.serve("/a.jpg", Reply(jpeg(1))), f"http://localhost:{inside.port}/", secret.as_uri()):
            url = web.serve("/a.jpg", Reply(status=302, headers=(("Location", target),)))
            assert outcome(web, url) is Outcome.BLOCKED_ADDRESS
        assert inside.requests == []


@pytest.mark.parametrize(
    "url",
    [
        "file:///etc/passwd",
        "ftp://h/a.jpg",
        "data:image/png;base64,AA",
        "//h/a.jpg",
        "http:///a.jpg",
        "http://[::1/",
        "http://me:secret@127.0.0.1/a.jpg",
        "http://127.0.0.1:99999/",
        "http://a..b/",
        f"http://{'a' * 64}.org/",
        "",
    ],
)
def test_what_is_no_plain_web_address_is_refused(web: Loopback, url: str) -> None:
    assert outcome(web, url, obey_opt_outs=False) is Outcome.BLOCKED_ADDRESS


@pytest.mark.parametrize(
    "address",
    NOT_PUBLIC.split(),
)
def test_addresses_that_are_not_of_the_public_internet(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize("address", ["1.1.1.1", "208.80.154.240", "2620:0:861:ed1a::1", "::ffff:1.1.1.1"])
def test_addresses_of_the_public_internet(address: str) -> None:
    assert is_public(address)


def test_private_hosts_may_be_named_with_and_without_port() -> None:
    guard = Guard(("127.0.0.1:8765", "wiki.local"))
    assert guard.allows_private("http://127.0.0.1:8765/x") and guard.allows_private("https://WIKI.local/x")
    assert not guard.allows_private("http://127.0.0.1/x")


def test_a_public_host_is_not_asked_without_a_contact(web: Loopback) -> None:
    with Fetcher(settings_for(web, crawl={"contact": " "})) as fetcher:
        assert fetcher.fetch(web.serve("/a.jpg", Reply(jpeg(1)))).data
        with pytest.raises(SourceError, match=r"commons\.example.*corpus\.toml, section \[crawl\], set contact"):
            fetcher.get_json("https://commons.example/w/api.php", {})
    with pytest.raises(SettingsError, match="contact"):
        Fetcher(settings_for(web, crawl={"contact": "me\r\nX-Header: 1"}))
