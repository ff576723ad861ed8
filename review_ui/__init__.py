"""The local page on which people accept or reject faces, one person at a time."""

from typing import TYPE_CHECKING, Any

from review_ui.serve import LOOPBACK, review_url, serve

if TYPE_CHECKING:
    from review_ui.app import create_app

__all__ = ["LOOPBACK", "create_app", "review_url", "serve"]


def __getattr__(name: str) -> Any:
    """Import the web framework only when the application is asked for."""
    if name == "create_app":
        from review_ui.app import create_app

        return create_app
    raise AttributeError(f"module 'review_ui' has no attribute {name!r}")
