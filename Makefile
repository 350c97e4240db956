# Everything here works on a machine that has Python 3.11 or later, make and the package index.

PYTHON ?= python3
ifeq ($(OS),Windows_NT)
BIN := .venv/Scripts
else
BIN := .venv/bin
endif
READY := .venv/ready

.PHONY: help setup demo test lint clean

help:
	@echo "make demo   phantom, three detectors on two folds, and a report in demo/run/report.html"
	@echo "make test   all tests"
	@echo "make lint   format, lint and types"
	@echo "make setup  what the others call first: .venv with everything in it"

setup: $(READY)

# paddledet's own pins contradict numpy 2; its real needs are in the extra "paddle".
$(READY): pyproject.toml constraints.txt
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet -c constraints.txt -e ".[train,paddle,annotate,dev]"
	$(BIN)/python -m pip install --quiet --no-deps paddledet==2.6.0
	$(BIN)/python -c "import pathlib; pathlib.Path('$(READY)').touch()"

demo: $(READY)
	$(BIN)/python -m benchmarks.demo

test: $(READY)
	$(BIN)/pytest

lint: $(READY)
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy

clean:
	$(PYTHON) -c "import shutil; [shutil.rmtree(name, ignore_errors=True) for name in ('demo', 'build', 'dist')]"
