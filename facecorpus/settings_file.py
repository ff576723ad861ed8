"""corpus.toml: read, checked, written with its documentation, and changed in place."""

import re
import tomllib
from collections.abc import Collection, Mapping
from dataclasses import fields
from itertools import pairwise
from pathlib import Path
from typing import Any

from facecorpus.errors import SettingsError
from facecorpus.keys import as_toml, checked, meaning
from facecorpus.settings import Settings
from facecorpus.system.nearest import did_you_mean

FIRST = ("contact", "sources", "folder", "urls", "per_identity")
"""The keys of [crawl] with which corpus.toml begins."""

_RISING = {"labels": ("young_from", "adult_from", "old_from"), "rank": ("reject_below", "accept_above")}
"""Keys of a section whose values rise in this order."""


def read_settings(path: Path) -> Settings:
    """Read corpus.toml; raise SettingsError for an unknown key or a value that it may not have."""
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except (ValueError, RecursionError) as error:  # a number of thousands of digits, lists in lists without an end
        raise SettingsError(f"{path} is not valid TOML ({error}); mend that line and run again.") from None
    return settings_of(document, str(path))


def settings_of(document: Mapping[str, Any], where: str) -> Settings:
    """The settings that sections with keys state, as corpus.toml has them; the defaults for all others.

    Raises SettingsError, which names `where` they stand, for an unknown section or key and for a wrong value.
    """
    known = {section.name: section.default for section in fields(Settings)}
    for name in document:
        if name not in known:
            if homes := _homes(name):
                raise SettingsError(f"{where}: {name} stands in no section; write it below {homes}.")
            raise SettingsError(f"{where}: unknown section [{name}]; {_meant(name, known, 'the sections are')}")
    settings = Settings(
        **{name: _read_section(where, name, default, document.get(name, {})) for name, default in known.items()}
    )
    for section, keys in _RISING.items():
        values = [getattr(getattr(settings, section), key) for key in keys]
        for (key, value), (higher, limit) in pairwise(zip(keys, values, strict=True)):
            if value >= limit:
                raise SettingsError(
                    f"{where}: {key} in [{section}] is {value} and {higher} is {limit}; expected {' < '.join(keys)}, so"
                    " change one of them."
                )
    return settings


def _read_section(where: str, name: str, defaults: Any, values: Any) -> Any:
    if not isinstance(values, Mapping):
        raise SettingsError(f"{where}: {name} must be a section, written [{name}], not a single value.")
    keys = {key.name: key for key in fields(defaults)}
    read: dict[str, Any] = {}
    for key, value in values.items():
        if key not in keys:
            homes = _homes(key)
            meant = f"it belongs in {homes}." if homes else _meant(key, keys, "its keys are")
            raise SettingsError(f"{where}: unknown key {key!r} in [{name}]; {meant}")
        read[key] = checked(f"{where}: {key} in [{name}]", keys[key].default, value, keys[key].metadata)
    return type(defaults)(**read)


def _homes(key: str) -> str:
    """The sections that have a key."""
    return " or ".join(f"[{one.name}]" for one in fields(Settings) if hasattr(one.default, key))


def _meant(name: str, known: Collection[str], all_are: str) -> str:
    return did_you_mean(name, known, f"{all_are} {', '.join(known)}.")


def documented_toml(settings: Settings = Settings()) -> str:  # noqa: B008 (frozen)
    """The text of corpus.toml: every key with its meaning, and the default where it is another."""
    lines = ["# Settings of this corpus. Every key may be left out; then its default holds."]
    lines += ["# The keys to look at stand first. All others begin with what is good for most."]
    for section in fields(Settings):
        values = getattr(settings, section.name)
        lines += ["", f"# {type(values).__doc__}", f"[{section.name}]"]
        keys = fields(values)
        if section.name == "crawl":
            keys = tuple(sorted(keys, key=lambda key: FIRST.index(key.name) if key.name in FIRST else len(FIRST)))
        for place, key in enumerate(keys):
            if section.name == "crawl" and place == len(FIRST):
                lines += ["", "# ---- Below here nothing need be changed."]
            lines.append(f"# {meaning(key.metadata)}")
            lines.append(f"{key.name} = {as_toml(getattr(values, key.name))}")
    return "\n".join(lines) + "\n"


def with_values(text: str, values: Mapping[str, Mapping[str, Any]], where: str) -> str:
    """The text of corpus.toml with other values of these keys, by section; every other line stays.

    Raises SettingsError, which names `where` it stands, for a text whose lines cannot be exchanged so, and for a value
    that a key may not have.
    """
    wanted = tomllib.loads(text)
    for name, keys in values.items():
        wanted[name] = wanted.get(name, {}) | keys
        heading = rf"^(?=\[{name}\])"
        if not re.search(heading, text, re.MULTILINE):
            text += f"\n[{name}]\n"
        before, after = re.split(heading, text, maxsplit=1, flags=re.MULTILINE)
        section, *rest = re.split(r"^(?=\[)", after[1:], maxsplit=1, flags=re.MULTILINE)
        for key, value in reversed(list(keys.items())):
            line = f"{key} = {as_toml(value)}\n"
            own = re.split(rf"^{key}\s*=.*\n?", section, maxsplit=1, flags=re.MULTILINE)
            named, _, others = section.partition("\n")
            section = line.join(own) if len(own) == 2 else f"{named}\n{line}{others}"
        text = "".join([before, "[", section, *rest])
    try:
        if tomllib.loads(text) == wanted:
            settings_of(wanted, where)
            return text
    except tomllib.TOMLDecodeError:
        pass
    lines = [f"[{name}] {key} = {as_toml(value)}" for name, keys in values.items() for key, value in keys.items()]
    raise SettingsError(f"{where}: its lines cannot be exchanged as they are written; write there: {', '.join(lines)}")
