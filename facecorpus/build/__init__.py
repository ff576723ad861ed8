"""Accepted faces -> Parquet shards with labels, splits, provenance and a dataset card; the command is in stage.py."""
