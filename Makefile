# Two commands for a new user; both make .venv and install what is pinned in constraints.txt.
#   make demo   names in, the paper's tables out, offline, on invented people
#   make test   the whole test suite

PYTHON ?= python3
BIN := .venv/bin

.PHONY: demo test clean

demo: .venv/.runtime
	@$(BIN)/facecorpus demo demo-corpus

test: .venv/.dev
	@scripts/chromium.sh
	@scripts/mediawiki.sh install
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy --strict facecorpus training review_ui manifests
	@$(BIN)/pytest --numprocesses auto --maxprocesses 4 --dist loadfile

clean:
	rm -rf .venv demo-corpus

.venv/.runtime: pyproject.toml constraints.txt
	@scripts/venv.sh $(PYTHON)
	@echo "Installing facecorpus and what it needs (a few minutes the first time) ..."
	@$(BIN)/pip install -qq --disable-pip-version-check --constraint constraints.txt --editable .
	@touch $@

.venv/.dev: .venv/.runtime
	@echo "Installing the test tools ..."
	@$(BIN)/pip install -qq --disable-pip-version-check --constraint constraints.txt --editable '.[dev]'
	@touch $@
