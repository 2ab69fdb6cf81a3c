# Every target that a person or a pipeline runs; `make help` lists them.
SHELL := /bin/sh
PYTHON ?= python3
PORT ?= 8000
UV_VERSION := 0.13.9
BIN := .venv/bin
UV := $(BIN)/uv
TEST_HOME ?= .viability-test
WITH_SERVICES := $(BIN)/python -m viability.embedded --home $(TEST_HOME) --
TESTS ?= tests
# More than cores, since many tests wait for processes and servers.
WORKERS ?= 3
SIMULATION ?= simulation.md
BENCH ?=
LAWS ?= 2000
# The order of the tests: the same each time, so that red means a change; SEED=last or any number.
SEED ?= 1

.DEFAULT_GOAL := help
.PHONY: help demo test check lint format types contracts migrations unit e2e laws coverage simulate bench uploads chaos worker lock clean

help: ## list the targets
	@grep -hE '^[a-z0-9]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

demo: .venv/.core ## the one command: install, start everything, run a real evaluation
	@$(BIN)/viability up --port $(PORT)

test: unit e2e ## the other one: install what tests need, and pass them

check: format lint types contracts migrations unit ## everything that must hold before a commit

unit: .venv/.dev ## all tests but those in a browser
	$(WITH_SERVICES) $(BIN)/python -m pytest -n $(WORKERS) --randomly-seed=$(SEED) -rs --durations=10 $(TESTS)

e2e: .venv/.dev ## the stories in a real browser, where Chromium is installed
	@if command -v chromium >/dev/null; then \
	  $(WITH_SERVICES) $(BIN)/python -m pytest --randomly-seed=$(SEED) -m e2e $(TESTS); \
	else echo "no browser stories: chromium is not installed (apt-get install chromium)"; fi

format: .venv/.dev ## is everything formatted?
	$(BIN)/ruff format --check .
	find templates -name '*.html' -print0 | xargs -0 $(BIN)/djade --target-version 5.2 --check

lint: .venv/.dev ## ruff's rules
	$(BIN)/ruff check .

types: .venv/.dev ## mypy --strict
	$(BIN)/mypy

contracts: .venv/.dev ## the import contracts of the house
	$(BIN)/lint-imports

migrations: .venv/.dev ## are the migrations complete?
	$(WITH_SERVICES) $(BIN)/python manage.py makemigrations --check --dry-run

laws: .venv/.dev ## the laws of the domain on many new cases (LAWS=2000)
	LAWS=$(LAWS) $(WITH_SERVICES) $(BIN)/python -m pytest -n $(WORKERS) $(TESTS)/domain

coverage: .venv/.dev ## tests with branch coverage
	$(WITH_SERVICES) $(BIN)/python -m pytest -n $(WORKERS) --cov --cov-report=term $(TESTS)

simulate: .venv/.dev ## false verdicts, samples to a verdict and coverage, as a table
	$(BIN)/python -m tests.simulate --out $(SIMULATION)

bench: .venv/.dev ## speed beside the peers', as ratios within one run; tables in .bench/ (BENCH=--quick)
	$(WITH_SERVICES) $(BIN)/python -m tests.bench $(BENCH) --out .bench

uploads: .venv/.dev ## a million rows becoming a version, beside a bare COPY of the file
	$(WITH_SERVICES) $(BIN)/python -m tests.bench uploads

chaos: .venv/.dev ## parts killed in mid-run, and the peers' faults; tables in .chaos/
	$(BIN)/python -m tests.chaos --out .chaos

worker: .venv/.core ## one more worker for running or configured services
	$(BIN)/viability worker

lock: ## write the lock files anew from pyproject.toml
	$(UV) lock --quiet
	$(UV) export --quiet --no-emit-project --no-header --no-annotate --extra cpu --no-dev > requirements.lock
	$(UV) export --quiet --no-emit-project --no-header --no-annotate --only-group dev > tests/requirements.lock

clean: ## remove what the targets made, but no data
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis

.venv/.core: requirements.lock pyproject.toml
	@echo "installing what Viability runs on (a minute from a warm cache)"
	@test -x $(UV) || { $(PYTHON) -m venv .venv && $(BIN)/pip install --quiet --disable-pip-version-check uv==$(UV_VERSION); }
	@$(UV) pip install --quiet --compile-bytecode --require-hashes -r requirements.lock
	@$(UV) pip install --quiet --no-deps -e .
	@touch $@

.venv/.dev: .venv/.core tests/requirements.lock
	@echo "installing what the tests need"
	@$(UV) pip install --quiet --require-hashes -r tests/requirements.lock
	@touch $@
