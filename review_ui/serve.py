"""Serve the review page until Ctrl-C: on this machine alone, or, with a password, to others."""

import contextlib
import secrets
import socket
import webbrowser
from collections.abc import Iterator

from facecorpus.corpus import Corpus
from facecorpus.errors import FacecorpusError
from review_ui.memory import keep_little
from review_ui.reviewers import check_reviewer

LOOPBACK = {"127.0.0.1", "localhost", "::1"}
SHORTEST_PASSWORD = 8
_KEEP_ALIVE = 75  # seconds; a look at a face is no reason to connect anew

_OPEN_TO_OTHERS = """\
This page is open to every machine that reaches this one, to whoever knows the password. It
travels unencrypted, and so do the photographs: use it in a network that you trust, or leave the page on loopback and
reach it through ssh -L."""


def serve(
    corpus: Corpus,
    *,
    host: str = "127.0.0.1",
    port: int = 8732,
    reviewer: str,
    open_browser: bool,
    password: str | None = None,
) -> None:
    """Print the page's address, serve it until Ctrl-C, then say what is left.

    `port` 0 takes a free one. A host that is not loopback needs a password; then everybody gives a name of their own
    when they come in. Raises FacecorpusError for a host without one, a port in use, or a reviewer's name that cannot
    be one.
    """
    import uvicorn

    from review_ui.app import create_app
    from review_ui.guard import Access
    from review_ui.opening import private_page

    check_reviewer(reviewer)
    keep_little()
    if host not in LOOPBACK:
        _check_password(host, password)
        print(_OPEN_TO_OTHERS, flush=True)
        access = Access(reviewer, password=password, hosts=(host, socket.gethostname(), socket.getfqdn()))
    else:
        access = Access(reviewer, token=secrets.token_urlsafe(24))
    with _listening(host, port) as listener:
        shown = socket.gethostname() if host in ("0.0.0.0", "::") else host
        url = review_url(shown, listener.getsockname()[1], access.token)
        how = "The address works once." if access.token else "The page asks for your name and the password."
        print(f"Review as {reviewer}: {url}\n{how} Ctrl-C ends; every verdict is saved.", flush=True)
        config = uvicorn.Config(
            create_app(corpus, access),
            log_level="warning",
            access_log=False,
            server_header=False,
            ws="none",
            timeout_graceful_shutdown=3,
            timeout_keep_alive=_KEEP_ALIVE,
        )
        with contextlib.suppress(KeyboardInterrupt), contextlib.ExitStack() as stack:
            if open_browser:
                port = listener.getsockname()[1]
                webbrowser.open(stack.enter_context(private_page(corpus.root, url, port)) if access.token else url)
            uvicorn.Server(config).run(sockets=[listener])
    print(f"\n{_closing_sentence(corpus, reviewer)}", flush=True)


def review_url(host: str, port: int, token: str | None) -> str:
    """The address that lets a browser in, or that asks for the password."""
    address = f"http://{f'[{host}]' if ':' in host else host}:{port}/"
    return f"{address}?token={token}" if token else address


def _check_password(host: str, password: str | None) -> None:
    if password is None:
        raise FacecorpusError(
            f"Served on {host!r}, the review page needs a password: set FACECORPUS_REVIEW_PASSWORD, or run it in a"
            " terminal. Without one, leave --host out and reach it with: ssh -L 8732:127.0.0.1:8732 THIS-MACHINE"
        )
    if len(password) < SHORTEST_PASSWORD:
        raise FacecorpusError(
            f"The password has {len(password)} characters; choose one of {SHORTEST_PASSWORD} or more."
        )


@contextlib.contextmanager
def _listening(host: str, port: int) -> Iterator[socket.socket]:
    """A listening socket, so that the address works the moment it is printed."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    except (socket.gaierror, UnicodeError):
        raise FacecorpusError(f"{host!r} is no address of this machine; choose another --host.") from None
    with socket.socket(family, kind, protocol) as listener:
        # A review that was just ended leaves its port waiting for a minute; it may be taken again.
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind(address)
        except OSError as error:
            raise FacecorpusError(
                f"Port {port} of {host} cannot be used ({error.strerror}); end the review that runs there,"
                " or choose another with --port."
            ) from None
        listener.listen(128)
        yield listener


def _closing_sentence(corpus: Corpus, reviewer: str) -> str:
    with corpus.catalog() as catalog:
        left = sum(one.left for one in catalog.progress.of(reviewer, corpus.settings.review))
        marked = len(catalog.review.marked())
    lines = []
    if marked:
        photographs = "1 photograph is" if marked == 1 else f"{marked:,} photographs are"
        lines.append(f"{photographs} marked for removal: facecorpus forget --marked takes them down.")
    if left:
        faces = "1 face is" if left == 1 else f"{left:,} faces are"
        lines.append(f"{faces} not decided yet: facecorpus review goes on.")
    else:
        lines.append("All faces are decided.")
    return "\n".join(lines)
