"""Shards -> the layouts of other tools: WebDataset tars and folders of images; the catalog is not asked."""
