"""An end to every request, whatever a server sends to keep it alive.

Socket timeouts begin anew with each byte; a server that drips one byte now and then would hold a connection for ever,
in the body as in the head or the TLS handshake. So one thread watches all requests and shuts the socket of a late one
down, and the blocked read returns.
"""

import math
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

_current = threading.local()


class Deadline:
    """One request's; `expired` tells why it broke off, `kept_alive` whether its connection had served before."""

    def __init__(self, spent: float) -> None:
        self._begun = time.monotonic() - spent
        self.expired = False
        self.kept_alive = False
        self._socket: socket.socket | None = None

    @property
    def spent(self) -> float:
        """Seconds until now, with those that were spent before."""
        return time.monotonic() - self._begun

    def watch(self, used: socket.socket, kept_alive: bool) -> None:
        """Note which socket the request uses."""
        self._socket = used
        self.kept_alive = kept_alive
        if self.expired:  # while it was connecting
            self.expire()

    def expire(self) -> None:
        """End the request now; may be called from any thread."""
        self.expired = True
        used = self._socket
        if used is not None:
            try:
                # Of the plain socket: that of a TLS socket would also throw away the state that a reader is using.
                socket.socket.shutdown(used, socket.SHUT_RDWR)
            except OSError:
                return  # it ended by itself meanwhile


class Deadlines:
    """Watches over the requests of all threads; each has at most so many seconds."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._due: dict[Deadline, float] = {}
        self._changed = threading.Condition()
        self._closed = False
        self._thread: threading.Thread | None = None

    @contextmanager
    def of_request(self, spent: float = 0.0) -> Iterator[Deadline]:
        """The deadline of what this thread asks for inside the block; so many of its seconds are spent already."""
        deadline = Deadline(spent)
        with self._changed:
            self._due[deadline] = time.monotonic() + self._seconds - spent
            if self._thread is None:
                self._thread = threading.Thread(target=self._watch, daemon=True)
                self._thread.start()
            elif spent:
                self._changed.notify()
        _current.deadline = deadline
        try:
            yield deadline
        finally:
            _current.deadline = None
            with self._changed:
                del self._due[deadline]

    def expire_all(self) -> None:
        """End all that is under way now."""
        with self._changed:
            for deadline in self._due:
                deadline.expire()

    def close(self) -> None:
        """End the watching."""
        with self._changed:
            self._closed = True
            self._changed.notify()

    def _watch(self) -> None:
        with self._changed:
            while not self._closed:
                now = time.monotonic()
                for deadline, due in self._due.items():
                    if due <= now:
                        deadline.expire()
                        self._due[deadline] = math.inf
                # Whatever begins during the wait with all its seconds is due after it: it need not wake this thread.
                self._changed.wait(min([self._seconds, *(due - now for due in self._due.values())]))


def watch(used: socket.socket | None, kept_alive: bool = False) -> None:
    """Put a socket under the deadline of this thread's request, where there is one."""
    deadline: Deadline | None = getattr(_current, "deadline", None)
    if deadline is not None and used is not None:
        deadline.watch(used, kept_alive)
