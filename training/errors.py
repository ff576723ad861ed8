"""The one error of this package."""

LONGEST = 4000
"""Characters of a message: what others wrote may stand in it, without an end."""


class TrainingError(Exception):
    """Something the user can put right; its text is one clear sentence for the screen."""

    def __str__(self) -> str:
        """The message; of one that is too long the beginning and the end, which says what to do."""
        text = super().__str__()
        return text if len(text) <= LONGEST else f"{text[: LONGEST // 2]} … {text[3 - LONGEST // 2 :]}"
