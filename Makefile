# Everything a fresh machine needs: git, make and Python 3.11 to 3.13.
PYTHON ?= python3
VENV := .venv
SHELL := /bin/bash
export PATH := $(CURDIR)/$(VENV)/bin:$(PATH)
export TF_CPP_MIN_LOG_LEVEL ?= 2

.PHONY: repro test lint lock env

repro: env ## rebuild whatever changed, from the recordings to the metrics
	dvc repro
	@python -m stages.lib.headline

test: env ## the whole test suite
	python -m pytest

lint: env ## style and types
	ruff check
	ruff format --check
	mypy

env: $(VENV)/.installed

$(VENV)/.installed: requirements.lock
	$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13) and "Python 3.11 to 3.13 is needed; name one: make PYTHON=python3.12")'
	$(PYTHON) -m venv $(VENV)
	python -m pip install --quiet --disable-pip-version-check uv==0.13.9
	uv pip install --python $(VENV)/bin/python --quiet --compile-bytecode --require-hashes --requirement requirements.lock
	touch $@

lock: env ## choose versions anew within the bounds of pyproject.toml
	uv pip compile --quiet --universal --generate-hashes --upgrade --extra dev --no-emit-index-url --output-file requirements.lock pyproject.toml
