"""The commands, a module for each part of the path; every one reads its options and calls one function elsewhere."""

from facecorpus.commands import backup, build, calibrate, corpus, crawl, manifest, predict, review, train

# The order in which --help lists them.
APPS = (corpus.app, manifest.app, crawl.app, review.app, calibrate.app, build.app, backup.app, train.app, predict.app)

__all__ = ["APPS"]
