"""What may be a reviewer's name, wherever one is given."""


def is_reviewer(name: str) -> bool:
    """Whether somebody, or the automatic policy, can be called that: 1 to 64 printable characters."""
    return bool(name.strip()) and len(name) <= 64 and name.isprintable()
