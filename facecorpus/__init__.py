"""facecorpus: face datasets from the web, with provenance, and proof of what they are worth."""

__version__ = "0.1.0"
