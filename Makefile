# Everything a fresh machine needs: git, make and Python 3.11 to 3.13.
PYTHON ?= python3
VENV := .venv
SHELL := /bin/bash
export PATH := $(CURDIR)/$(VENV)/bin:$(PATH)

.PHONY: repro cv sweep report remote test test-fast lint deps lock env tune explore

repro: env ## rebuild whatever changed, from the recordings to the metrics
	dvc repro
	@python -m speech_emotion.reporting.headline

cv: env ## train and test on every fold of the protocol, with the features that are there
	dvc repro featurize
	python -m scripts.cross_validation

sweep: env ## what mattered among the experiments of the last commit, or of REV, over all their folds
	python -m scripts.sweep $(REV)

tune: env ## search the train section of params.yaml on speakers who validate: make tune MINUTES=30
	dvc repro featurize
	python -m scripts.tune "$(MINUTES)"

explore: env ## what is in the data, what stands out and what to listen to, in exploration.html
	python -m speech_emotion.reporting.exploration_report

report: env ## compare the workspace, or WITH, with a commit or experiment REV, in report.html
	python -m speech_emotion.reporting.comparison_report $(REV) $(if $(WITH),--with $(WITH))

remote: env ## where data and models are shared: make remote URL=s3://BUCKET/FOLDER [ENDPOINT=https://HOST]
	python -m scripts.remote "$(URL)" "$(ENDPOINT)"

test: env ## the whole test suite
	python -m pytest --numprocesses auto --dist loadgroup

test-fast: env ## what takes seconds of it
	python -m pytest --numprocesses auto --dist loadgroup -m "not slow"

lint: env ## style, types, and which folder may import which
	ruff check
	ruff format --check
	mypy
	lint-imports

deps: env ## write into dvc.yaml which code each stage depends on
	python -m scripts.deps

env: $(VENV)/.installed

$(VENV)/.installed: requirements.lock
	$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13) and "Python 3.11 to 3.13 is needed; name one: make PYTHON=python3.12")'
	$(PYTHON) -m venv $(VENV)
	python -m pip install --quiet --disable-pip-version-check uv==0.13.9
	uv pip install --python $(VENV)/bin/python --quiet --compile-bytecode --require-hashes --requirement requirements.lock
	touch $@

lock: env ## choose versions anew within the bounds of pyproject.toml
	uv pip compile --quiet --universal --generate-hashes --upgrade --extra dev --no-emit-index-url --output-file requirements.lock pyproject.toml
