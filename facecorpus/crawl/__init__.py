"""Names to photographs: `discover` asks the sources, `stage` downloads what they proposed.

Only `fetch` opens connections; `guard` says which addresses it may reach, `polite` and `robots` when and whether.
"""
