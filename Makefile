# Everything a person needs: `make run` and `make test`. Both set the project up first.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
LOCK := deploy/requirements.lock

.PHONY: run test setup setup-test lint format check learn bench lock clean

run: setup learn
	$(BIN)/ventanilla run

test: setup-test
	$(MAKE) --no-print-directory -j2 lint check learn
	$(BIN)/python -m pytest -n auto --dist loadgroup

lint: setup-test
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy

format: setup-test
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

check: setup
	$(BIN)/ventanilla check

learn: setup
	$(BIN)/ventanilla learn

bench: setup
	$(BIN)/python -m bench

setup: $(VENV)/.installed

setup-test: $(VENV)/.installed-test
	sh deploy/ensure-chromium.sh

$(VENV)/bin/python:
	sh deploy/make-venv.sh $(PYTHON) $(VENV)

$(VENV)/.installed: $(VENV)/bin/python $(LOCK) pyproject.toml
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r $(LOCK)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	touch $@

$(VENV)/.installed-test: $(VENV)/.installed deploy/requirements-test.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r deploy/requirements-test.lock
	touch $@

# Renews the pinned versions. Needs uv (`pip install uv`).
lock:
	uv pip compile pyproject.toml --universal --generate-hashes --no-header --no-annotate --no-emit-index-url -o $(LOCK)
	uv pip compile pyproject.toml --extra dev --universal --generate-hashes --no-header --no-annotate --no-emit-index-url -o deploy/requirements-test.lock

clean:
	rm -rf $(VENV) var .pytest_cache .mypy_cache .ruff_cache
