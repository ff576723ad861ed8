"""What may be a reviewer's name, wherever one is given."""

from facecorpus.system.escape import for_csv


def is_reviewer(name: str) -> bool:
    """Whether somebody, or the policy, can be called that: 1 to 64 printable characters, and no formula."""
    return bool(name.strip()) and len(name) <= 64 and name.isprintable() and for_csv(name) == name
