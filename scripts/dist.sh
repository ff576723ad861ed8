#!/bin/sh
# Wheel and sdist into dist/, made with the given Python; then the wheel in an environment of its own, away from here.
set -eu
cd "$(dirname "$0")/.."
python=$1 here=$PWD
rm -rf dist
"$python" -m build --quiet --outdir dist
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
"$python" -m venv "$scratch/venv"
echo "Installing the wheel with what it needs (a few minutes) ..."
cd "$scratch"
venv/bin/pip install -qq --disable-pip-version-check --constraint "$here/constraints.txt" "$here"/dist/*.whl
venv/bin/facecorpus --version
venv/bin/facecorpus demo --help
echo "Made:"
ls -sh "$here"/dist/*
