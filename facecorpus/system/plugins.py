"""What other packages add to facecorpus under a name: entry points, loaded when their name is asked for."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from facecorpus.errors import FacecorpusError

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

SOURCES = "facecorpus.sources"
DETECTORS = "facecorpus.detectors"


def plugins(group: str) -> "dict[str, EntryPoint]":
    """The entry points of a group that this environment has, by name."""
    from importlib.metadata import entry_points

    return {one.name: one for one in entry_points(group=group)}


def made_by_plugin(group: str, name: str, error: type[FacecorpusError], *arguments: object) -> Any:
    """What a plugin's callable makes of these arguments. Raises `error` where there is no such plugin, or it fails."""
    plugin = plugins(group).get(name)
    if plugin is None:
        raise error(f"No installed package has a plugin {name!r} of {group}; install it, or name another one.")
    with blamed(group, name, error):
        return plugin.load()(*arguments)


@contextmanager
def blamed(group: str, name: str, error: type[FacecorpusError]) -> Iterator[None]:
    """Raise `error`, which names the plugin and its package, for whatever a plugin's code raises here."""
    try:
        yield
    except error:
        raise
    except (Exception, SystemExit) as raised:
        package = (found := plugins(group).get(name)) and found.dist
        whose = f" of the package {package.name} {package.version}" if package else ""
        raise error(
            f"The plugin {name!r}{whose} fails ({type(raised).__name__}: {raised}); tell its makers, or take {name!r}"
            " out of corpus.toml."
        ) from None
