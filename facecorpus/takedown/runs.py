"""The runs under runs/: which learned from a photograph, and that each forgets it. `training` knows what they hold."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from facecorpus.catalog.removals import Marked
from facecorpus.corpus import Corpus
from facecorpus.errors import CorpusError
from facecorpus.takedown.plan import TrainedRun


def unname(corpus: Corpus, identity_id: str, key: str) -> tuple[str, ...]:
    """Put a keyed word in the place of a person among the classes of all runs; the names of those that had it."""
    runs = corpus.run_folders()
    if not runs:
        return ()
    from training import unname as unname_in

    return tuple(run.name for run in runs if unname_in(run, identity_id, f"forgotten-{key[:12]}"))


def trained_on(corpus: Corpus, marked: Marked, held: bool) -> tuple[TrainedRun, ...]:
    """The runs that learned from what is marked; `held` says whether the shards as they are hold any of it."""
    runs = corpus.run_folders()
    if not runs:
        return ()
    from training import TrainingError, fingerprint, learned_from, may_show

    try:
        current = fingerprint(corpus.shards)
    except TrainingError:  # there are none
        current = ""
    found = []
    for run in runs:
        surely = bool(current) and learned_from(run) == current
        if held or not surely:
            try:
                pictured = surely and may_show(run, corpus.shards, set(marked.photographs))
            except TrainingError:  # the shards cannot be read: it may
                pictured = True
            found.append(TrainedRun(run.name, surely, pictured))
    return tuple(found)


def clear(corpus: Corpus, run: TrainedRun) -> None:
    """Delete what a run keeps of single pictures: decoded ones, features, and the report if it shows the face.

    Its results, and the weights that it learned, stay.
    """
    from training import forget

    if (corpus.runs / run.name).is_dir():
        forget(corpus.runs / run.name, report=run.pictured)


@contextmanager
def at_rest(corpus: Corpus, run: TrainedRun) -> Iterator[None]:
    """Keep anybody from training in that run; CorpusError where somebody is."""
    from training import TrainingError
    from training import at_rest as resting

    folder = corpus.runs / run.name
    with ExitStack() as held:
        if folder.is_dir():
            try:
                held.enter_context(resting(folder))
            except TrainingError:
                raise CorpusError(
                    f"{folder} is being trained on what is to be forgotten; end that, and run this again."
                ) from None
        yield
