"""Where jobs run: worker processes, torchrun's team, progress and time."""
