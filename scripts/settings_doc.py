"""Write docs/settings.md from the table of settings: python scripts/settings_doc.py"""

from dataclasses import fields
from pathlib import Path

from facecorpus.keys import meaning
from facecorpus.settings import Settings


def page() -> str:
    """One table a section, one row a key."""
    lines = ["# Settings", "", "The keys of `corpus.toml`. Made by `python scripts/settings_doc.py`."]
    for section in fields(Settings):
        values = getattr(Settings(), section.name)
        lines += ["", f"## [{section.name}]", "", str(type(values).__doc__), "", "| key | default | meaning |"]
        lines.append("|---|---|---|")
        for key in fields(values):
            default = getattr(values, key.name)
            shown = list(default) if isinstance(default, tuple) else default
            lines.append(f"| `{key.name}` | `{shown!r}` | {meaning(key.metadata)} |")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    Path("docs/settings.md").write_text(page(), encoding="utf-8")
