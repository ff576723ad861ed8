"""What every room may use: the screen, cores, folders, and what the machine refuses."""
