"""Wrong passwords: each is answered slowly, and an address has only so many a minute. A right one never waits.

The tries of one address count for that address alone. Beyond its share it is refused unread: who could ask as often as
they like would find the password by asking.
"""

import time
from collections import deque
from collections.abc import Callable
from ipaddress import IPv6Address, ip_address

from starlette.types import Scope

PAUSE = 1.0  # seconds before a wrong password is answered
WINDOW = 60.0  # seconds
MOST = 100  # wrong passwords of one address in a window


class Tries:
    """The wrong passwords of the last minute, by address."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._wrong: dict[str, deque[float]] = {}

    def too_many(self, client: str) -> bool:
        """Whether this address has used up its share."""
        self._forget()
        return len(self._wrong.get(client, ())) >= MOST

    def wrong(self, client: str) -> None:
        """Count one more."""
        self._wrong.setdefault(client, deque()).append(self._clock())

    def _forget(self) -> None:
        """Drop what is older than the window, so that addresses do not add up."""
        since = self._clock() - WINDOW
        for client, times in list(self._wrong.items()):
            while times and times[0] <= since:
                times.popleft()
            if not times:
                del self._wrong[client]


def client_of(scope: Scope) -> str:
    """Whose share a request counts for: its address; of IPv6 the network, since one machine has a whole one."""
    host, _ = scope.get("client") or ("", 0)
    try:
        address = ip_address(host.partition("%")[0])
    except ValueError:
        return str(host)
    if not isinstance(address, IPv6Address):
        return str(address)
    return str(address.ipv4_mapped or IPv6Address(int(address) >> 64 << 64))
