# make run    set up and start the app     PORT=8501 DATA_DIR=./data WORKERS=1
# make test   everything that must hold    (CI runs exactly this)
# make check  format, lint, types, layers and the tests nearest to what changed: while one works
# make worker one more worker              make bench / make chaos: figures and fault runs
#                                          make bench ONLY=hostile: files made to break the reader

SHELL := /bin/bash
PYTHON ?= python3.11
VENV ?= .venv
BIN := $(VENV)/bin

# Processes start in two thirds of the time from compiled files, which some environments forbid to keep.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: run worker test tests check lint format types bench chaos servers clean

run: $(VENV)/.installed
	@exec $(BIN)/python -m core.start

worker: $(VENV)/.installed
	@exec $(BIN)/python -m core.worker

$(VENV)/.installed: requirements.txt
	@command -v $(PYTHON) >/dev/null || { \
	  echo "Python 3.11 is needed and '$(PYTHON)' is not there. Install it, or name it: make run PYTHON=/path/to/python3.11" >&2; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info[:2] != (3, 11))' || { \
	  echo "Python 3.11 is needed, but '$(PYTHON)' is $$($(PYTHON) -V). Name another: make run PYTHON=/path/to/python3.11" >&2; exit 1; }
	@echo "Setting up $(VENV) (once; a few minutes)…"
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements.txt
	@touch $@

$(VENV)/.installed-tests: $(VENV)/.installed tests/requirements.txt requirements-dask.txt
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -r tests/requirements.txt
	@touch $@

# Debian's Postgres and Chromium, where this user may install them, and npm packages; tests name what is missing.
servers: $(VENV)/.installed-tests
	@VENV=$(abspath $(VENV)) bash tests/servers/install.sh

# Five at a time on two cores, as tests wait for servers and clocks; one thread each for fits.
check test tests: export OMP_NUM_THREADS = 1
check test tests: export OPENBLAS_NUM_THREADS = 1

lint: format types

format: $(VENV)/.installed-tests
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .

types: $(VENV)/.installed-tests
	$(BIN)/mypy

check: lint
	$(BIN)/python -m tests.touched

# Types are checked, by one core, while the test processes collect.
test: servers format
	@$(MAKE) --no-print-directory -j 2 types tests

# A make that a test starts is its own, not a part of this one.
tests: $(VENV)/.installed-tests
	env -u MAKEFLAGS -u MAKELEVEL -u MFLAGS $(BIN)/python -m pytest -n 5 --dist loadfile --no-loadscope-reorder

bench: $(VENV)/.installed-tests
	$(BIN)/python -m benchmarks $(if $(DATA),--data $(DATA)) $(if $(TARGET),--target $(TARGET)) $(if $(ONLY),--only $(ONLY))

chaos: $(VENV)/.installed-tests servers
	$(BIN)/python -m benchmarks.chaos && $(BIN)/python -m benchmarks.chaos_batches && \
	  $(BIN)/python -m benchmarks.chaos_trainings && $(BIN)/python -m benchmarks.chaos_e2b_trainings && \
	  $(BIN)/python -m benchmarks.chaos_e2b && $(BIN)/python -m benchmarks.chaos_package && \
	  $(BIN)/python -m pytest tests/faults/hostile_at_e2b.py && \
	  $(BIN)/python -m tests.core.api.conformance --examples 50

clean:
	rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache
