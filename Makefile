# Everything here works on a machine that has Python 3.11, make and the package index.

PYTHON ?= python3
ifeq ($(OS),Windows_NT)
BIN := .venv/Scripts
else
BIN := .venv/bin
endif
READY := .venv/ready

PADDLE := .venv/ready-paddle

.PHONY: help setup setup-paddle demo test lint parity clean

help:
	@echo "make demo   phantom, three detectors on two folds, and a report in demo/run/report.html"
	@echo "make test   all tests"
	@echo "make lint   format, lint and types"
	@echo "make parity the torch PP-YOLOv2 against PaddleDetection's, number by number (installs Paddle)"
	@echo "make setup  what the others call first: .venv with everything in it but Paddle"

setup: $(READY)

$(READY): pyproject.toml constraints.txt
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet -c constraints.txt -e ".[train,annotate,dev]"
	$(BIN)/python -c "import pathlib; pathlib.Path('$(READY)').touch()"

# The reference route. paddledet's own pins contradict numpy 2; its real needs are in the extra "paddle".
setup-paddle: $(PADDLE)

$(PADDLE): $(READY)
	$(BIN)/python -m pip install --quiet -c constraints.txt -e ".[train,paddle,annotate,dev]"
	$(BIN)/python -m pip install --quiet --no-deps paddledet==2.6.0
	$(BIN)/python -c "import pathlib; pathlib.Path('$(PADDLE)').touch()"

# Three detectors from scratch on 24 phantom patients: a look at the whole way, not at what the detectors can do.
# A second call goes on from what is finished; `make clean` begins anew.
demo: demo/phantom/dataset.yaml
	$(BIN)/spinedet benchmark demo/phantom --task lumbar --detectors yolov3,yolov5,ppyolov2 --folds 2 \
		--preset tiny --image-size 320 --epochs 30 --batch 2 --out demo/run

demo/phantom/dataset.yaml: | $(READY)
	$(BIN)/spinedet phantom lumbar --patients 24 --seed 0 --out demo/phantom

test: $(READY)
	$(BIN)/pytest

parity: $(PADDLE)
	$(BIN)/python -m spinedet.benchmarks.parity

lint: $(READY)
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy

clean:
	$(PYTHON) -c "import shutil; [shutil.rmtree(name, ignore_errors=True) for name in ('demo', 'build', 'dist')]"
