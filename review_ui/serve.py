"""Serve the review page on this machine, until Ctrl-C."""

import contextlib
import secrets
import socket
import webbrowser
from collections.abc import Iterator

from facecorpus.corpus import Corpus
from facecorpus.errors import FacecorpusError

LOOPBACK = {"127.0.0.1": socket.AF_INET, "localhost": socket.AF_INET, "::1": socket.AF_INET6}


def serve(corpus: Corpus, *, host: str = "127.0.0.1", port: int = 8732, reviewer: str, open_browser: bool) -> None:
    """Print the page's address, serve it until Ctrl-C, then say what is next.

    `port` 0 takes a free one. Raises FacecorpusError for a host that is not loopback, a port in use, or a
    reviewer's name that cannot be one.
    """
    import uvicorn

    from review_ui.app import create_app

    _check_reviewer(reviewer)
    token = secrets.token_urlsafe(24)
    with _listening(host, port) as listener:
        url = review_url(host, listener.getsockname()[1], token)
        print(f"Review as {reviewer}: {url}\nThe address works once. Ctrl-C ends; every verdict is saved.", flush=True)
        if open_browser:
            webbrowser.open(url)
        config = uvicorn.Config(
            create_app(corpus, token, reviewer),
            log_level="warning",
            access_log=False,
            server_header=False,
            ws="none",
            timeout_graceful_shutdown=3,
        )
        with contextlib.suppress(KeyboardInterrupt):
            uvicorn.Server(config).run(sockets=[listener])
    print(f"\n{_closing_sentence(corpus)}", flush=True)


def review_url(host: str, port: int, token: str) -> str:
    """The address that lets a browser in."""
    return f"http://{f'[{host}]' if ':' in host else host}:{port}/?token={token}"


def _check_reviewer(reviewer: str) -> None:
    if not reviewer.strip() or len(reviewer) > 64 or not reviewer.isprintable():
        raise FacecorpusError(f"{reviewer!r} is no reviewer's name; give 1 to 64 printable characters.")
    if reviewer == "auto":
        raise FacecorpusError("'auto' is the name of the automatic policy; choose another reviewer's name.")


@contextlib.contextmanager
def _listening(host: str, port: int) -> Iterator[socket.socket]:
    """A listening socket, so that the address works the moment it is printed."""
    if host not in LOOPBACK:
        raise FacecorpusError(
            f"The review page is served on this machine alone, not on {host!r}; to use it from another one,"
            f" run there: ssh -L {port}:127.0.0.1:{port} THIS-MACHINE"
        )
    with socket.socket(LOOPBACK[host], socket.SOCK_STREAM) as listener:
        # A review that was just ended leaves its port waiting for a minute; it may be taken again.
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((host, port))
        except OSError as error:
            raise FacecorpusError(
                f"Port {port} cannot be used ({error.strerror}); end the review that runs there,"
                " or choose another with --port."
            ) from None
        listener.listen(128)
        yield listener


def _closing_sentence(corpus: Corpus) -> str:
    with corpus.catalog() as catalog:
        left = sum(tally.pending for tally in catalog.identities.tallies())
    if not left:
        return f"All faces are decided. Next: facecorpus build -C {corpus.root}"
    faces = "1 face is" if left == 1 else f"{left:,} faces are"
    return (
        f"{faces} not decided yet: facecorpus review -C {corpus.root} goes on. Next: facecorpus build -C {corpus.root}"
    )
