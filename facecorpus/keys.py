"""A key of the settings: its default, what it means, what it may be, and the sentence for a value that it may not."""

import re
from collections.abc import Mapping
from dataclasses import field
from typing import Any

from facecorpus.errors import SettingsError
from facecorpus.system.plugins import plugins

_KINDS = {
    int: "a whole number",
    float: "a number",
    str: "a text in quotes",
    bool: "true or false",
    tuple: 'a list of texts, like ["one", "two"]',
}

Rules = Mapping[str, Any]
"""The metadata of a key's field: help, choices, plugins (a group of entry points), form (a pattern, and its words),
range (least and most)."""


def option(
    default: Any, help: str, *, choices: tuple[Any, ...] = (), group: str = "", form: tuple[str, str] | None = None
) -> Any:
    """A key, one of the choices or of the plugins of that group where there are any, or a text of some form."""
    rules = {"help": help, "choices": choices, "plugins": group, "form": form, "range": None}
    return field(default=default, metadata=rules)


def number(default: float, least: float, most: float, help: str) -> Any:
    """A key that is a number from `least` to `most`."""
    rules = {"help": help, "choices": (), "plugins": "", "form": None, "range": (least, most)}
    return field(default=default, metadata=rules)


def meaning(rules: Rules) -> str:
    """What a key means, and what it may be."""
    choices = _choices(rules)
    return f"{rules['help']}{f' One of: {choices}.' * bool(choices)}{f' From {_range(rules)}.' * bool(rules['range'])}"


def checked(where: str, default: Any, value: Any, rules: Rules) -> Any:
    """The value in the type of its default, or a SettingsError that says what was expected."""
    if isinstance(default, float) and type(value) is int:
        value = float(value)
    elif isinstance(default, tuple) and isinstance(value, list):
        value = tuple(value)
    items = value if isinstance(value, tuple) else (value,)
    if type(value) is not type(default) or (
        isinstance(value, tuple) and not all(isinstance(one, str) for one in value)
    ):
        expected = _KINDS[type(default)] + f" from {_range(rules)}" * bool(rules["range"])
    elif wrong := [one for one in items if rules["choices"] and not _may_be(one, rules)]:
        value, expected = wrong[0], f"one of {_choices(rules)}"
    elif wrong := [one for one in items if rules["form"] and not re.fullmatch(rules["form"][0], one)]:
        value, expected = wrong[0], rules["form"][1]
    elif rules["range"] and not rules["range"][0] <= value <= rules["range"][1]:
        expected = f"from {_range(rules)}"
    else:
        return value
    raise SettingsError(f"{where} is {_shown(value)}; it must be {expected}.")


def _may_be(value: Any, rules: Rules) -> bool:
    return value in rules["choices"] or bool(rules["plugins"] and value in plugins(rules["plugins"]))


def _choices(rules: Rules) -> str:
    return ", ".join(map(str, rules["choices"])) + ", or an installed plugin" * bool(rules["plugins"])


def _shown(value: Any) -> str:
    """As it stands in TOML, cut short."""
    if isinstance(value, bool):
        return str(value).lower()
    return repr(list(value) if isinstance(value, tuple) else value)[:80]


def _range(rules: Rules) -> str:
    return f"{rules['range'][0]} to {rules['range'][1]}" if rules["range"] else ""


def as_toml(value: Any) -> str:
    """A value as it stands in TOML."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'
    if isinstance(value, tuple | list):
        return "[" + ", ".join(as_toml(item) for item in value) + "]"
    return str(value)
