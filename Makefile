# make app     set up and open the Space            (ARGS="--catalog FILE --model FOLDER" passes options on)
# make test    set up and run every test            (ARGS="-k NAME" passes options on, JOBS=1 runs one at a time)
# make lint    formatting, lint, types, import directions, dependencies
# make audit   known vulnerabilities of what is installed, where an advisory service answers
# make clean   remove the environment and the caches; runs/ stays

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
ARGS ?=
JOBS ?= 2

# Tests run small matrices: one thread each is fastest, and leaves the other cores to their child processes.
TEST_ENV := OMP_NUM_THREADS=1 TOKENIZERS_PARALLELISM=false GRADIO_ANALYTICS_ENABLED=False

.PHONY: app test lint audit clean
.DELETE_ON_ERROR:

app: $(VENV)/app.stamp
	$(BIN)/python app.py $(ARGS)

test: $(VENV)/dev.stamp
	$(TEST_ENV) $(BIN)/python -m pytest --durations=15 --numprocesses=$(JOBS) $(ARGS)

lint: $(VENV)/dev.stamp
	$(BIN)/python -m ruff check .
	$(BIN)/python -m ruff format --check .
	$(BIN)/python -m mypy
	$(BIN)/lint-imports pyproject.toml
	$(BIN)/deptry .

audit: $(VENV)/dev.stamp
	$(BIN)/python .ci/audit.py

clean:
	rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache .hypothesis
	find . -name __pycache__ -type d -not -path './runs/*' -prune -exec rm -rf {} +

# A stamp is newer than its requirements file once that has been installed, so a second run goes straight on.
$(VENV)/app.stamp: requirements.txt | $(VENV)/made.stamp
	$(BIN)/python -m pip install --disable-pip-version-check --progress-bar off -r requirements.txt
	touch $@

$(VENV)/dev.stamp: requirements-dev.txt requirements.txt | $(VENV)/made.stamp
	$(BIN)/python -m pip install --disable-pip-version-check --progress-bar off -r requirements-dev.txt
	touch $(VENV)/app.stamp $@

$(VENV)/made.stamp:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
		|| { echo "Python 3.11 or newer is needed; name one with: make PYTHON=python3.11 ..." >&2; exit 1; }
	rm -rf $(VENV)
	$(PYTHON) -m venv $(VENV) \
		|| { echo "Making $(VENV) failed; on Debian: apt-get install python3-venv" >&2; rm -rf $(VENV); exit 1; }
	touch $@
