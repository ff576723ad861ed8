# Each target makes .venv where it is missing, and installs what is pinned in constraints.txt.
#   make demo    names in, the paper's tables out, offline, on invented people
#   make test    everything that must hold: make check, then the whole test suite
# For those who change the code (CONTRIBUTING.md):
#   make setup   the environment with all tools        make check   style, types, imports: seconds
#   make fix     write what a tool can write           make docs    the site, in site/
#   make dist    wheel and sdist, and a try of them    make clean   delete all that was made here
#   make fuzz    every parser, for SECONDS=600

PYTHON ?= python3
SECONDS ?= 600
BIN := .venv/bin

.PHONY: demo setup check fix test fuzz docs dist clean

demo: .venv/.runtime
	@$(BIN)/facecorpus demo demo-corpus

setup: .venv/.dev

check: .venv/.dev
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy --strict facecorpus training review_ui manifests
	@$(BIN)/lint-imports --no-logo

fix: .venv/.dev
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .
	@$(BIN)/python scripts/settings_doc.py
	@$(BIN)/python scripts/commands_doc.py

test: check
	@scripts/chromium.sh
	@scripts/mediawiki.sh install
	@$(BIN)/pytest --numprocesses auto --maxprocesses 4 --dist loadfile

fuzz: .venv/.dev
	@$(BIN)/python scripts/fuzz.py --seconds $(SECONDS)

docs: .venv/.dev
	@NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict
	@echo "Made the site; begin with site/index.html"

dist: .venv/.dev
	@scripts/dist.sh $(BIN)/python

clean:
	rm -rf .venv demo-corpus dist fuzz-found site

.venv/.runtime: pyproject.toml constraints.txt
	@scripts/venv.sh $(PYTHON)
	@echo "Installing facecorpus and what it needs (a few minutes the first time) ..."
	@$(BIN)/pip install -qq --disable-pip-version-check --constraint constraints.txt --editable .
	@touch $@

.venv/.dev: .venv/.runtime
	@echo "Installing the test tools ..."
	@$(BIN)/pip install -qq --disable-pip-version-check --constraint constraints.txt --editable '.[dev]'
	@touch $@
