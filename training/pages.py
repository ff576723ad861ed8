"""Pages made of the templates beside this file: the report, the comparison of runs, the models' card."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined


def render(template: str, content: Mapping[str, Any], **filters: Callable[..., str]) -> str:
    """A page made of a template, which may use the filters; HTML templates escape what they are given."""
    environment = Environment(
        loader=PackageLoader("training"),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        autoescape=".html" in template,
    )
    environment.filters.update(filters)
    return environment.get_template(template).render(content)
