# Everything here sets up what it needs: see `make help`. Nothing needs a terminal.

PYTHON ?= python3
PROMPT ?= In two sentences, what is a bridge?
# Processes that share the tests, file by file; 0 for none but pytest's own.
JOBS ?= 2
ARGS ?=

SETUP := $(PYTHON) scripts/environments.py
IN_VENV := .venv/bin/python -m

# Kept inside the checkout.
export PYRIGHT_PYTHON_CACHE_DIR := $(CURDIR)/.cache/pyright
export PYRIGHT_PYTHON_IGNORE_WARNINGS := 1

.DEFAULT_GOAL := help

.PHONY: help
help: ## Say what there is (the default)
	@echo "make TARGET, where TARGET is one of"
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  %-12s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))
	@echo "Settings: PYTHON=$(PYTHON); JOBS=$(JOBS) processes for the tests; ARGS=... goes to serve, pytest, ruff or the benchmarks; PROMPT=... to the demo."

.PHONY: demo
demo: ## Ask the small real model in the embedded Space
	@$(SETUP) demo
	.venv/bin/spacebridge ask -s local "$(PROMPT)"

.PHONY: serve
serve: ## Serve the embedded Space to OpenAI clients (ARGS="--port 9000" for other options)
	@$(SETUP) demo
	.venv/bin/spacebridge serve $(ARGS)

.PHONY: test
test: ## Run all tests, real servers and browser included (ARGS="-k name" for some)
	@$(SETUP) test
	@$(PYTHON) scripts/programs.py
	$(IN_VENV) pytest -n $(JOBS) --dist loadfile $(ARGS)

.PHONY: lint
lint: ## Check style, format and the files themselves
	@$(SETUP) dev
	$(IN_VENV) ruff check $(ARGS)
	$(IN_VENV) ruff format --check
	.venv/bin/python scripts/check_files.py

.PHONY: types
types: ## Check types
	@$(SETUP) dev
	$(IN_VENV) pyright $(ARGS)

.PHONY: imports
imports: ## Check which room imports which
	@$(SETUP) dev
	.venv/bin/lint-imports --no-logo

.PHONY: format
format: ## Put the code into its form
	@$(SETUP) dev
	$(IN_VENV) ruff check --fix $(ARGS)
	$(IN_VENV) ruff format
	$(PYTHON) scripts/page.py format

.PHONY: page
page: ## Build the gateway's chat page from web/
	@$(SETUP) dev
	$(PYTHON) scripts/page.py build

.PHONY: page-check
page-check: ## Check the page's types and style, and that the committed files are built from its sources
	@$(SETUP) dev
	$(PYTHON) scripts/page.py check

.PHONY: bench
bench: ## Run the benchmarks
	@$(SETUP) bench
	-@$(PYTHON) scripts/programs.py bench
	$(IN_VENV) benchmarks $(ARGS)

.PHONY: dist
dist: ## Build the wheel and the source archive into dist/
	@$(SETUP) dev
	rm -rf dist
	$(IN_VENV) build

.PHONY: dist-check
dist-check: ## Install the wheel into an empty environment and ask the embedded Space with it
	@$(SETUP) wheel
	$(PYTHON) scripts/check_wheel.py

.PHONY: clean
clean: ## Remove what was built and cached, but not the environments
	rm -rf build dist web/node_modules .cache .pytest_cache .ruff_cache .hypothesis .import_linter_cache .coverage
	find src tests scripts benchmarks -name __pycache__ -type d -prune -exec rm -rf {} + 2>/dev/null || true
