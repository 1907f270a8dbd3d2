# Two commands: `make demo` and `make test`. Neither needs root; `make help` lists the others.

PYTHON ?=#                        interpreter of the environment; default: the first one ≥ 3.11 on PATH
KIND_NODE_IMAGE ?=#               node image of the e2e cluster; default: kind's own
DOCKER_BUILD_FLAGS ?=#            such as --network host
E2E_KEEP ?=#                      1: leave the e2e cluster for a look, and use it again
E2E_MUSIC ?= /usr/share/games/singularity/music

VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
VERSION := $(shell sed -n 's/^__version__ = "\(.*\)"/\1/p' offbeat/__init__.py)
UV_VERSION := 0.13

.DEFAULT_GOAL := help
.PHONY: help setup stems-model test-oracle demo test check docs unit integration cores fuzz faults mutants train e2e bench-handoff bench-scale bench-backlog images lock clean

help: ## list the targets
	@sed -n 's/^\([a-z0-9-]*\):.*## /  make \1\t/p' $(MAKEFILE_LIST) | expand -t 22

setup: $(READY) ## make .venv with Offbeat and all it needs for development

$(READY): pyproject.toml tools/make-venv
	@tools/make-venv $(VENV) $(PYTHON)
	@echo "installing into $(VENV) …"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[dev]'
	@touch $@

demo: setup ## analyse a short mix that is made on the spot, without a cluster
	@$(BIN)/offbeat demo

check: setup ## format, lint, types and import rules
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

unit: setup ## unit tests
	$(BIN)/pytest tests/unit

integration: setup ## integration tests: real Redis, real ffmpeg
	$(BIN)/pytest tests/integration

cores: setup ## unit tests of the analyzer with the arithmetic of older CPUs
	@tools/test-cores $(BIN)/pytest tests/unit/analyzer

MUTANTS ?= offbeat/*.py controller/*.py local/*.py
MUTANT_TESTS ?= tests/unit/offbeat tests/unit/controller tests/unit/local
mutants: setup ## changes of the code that no test notices; MUTANTS="controller/decision.py" for one module, in minutes
	@tools/mutants $(BIN) '$(MUTANTS)' '$(MUTANT_TESTS)'

FUZZ_FLAGS ?=#                    such as --seed 1 --executions 1000
fuzz: setup ## 20,000 mutated files through the analyzer; a failure is kept under build/fuzz
	@mkdir -p build
	$(BIN)/python -m tests.fuzz $(FUZZ_FLAGS)

SEED ?= 0#                        of the faults
MESSAGES ?= 10000
SCENARIO ?= cluster#              cluster, two-releases or local-beside
FAULTS_FLAGS ?=#                  such as --site bare --only redis_kill,kill_controller
faults: setup ## break Redis, the Kubernetes API and controllers under 10,000 messages; makes a kind cluster
	@KIND_NODE_IMAGE='$(KIND_NODE_IMAGE)' \
	  $(BIN)/python -m tests.faults --site kind --seed $(SEED) --messages $(MESSAGES) --scenario $(SCENARIO) $(FAULTS_FLAGS)

test: setup check stems-model ## checks, unit and integration tests
	$(BIN)/pytest tests/unit tests/integration

STEMS_MODEL := build/models/2stems/vocals.onnx
stems-model: setup $(STEMS_MODEL) ## make the networks that separate stems of Deezer's checkpoint; tests use them

$(STEMS_MODEL): | $(READY)
	@$(BIN)/python -m analyzer.stems.export build/models

test-oracle: setup stems-model ## stems beside those of Spleeter on TensorFlow, in an environment of its own: 700 MB, minutes
	@tools/make-oracle build/oracle
	OFFBEAT_ORACLE=build/oracle/bin/python $(BIN)/pytest tests/oracle

docs: setup ## draw docs/images/result.svg again and build the documentation under build/site; a broken link is an error
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[docs]'
	$(BIN)/python -m tools.picture
	PATH="$(CURDIR)/$(BIN):$$PATH" NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict

images: ## build both images
	docker build $(DOCKER_BUILD_FLAGS) -t offbeat/controller:$(VERSION) -t offbeat/controller:dev -f Dockerfile.controller .
	docker build $(DOCKER_BUILD_FLAGS) -t offbeat/analyzer:$(VERSION) -t offbeat/analyzer:dev -f Dockerfile.analyzer .

e2e: setup images ## the whole path on a kind cluster that is made for it and deleted after it
	@KIND_NODE_IMAGE='$(KIND_NODE_IMAGE)' E2E_KEEP='$(E2E_KEEP)' E2E_MUSIC='$(E2E_MUSIC)' VERSION='$(VERSION)' \
	  tests/e2e/run $(BIN)/pytest tests/e2e

BENCH_FLAGS ?=#                   such as --jobs 1000; each benchmark lists its own with --help
bench-handoff: setup images ## time from LPUSH to Job and to result, and what bursts cost, on such a cluster
	@KIND_NODE_IMAGE='$(KIND_NODE_IMAGE)' E2E_KEEP='$(E2E_KEEP)' E2E_MUSIC='$(E2E_MUSIC)' VERSION='$(VERSION)' \
	  tests/e2e/run $(BIN)/python -m benchmarks.handoff $(BENCH_FLAGS)

bench-scale: setup ## 10,000 Jobs in flight, on a kind cluster whose pods kwok plays
	$(BIN)/python -m benchmarks.scale $(if $(KIND_NODE_IMAGE),--node-image '$(KIND_NODE_IMAGE)') $(BENCH_FLAGS)

bench-backlog: setup ## 100,000 messages that wait, 8,000 duplicates, one message of 100 MB: needs no cluster
	$(BIN)/python -m benchmarks.backlog $(BENCH_FLAGS)

train: setup ## make the files of analyzer/models again; needs FluidSynth, espeak-ng and the music of some games
	$(BIN)/python -m tools.train.key
	$(BIN)/python -m tools.train.rhythm
	$(BIN)/python -m tools.train.vocals

lock: setup ## resolve what the images install, with hashes
	$(BIN)/python -m pip install --quiet 'uv~=$(UV_VERSION)'
	$(BIN)/uv pip compile $(LOCK_FLAGS) --extra controller -o requirements/controller.lock pyproject.toml
	$(BIN)/uv pip compile $(LOCK_FLAGS) --extra analyzer --extra stems --no-emit-package onnx --no-emit-package ml-dtypes \
	  -c requirements/controller.lock -o requirements/analyzer.lock pyproject.toml
	$(BIN)/uv pip compile $(LOCK_FLAGS) --extra stems -c requirements/analyzer.lock -o requirements/stems.lock pyproject.toml

# One resolution for all: each is bound by the one before. The image of local mode needs no more than the analyzer's, and the
# package onnx only writes the networks (stems.lock), which the image then has.
LOCK_FLAGS := --quiet --upgrade --generate-hashes --python-version 3.11 --python-platform linux \
  --no-emit-index-url --no-emit-find-links --no-annotate --custom-compile-command 'make lock'

clean: ## delete what was built here
	rm -rf $(VENV) build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
