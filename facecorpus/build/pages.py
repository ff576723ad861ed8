"""The HTML pages beside the shards: rendered from templates/, each one file that needs nothing from elsewhere."""

from functools import cache
from typing import TYPE_CHECKING, Any

from facecorpus import __version__
from facecorpus.system.escape import for_html

if TYPE_CHECKING:
    from jinja2 import Environment


def page(template: str, **values: Any) -> bytes:
    """The page as UTF-8; what comes from the web is escaped."""
    return (_environment().get_template(template).render(version=__version__, **values).strip() + "\n").encode()


@cache
def _environment() -> "Environment":
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=PackageLoader("facecorpus.build"),
        autoescape=True,
        finalize=for_html,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["link"] = lambda address: address if address.startswith(("http://", "https://")) else ""
    return environment
