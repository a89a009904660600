# Everything a contributor types. `make demo` and `make test` set up what they need by themselves.

SHELL := /bin/bash
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready

# Bytecode is kept wherever one stands: a command starts in half the time, and the tests start hundreds.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help demo test lint format bench lock clean

help:  ## This list
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*##/\t/' | expand -t 12

# uv when it is there, else pip bootstraps it into the environment: nothing is assumed beyond
# Python >= 3.11, make and git.
$(READY): requirements.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed")'
	@if command -v uv >/dev/null; then \
	  uv venv --quiet --allow-existing --python "$$(command -v $(PYTHON))" $(VENV) && \
	  uv pip install --quiet --python $(BIN)/python --require-hashes -r requirements.txt && \
	  uv pip install --quiet --python $(BIN)/python --no-deps -e . ; \
	else \
	  $(PYTHON) -m venv $(VENV) && \
	  $(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.txt && \
	  $(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps -e . ; \
	fi
	@touch $@

demo: $(READY)  ## The whole loop on real flights, in a fresh folder
	@$(BIN)/headway demo

test: $(READY)  ## Every test, in parallel
	@$(BIN)/python -m pytest -n 2 --dist worksteal -q

lint: $(READY)  ## Lint, format check, types, layers
	@$(BIN)/ruff check . && $(BIN)/ruff format --check . && $(BIN)/ty check src && $(BIN)/lint-imports --no-cache

format: $(READY)  ## Format and mend what can be mended
	@$(BIN)/ruff check --fix -q . ; $(BIN)/ruff format -q .

bench: $(READY)  ## Ratios against floors, in one run, into bench/RESULTS.md
	@$(BIN)/python bench/run.py

lock:  ## Write requirements.txt again (hashes, no header, no host)
	@uv export --quiet --format requirements-txt --extra all --group dev --no-header --no-annotate --no-emit-project -o requirements.txt >/dev/null

clean:  ## Remove the environment and caches
	@rm -rf $(VENV) .pytest_cache .ruff_cache .hypothesis build dist
