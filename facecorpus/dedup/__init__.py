"""Near-duplicates: which photographs show the same moment, within and across identities, and which copy is kept."""
