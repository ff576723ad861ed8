#!/bin/sh
# Makes .venv with the given Python, or says in one sentence what is missing.
set -eu
python=$1
"$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || {
    echo "facecorpus needs Python 3.11 or newer; '$python' is not. Install it, or name one: make PYTHON=python3.12" >&2
    exit 2
}
test -x .venv/bin/pip && exit 0
"$python" -m venv .venv || {
    echo "'$python -m venv' failed; on Debian and Ubuntu install the package python3-venv and run make again." >&2
    exit 2
}
