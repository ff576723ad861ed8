"""What mkdocs.yml cannot say: pages that lie outside docs/, and links that hold in the repository and on the site."""

import posixpath
import re
from pathlib import Path

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

ROOT = Path(__file__).parent.parent
LINK = re.compile(r"(\]\()([^)\s#]+)")
# Where each lies on the site; what is not named here lies where the repository has it, docs/ taken away.
PLACES = {"README.md": "index.md"}


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the pages of the repository that lie outside docs/, and every file that a page links to."""
    known = {f"docs/{file.src_uri}": file for file in files}
    waiting = ["README.md", "CHANGELOG.md", "CONTRIBUTING.md", "SECURITY.md", *known]
    while waiting:
        path = waiting.pop()
        if path not in known:
            known[path] = File.generated(config, _place(path), abs_src_path=str(ROOT / path))
            files.append(known[path])
        if path.endswith(".md"):
            waiting += [one for one in _linked(path) if one not in known]
    return files


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Let each link lead to where its file lies on the site."""
    source = Path(str(page.file.abs_src_path)).relative_to(ROOT).as_posix()
    here = posixpath.dirname(page.file.src_uri)

    def moved(link: re.Match[str]) -> str:
        path = _target(source, link[2])
        return link[0] if path is None else link[1] + posixpath.relpath(_place(path), here or ".")

    return LINK.sub(moved, markdown)


def _linked(path: str) -> list[str]:
    """The files of the repository that a page links to."""
    targets = (_target(path, link[2]) for link in LINK.finditer((ROOT / path).read_text(encoding="utf-8")))
    return [target for target in targets if target is not None]


def _target(source: str, link: str) -> str | None:
    """The file of the repository that a link in a page leads to, or None for another site and what is not there."""
    path = posixpath.normpath(posixpath.join(posixpath.dirname(source), link))
    return None if ":" in link or not (ROOT / path).is_file() else path


def _place(path: str) -> str:
    return PLACES.get(path, path.removeprefix("docs/"))
