# Every target sets the environment up first; nothing has to be installed by hand.
PYTHON ?= python3
BIN := .venv/bin
WORKERS ?= $(shell nproc 2>/dev/null || echo 2)

.PHONY: setup demo quickstart test test-all e2e lint format types docs bench constraints shipped

setup: .venv/.done

# torch first: without it, pip would take the newest build for another package's sake.
.venv/.done: pyproject.toml constraints.txt
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --upgrade pip
	$(BIN)/pip install --quiet --constraint constraints.txt torch
	$(BIN)/pip install --quiet --constraint constraints.txt --editable ".[tune,serve,demo,video,teacher,dicom,dev]"
	touch $@

demo: setup
	$(BIN)/retia run recipes/demo.yaml --workers $(WORKERS)

quickstart: setup
	$(BIN)/retia run recipes/quickstart.yaml --workers $(WORKERS)

test: setup
	$(BIN)/pytest -n auto --maxprocesses 4 --dist loadfile

test-all: setup
	$(BIN)/pytest -m ""

# Drives the page in a real browser (Chromium must be installed) and takes the README's picture of it.
e2e: setup
	$(BIN)/pip install --quiet --constraint constraints.txt --editable ".[e2e]"
	RETIA_SCREENSHOT=docs/pictures/demo.jpg $(BIN)/pytest -m e2e

lint: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

format: setup
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

types: setup
	$(BIN)/pyright

docs: setup
	$(BIN)/pip install --quiet --constraint constraints.txt --editable ".[docs]"
	$(BIN)/python docs/make_help.py
	$(BIN)/mkdocs build --quiet --strict

bench: setup
	$(BIN)/python -m benchmarks

# Resolves all extras together into constraints.txt; run it when dependencies change.
constraints: setup
	$(BIN)/python docs/make_constraints.py

# Puts the models of the last quick start into the package.
shipped:
	$(BIN)/python recipes/ship.py runs/quickstart
