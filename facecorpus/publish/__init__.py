"""A version that was kept -> a dataset repository on the Hugging Face Hub; the command is in stage.py."""
