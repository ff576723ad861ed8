"""The real photographs that are no part of the repository and never enter it.

FACECORPUS_REAL_PHOTOS names a folder as benchmarks/people77.py expects it; without it, a folder `shared/photos`
beside the checkout is taken.
"""

import os
from pathlib import Path

PHOTOS = Path(os.environ.get("FACECORPUS_REAL_PHOTOS", Path(__file__).parents[3] / "shared" / "photos"))
