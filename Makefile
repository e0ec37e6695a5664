# Everything is reached from here; `make help` lists it. Steps that are up to date are skipped.

PYTHON  ?= $(firstword $(foreach name,python3 python3.14 python3.13 python3.12 python3.11,$(shell \
             $(name) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $(name))))
VENV    := .venv
BIN     := $(VENV)/bin
NODE    := node-client
STAMPS  := .setup
JOBS    ?= 3# files of Python tests at once: most of them wait for processes and leases
SOURCES := $(shell find $(NODE)/src -name '*.ts')
TESTS   := $(shell find $(NODE)/test -name '*.ts')

.DEFAULT_GOAL := help
.PHONY: help setup demo test test-python test-node check format bench compare scale conformance clean tools

help: ## list the targets
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

setup: $(STAMPS)/python $(STAMPS)/node-build ## make .venv/ and build node-client/dist/

demo: setup ## run examples/hello.lisp on an embedded fleet
	@echo "· running examples/hello.lisp on an embedded fleet: a Valkey server, a Celery worker, a Node process"
	@$(BIN)/polyloom run examples/hello.lisp
	@echo
	@echo "Next:  $(BIN)/polyloom run examples/founding.lisp    the smallest program"
	@echo "       $(BIN)/polyloom up                            a fleet to play with, and Flower"
	@echo "       README.md                                  the tour in Lisp, Node and Python"

test: test-python test-node ## run every test

test-python: setup $(STAMPS)/node-test-build
	@echo "· Python tests"
	@$(BIN)/python -m pytest -q -n $(JOBS) --dist loadfile

test-node: setup $(STAMPS)/node-test-build
	@echo "· Node tests"
	@cd $(NODE) && npm run --silent test:run

check: setup ## formatters, linters, type checkers, import rules
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	cd $(NODE) && npm run --silent lint && npm run --silent typecheck

format: setup ## rewrite files in the project's format
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .
	cd $(NODE) && npx prettier --write --log-level warn src test

bench: setup ## measure against the peers, side by side (about ten minutes)
	@$(BIN)/python bench/run.py

compare: setup ## run the same cases on us and on our peers: who is right (about four minutes)
	@cd bench && ../$(BIN)/python -m compare

scale: setup ## show what programs and fleets cost, by their size (about six minutes)
	@cd bench && ../$(BIN)/python -m scale

conformance: setup ## write the page of behaviours and their tests
	@$(BIN)/python tests/conformance.py

clean: ## remove what setup and the tools made
	rm -rf $(VENV) $(STAMPS) $(NODE)/node_modules $(NODE)/dist $(NODE)/build bench/node_modules

tools:
	@$(if $(PYTHON),:,echo "make: Python 3.11 or later is missing (python3 is not on PATH, or older)" >&2; exit 1)
	@command -v node >/dev/null || { echo "make: node is missing: install Node 20 or later" >&2; exit 1; }
	@command -v npm >/dev/null || { echo "make: npm is missing: it comes with Node" >&2; exit 1; }
	@node -e 'process.exit(Number(process.versions.node.split(".")[0]) < 20 ? 1 : 0)' || \
	  { echo "make: node $$(node --version) is too old: install Node 20 or later" >&2; exit 1; }

$(STAMPS)/python: pyproject.toml | tools
	@mkdir -p $(STAMPS)
	@echo "· Python packages into $(VENV)/ (the first time takes about half a minute)"
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV) || \
	  { rm -rf $(VENV); echo "make: Python's venv module is missing (Debian: apt-get install python3-venv)" >&2; exit 1; }
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --upgrade 'pip>=25.1'
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable . --group dev
	@touch $@

$(STAMPS)/node-modules: $(NODE)/package.json $(NODE)/package-lock.json | tools
	@mkdir -p $(STAMPS)
	@echo "· Node packages into $(NODE)/node_modules/"
	@cd $(NODE) && npm ci --no-audit --no-fund --loglevel=error
	@touch $@

$(STAMPS)/node-test-build: $(STAMPS)/node-modules $(NODE)/tsconfig.test.json $(NODE)/tsconfig.json $(SOURCES) $(TESTS)
	@echo "· building the Node tests"
	@cd $(NODE) && npm run --silent test:build
	@touch $@

$(STAMPS)/node-build: $(STAMPS)/node-modules $(NODE)/tsconfig.json $(SOURCES)
	@echo "· building $(NODE)/dist/"
	@rm -rf $(NODE)/dist && cd $(NODE) && npm run --silent build
	@touch $@
