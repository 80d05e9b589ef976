# Python 3.11 and make are all that has to be there; the rest comes into .venv, by hash, from requirements.txt.
.DEFAULT_GOAL := help
.PHONY: help demo test test-fast soak lint binary dist sbom release bench lock reference docs clean

PYTHON ?= python3.11
VENV := .venv
BIN := $(VENV)/bin
#: A copy of the lock file that .venv was built from.
INSTALLED := $(VENV)/requirements.txt
#: Errors alone are shown: warnings of tools are about the machine.
PIP_INSTALL := $(BIN)/python -m pip install -qq --disable-pip-version-check
#: Where "make dist" puts what it builds, and its copy of the source.
DIST ?= dist
SOURCE ?= build/source
#: More arguments for the tool of a target: make test ARGS="-k lane", make demo ARGS=--keep-running
ARGS ?=

help:  ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-9s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

demo: $(INSTALLED)  ## show gitstars at work against a simulated GitHub
	$(BIN)/gitstars demo $(ARGS)

test: $(INSTALLED)  ## all tests, some folders at the same time
	$(BIN)/python -m tests.parallel $(ARGS)

test-fast: $(INSTALLED)  ## the tests that start no whole program, in less than a minute: while working
	$(BIN)/python -m tests.parallel --fast $(ARGS)

soak: $(INSTALLED)  ## many more kills, starts and repositories than in "make test"
	$(BIN)/python -m pytest --soak $(ARGS) tests/process tests/flow

lint: $(INSTALLED)  ## ruff and mypy
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

binary: $(INSTALLED)  ## dist/gitstars, one file that needs no Python
	$(BIN)/pyinstaller --noconfirm --log-level ERROR --distpath build/program pyinstaller.spec
	$(BIN)/python packaging/pack.py build/program/gitstars dist/gitstars

# Built from a copy, so that no stamp stays in the checkout. Without git the date is the oldest that a wheel can hold.
dist: $(INSTALLED)  ## wheel and sdist in dist/; the same wheel each time
	rm -rf $(SOURCE)
	mkdir -p $(SOURCE)
	cp -R gitstars pyproject.toml README.md LICENSE $(SOURCE)
	$(BIN)/python packaging/stamp.py $(SOURCE)/gitstars/build.json
	SOURCE_DATE_EPOCH=$$(git log -1 --format=%ct 2>/dev/null || echo 315532800) PYTHONDONTWRITEBYTECODE= $(BIN)/python -m build -q --no-isolation --outdir $(DIST) $(SOURCE)
	@ls -lh $(DIST)/gitstars-*

sbom: $(INSTALLED)  ## the list of all parts that run (CycloneDX) in dist/
	mkdir -p $(DIST)
	PYTHONWARNINGS=ignore $(BIN)/cyclonedx-py requirements --pyproject pyproject.toml --output-reproducible -o $(DIST)/gitstars.cdx.json requirements-run.txt

release: $(INSTALLED)  ## all that a release needs, in dist/: of a commit whose tag, version and changelog agree
	$(BIN)/python packaging/release.py check
	rm -rf dist
	$(MAKE) --no-print-directory DIST=dist dist binary sbom
	$(BIN)/python packaging/release.py finish dist

bench: $(INSTALLED)  ## the benchmarks
	$(BIN)/python -m benchmarks $(ARGS)

COMPILE := $(BIN)/pip-compile --quiet --generate-hashes --allow-unsafe --strip-extras --no-header --no-emit-options \
    --no-emit-index-url --no-emit-find-links --no-emit-trusted-host

lock: $(INSTALLED)  ## write both lock files anew from pyproject.toml: for developing, and for running (ARGS=--upgrade for newer releases)
	$(COMPILE) --extra dev --output-file requirements.txt $(ARGS) pyproject.toml
	$(COMPILE) --constraint requirements.txt --output-file requirements-run.txt $(ARGS) pyproject.toml

reference: $(INSTALLED)  ## write anew what the documents have of the program's own words: commands, settings, API, the manual page
	$(BIN)/python packaging/reference.py

docs: $(INSTALLED)  ## write the documents as pages into build/site; a dead link fails
	$(BIN)/python -m sphinx -W --keep-going -q -c packaging/site . build/site

clean:  ## remove what was built; .venv stays
	rm -rf build dist gitstars.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis
	find gitstars tests benchmarks -name __pycache__ -type d -prune -exec rm -rf {} +

# Rebuilt when the lock's content changes, not whenever git touches the file.
$(INSTALLED): requirements.txt
	@if cmp -s $< $@; then touch $@; else $(MAKE) --no-print-directory environment; fi

.PHONY: environment
environment:
	$(PYTHON) -m venv --clear $(VENV)
	$(PIP_INSTALL) --require-hashes -r requirements.txt
	PYTHONWARNINGS="ignore:Editable installation" $(PIP_INSTALL) --no-index --no-deps --no-build-isolation --editable .
	cp requirements.txt $(INSTALLED)
