"""Taking back: photographs leave the disk, the catalog, the shards and the runs; the command is in stage.py."""
