"""Shards in, images and their variants out, and the three protocols that divide them."""
