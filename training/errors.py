"""The one error of this package."""


class TrainingError(Exception):
    """Something the user can put right; its text is one clear sentence for the screen."""
