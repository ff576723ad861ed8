"""Before anything is asked: is there somebody whom a host can reach, and can any host be reached?"""

import socket
import threading
import time
from collections.abc import Iterable, Sequence
from queue import Empty, SimpleQueue
from urllib.parse import urlsplit

from facecorpus.crawl.guard import DEFAULT_PORTS, Guard
from facecorpus.errors import SourceError
from facecorpus.settings import Settings

SECONDS = 10.0
"""So long is waited for any host to take a connection."""

_KNOCKED = 8  # hosts that are tried, all at once


def may_ask(settings: Settings, sources: Sequence[Sequence[str]]) -> None:
    """Raise SourceError where a source's hosts are all public and no contact is named, or no host can be reached.

    Of a source with a private host, such as a wiki of one's own, nobody knows whether it will ask the public ones.
    """
    for hosts in sources:
        if len(_public(settings, hosts)) == len({*hosts}):
            require_contact(settings, hosts)
    require_network(settings, [host for hosts in sources for host in hosts])


def require_contact(settings: Settings, hosts: Iterable[str]) -> None:
    """Raise SourceError where one of these hosts (host or host:port) is public, and the settings name no contact."""
    if (public := _public(settings, hosts)) and not settings.crawl.contact.strip():
        raise SourceError(
            f"{public[0]} may be asked only by somebody it can reach; in corpus.toml, section [crawl], set contact to"
            " your mail address or page."
        )


def require_network(settings: Settings, hosts: Iterable[str]) -> None:
    """Raise SourceError where all these hosts are public, and none of them takes a connection."""
    named = [host for host in hosts if host]
    public = _public(settings, named)
    if public and len(public) == len({*named}) and not _any_answers(public := public[:_KNOCKED]):
        raise SourceError(
            f"No host could be reached (tried {', '.join(public)}); look at your network, or name in [crawl] only"
            " sources of this machine, and run again."
        )


def _public(settings: Settings, hosts: Iterable[str]) -> list[str]:
    guard = Guard(settings.fetch.private_hosts)
    return [host for host in dict.fromkeys(hosts) if host and not guard.allows_private(f"https://{host}")]


def _any_answers(hosts: list[str]) -> bool:
    """Whether one of the hosts takes a connection; nothing is sent on it."""
    answers: SimpleQueue[bool] = SimpleQueue()

    def knock(host: str) -> None:
        answers.put(any(_takes_connection(host, port) for port in DEFAULT_PORTS.values()))

    for host in hosts:  # daemons: a name server that does not answer holds nobody up
        threading.Thread(target=knock, args=(host,), daemon=True).start()
    until = time.monotonic() + SECONDS
    try:
        return any(answers.get(timeout=max(0.0, until - time.monotonic())) for _ in hosts)
    except Empty:
        return False


def _takes_connection(host: str, port: int) -> bool:
    try:
        parts = urlsplit(f"https://{host}")
        socket.create_connection((parts.hostname or "", parts.port or port), timeout=SECONDS).close()
    except (OSError, ValueError):
        return False
    return True
