"""Which addresses may be reached: the public web, and the private hosts that the settings name.

The peer's address is checked on the connected socket, before a byte is sent. So a name that resolves to a private
address, now or at the second look (DNS rebinding), is caught, and so is every hop of a redirect.
"""

import ipaddress
from collections.abc import Sequence
from urllib.parse import SplitResult, urlsplit

from facecorpus.crawl.failure import Failure
from facecorpus.words import Outcome

DEFAULT_PORTS = {"http": 80, "https": 443}

_EMBEDDING_IPV4 = (
    # Network, and how far the IPv4 address inside is from the right end, in bits.
    (ipaddress.IPv6Network("::ffff:0:0/96"), 0),  # IPv4-mapped
    (ipaddress.IPv6Network("::/96"), 0),  # IPv4-compatible
    (ipaddress.IPv6Network("64:ff9b::/96"), 0),  # NAT64, RFC 6052
    (ipaddress.IPv6Network("2002::/16"), 80),  # 6to4, RFC 3056
)
_GLOBAL_UNICAST = ipaddress.IPv6Network("2000::/3")  # all that IANA has given out for hosts
_NEVER_PUBLIC = tuple(
    # is_global of some supported Python versions says True for these.
    ipaddress.ip_network(text)
    for text in (
        "192.0.0.0/24",  # IETF protocol assignments, with Oracle's metadata service
        "168.63.129.16/32",  # Azure's platform service, which answers virtual machines alone
        "2001::/32",  # Teredo: the true address is the client's own word
    )
)


def is_public(address: str) -> bool:
    """Whether an IP address (text, a zone index allowed) belongs to one host of the public internet.

    IPv6 addresses that stand for an IPv4 address are judged by that one.
    """
    ip = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(ip, ipaddress.IPv6Address):
        for network, shift in _EMBEDDING_IPV4:
            if ip in network:
                return is_public(str(ipaddress.IPv4Address(int(ip) >> shift & 0xFFFFFFFF)))
        if ip not in _GLOBAL_UNICAST:
            return False
    if any(ip in network for network in _NEVER_PUBLIC if network.version == ip.version):
        return False
    return ip.is_global and not ip.is_multicast and not ip.is_reserved


def host_of(url: str) -> str:
    """host:port of a URL that check_url has passed, the scheme's own port where it names none."""
    parts = urlsplit(url)
    return f"{parts.hostname}:{parts.port or DEFAULT_PORTS[parts.scheme]}"


class Guard:
    """Passes or refuses URLs and peers; private_hosts (host or host:port) may be on any address."""

    def __init__(self, private_hosts: Sequence[str]) -> None:
        self._private = {host.lower() for host in private_hosts}

    def allows_private(self, url: str) -> bool:
        """Whether the settings name this URL's host as one that may be private."""
        parts = _split(url)
        return self._named(parts.hostname or "", parts.port or DEFAULT_PORTS.get(parts.scheme, 0))

    def check_url(self, url: str) -> None:
        """Raise Failure for anything but a plain http(s) address with a host."""
        parts = _split(url)
        if parts.scheme not in DEFAULT_PORTS:
            raise _blocked(f"only http and https are fetched, not {parts.scheme or 'an address without a scheme'}")
        if not parts.hostname:
            raise _blocked("the address names no host")
        if parts.username is not None or parts.password is not None:
            raise _blocked("the address carries a user name or password")
        port = parts.port or DEFAULT_PORTS[parts.scheme]
        if _is_ip(parts.hostname):  # no connection is even begun
            self.check_peer(parts.hostname, port, parts.hostname)

    def check_peer(self, host: str, port: int, address: str) -> None:
        """Raise Failure where a connection to host:port has reached an address that is not public."""
        if not is_public(address) and not self._named(host, port):
            raise _blocked(f"{host}:{port} is at {address}, which is not on the public internet")

    def _named(self, host: str, port: int) -> bool:
        host = host.lower().strip("[]")
        return bool({host, f"{host}:{port}", f"[{host}]", f"[{host}]:{port}"} & self._private)


def _is_ip(host: str) -> bool:
    try:
        ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return False
    return True


def _split(url: str) -> SplitResult:
    try:
        parts = urlsplit(url)
        _ = parts.port  # parsed, and refused, only when asked for
    except ValueError as error:
        raise _blocked(f"not a web address: {error}") from None
    return parts


def _blocked(detail: str) -> Failure:
    return Failure(Outcome.BLOCKED_ADDRESS, detail)
