"""Looking after a corpus: how far it is, whether it is sound, why a picture is in it, and shards made again."""
