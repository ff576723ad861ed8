"""The pages of the demo's wiki that people read, as small HTML."""

from collections.abc import Iterable
from html import escape

from facecorpus.demo import urls
from facecorpus.demo.imageinfo import LICENCE_NAME, LICENCE_URL, UPLOADER, artist, caption
from facecorpus.demo.wiki import CategoryPage, FilePage, Wiki

MAIN_PAGE = "/wiki/Main_Page"

_LAYOUT = """<!DOCTYPE html>
<html lang="en">
<head><meta charset="utf-8"><title>{title} - A little web of invented people</title></head>
<body>
<h1>{title}</h1>
{content}
<footer><a href="{main}">All people</a> · <a href="{about}">About these pictures and their licence</a></footer>
</body>
</html>
"""


def main_page(wiki: Wiki) -> str:
    """All people, each with a link to their category."""
    titles = [f"Category:{identity.name}" for identity in wiki.world.identities]
    return _page("A little web of invented people", _links(titles))


def file_page(wiki: Wiki, page: FilePage) -> str:
    """A picture with its caption, author, date, licence and category."""
    original = urls.original_path(page.title)
    category = f"Category:{wiki.category_of(page)}"
    date = f"<dt>Date</dt><dd>{page.row.taken_on}</dd>" if page.row.taken_on else ""
    return _page(
        page.title,
        f'<p><a href="{original}"><img src="{original}" alt="{escape(page.title)}"></a></p>\n'
        f'<div class="description">{caption(wiki, page, "")}</div>\n'
        f"<dl>{date}<dt>Author</dt><dd>{artist('')}</dd>\n"
        f'<dt>Licence</dt><dd><a rel="license" href="{LICENCE_URL}">{LICENCE_NAME}</a></dd></dl>\n'
        f"{_links([category])}",
    )


def category_page(wiki: Wiki, page: CategoryPage) -> str:
    """The members of a category."""
    return _page(page.title, _links(member.title for member in wiki.members(page.title)))


def about_page(wiki: Wiki) -> str:
    """Where the pictures come from, and their licence."""
    return _page(f"User:{UPLOADER}", f"<pre>{escape(wiki.world.licence)}</pre>")


def _links(titles: Iterable[str]) -> str:
    items = (f'<li><a href="{urls.page_path(title)}">{escape(title)}</a></li>' for title in titles)
    return "<ul>\n" + "\n".join(items) + "\n</ul>"


def _page(title: str, content: str) -> str:
    about = urls.page_path(f"User:{UPLOADER}")
    return _LAYOUT.format(title=escape(title), content=content, main=MAIN_PAGE, about=about)
