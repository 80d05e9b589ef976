# Python 3.11 and make are all that has to be there; the rest comes into .venv, by hash, from requirements.txt.
.DEFAULT_GOAL := help
.PHONY: help demo test lint binary bench lock clean

PYTHON ?= python3.11
VENV := .venv
BIN := $(VENV)/bin
#: A copy of the lock file that .venv was built from.
INSTALLED := $(VENV)/requirements.txt
#: More arguments for the tool of a target: make test ARGS="-k lane", make demo ARGS=--keep-running
ARGS ?=

help:  ## this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "make %-8s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

demo: $(INSTALLED)  ## show gitstars at work against a simulated GitHub
	$(BIN)/gitstars demo $(ARGS)

test: $(INSTALLED)  ## the whole test suite
	$(BIN)/python -m pytest $(ARGS)

lint: $(INSTALLED)  ## ruff and mypy
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

binary: $(INSTALLED)  ## dist/gitstars, one file that needs no Python
	$(BIN)/pyinstaller --noconfirm --log-level WARN pyinstaller.spec
	@ls -lh dist/gitstars

bench: $(INSTALLED)  ## the benchmarks
	$(BIN)/python -m benchmarks $(ARGS)

lock: $(INSTALLED)  ## write requirements.txt anew from pyproject.toml (ARGS=--upgrade for newer releases)
	$(BIN)/pip-compile --quiet --extra dev --generate-hashes --allow-unsafe --strip-extras --no-header --no-emit-options \
	    --no-emit-index-url --no-emit-find-links --no-emit-trusted-host --output-file requirements.txt $(ARGS) pyproject.toml

clean:  ## remove what was built; .venv stays
	rm -rf build dist gitstars.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis
	find gitstars tests benchmarks -name __pycache__ -type d -prune -exec rm -rf {} +

# Rebuilt when the lock's content changes, not whenever git touches the file.
$(INSTALLED): requirements.txt
	@if cmp -s $< $@; then touch $@; else $(MAKE) --no-print-directory environment; fi

.PHONY: environment
environment:
	$(PYTHON) -m venv --clear $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-index --no-deps --no-build-isolation --editable .
	cp requirements.txt $(INSTALLED)
