"""`python -m facecorpus` is the command `facecorpus`."""

import sys
from pathlib import Path

if __name__ == "__main__":
    # Python puts the working directory before all else, and a user's own folder called training/ or manifests/ would
    # be imported in place of ours. It stays where this package itself was found in it.
    if not sys.flags.safe_path and sys.path[0] != str(Path(__file__).parent.parent):
        del sys.path[0]
    from facecorpus.cli import main

    main()
