"""An end to every request, whatever a server sends to keep it alive.

Socket timeouts begin anew with each byte; a server that drips one byte now and then would hold a connection for ever,
in the body as in the head. So a timer shuts the socket down, and the blocked read returns.
"""

import socket
import threading
from types import TracebackType
from typing import Self

_current = threading.local()


class Deadline:
    """The seconds that a request of this thread inside the block may take; `expired` tells why one broke off."""

    def __init__(self, seconds: float) -> None:
        self.expired = False
        self._socket: socket.socket | None = None
        self._timer = threading.Timer(seconds, self.expire)
        self._timer.daemon = True

    def __enter__(self) -> Self:
        _current.deadline = self
        self._timer.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._timer.cancel()
        self._socket = None
        _current.deadline = None

    def watch(self, used: socket.socket) -> None:
        """Note which socket the request uses."""
        self._socket = used

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


def watch(used: socket.socket | None) -> None:
    """Put a socket under this thread's deadline, where there is one."""
    deadline: Deadline | None = getattr(_current, "deadline", None)
    if deadline is not None and used is not None:
        deadline.watch(used)
