"""The catalog's migrations, in their order; PRAGMA user_version counts the ones applied.

``migrations/NNNN_name.sql`` holds one each. A migration that was released is never changed: what changes is a new file.
"""

from importlib.resources import files

MIGRATIONS: tuple[str, ...] = tuple(
    path.read_text(encoding="utf-8")
    for path in sorted((files("facecorpus.catalog") / "migrations").iterdir(), key=lambda path: path.name)
    if path.name.endswith(".sql")
)
