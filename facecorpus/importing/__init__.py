"""Face datasets that exist already, as corpora: a reader for each layout in layouts.py, and what they share."""
