"""Part of `verify`: the catalog and decisions.jsonl, held against each other row by row."""

import shutil
from collections.abc import Callable, Iterator
from functools import cache

from facecorpus.catalog import Catalog
from facecorpus.corpus import Corpus

SOURCE = "decisions.jsonl"
"""The kind of what is found."""


def log_problems(corpus: Corpus, catalog: Catalog) -> Iterator[tuple[str, str, Callable[[], bool] | None]]:
    """What catalog and log do not agree on: its name, a sentence, and what mends it, where something can.

    What a sound line of the log says counts; for a line that is damaged, the catalog.
    """
    if catalog.log is None:
        return

    @cache
    def mend() -> bool:
        if catalog.log is None:
            return False
        if any(one.name.startswith("line ") for one in found):  # a repair deletes nothing
            copy = corpus.log.with_name(f"{corpus.log.name}.damaged")
            shutil.copy2(corpus.log, copy)
            corpus.quarantine.put(copy, "it did not agree with the catalog")
        catalog.log.repair()
        return True

    found = list(catalog.log.differences())
    for one in found:
        if one.mended:
            yield one.name, f"{one.sentence}; verify --repair mends it.", mend
        else:
            yield one.name, f"{one.sentence}; restore catalog.sqlite from a copy.", None
