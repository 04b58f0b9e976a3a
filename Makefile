# Everything sets itself up in .venv; PYTHON chooses the interpreter (3.11 or newer).
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
REAL := $(BIN)/python -m tools.real_server
FOREIGN := .foreign/.ready

DOCS_READY := $(VENV)/.docs-ready
PYTHONS := $(shell sed -n 's/.*Python :: \(3\.[0-9]*\)".*/\1/p' pyproject.toml)

.PHONY: help demo test lint api api-diff types unit foreign test-foreign chromium test-pages test-tools test-faults test-dask test-browser test-real test-pythons $(PYTHONS:%=test-python-%) docs-ready docs dist test-dist sbom public audit workflows coverage mutants bench bench-check real-server stop-real-server format clean

help:  ## List the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 20

$(READY): pyproject.toml
	$(PYTHON) -c 'import sys; sys.exit("letta_async needs Python 3.11 or newer; try make PYTHON=python3.13" if sys.version_info < (3, 11) else 0)'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[dev]'
	@touch $@

DEMO := $(if $(wildcard $(READY)),$(VENV),.demo)
.demo/.ready: pyproject.toml
	@echo 'setting up .demo, once: some ten seconds'
	@$(PYTHON) -m venv .demo
	@.demo/bin/python -m pip install --quiet --disable-pip-version-check --editable '.[cli]'
	@touch $@

demo: $(DEMO)/.ready  ## See a stale conversation recompiled, on the embedded server; installs only what that needs
	@$(DEMO)/bin/python examples/demo.py

test: lint types unit  ## Run lint, type checks and all tests that need no real server

lint: $(READY)  ## Check style and formatting, and that generated files are up to date
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/python -m tools.api --check

api: $(READY)  ## Write methods, exports and reference pages from the declarations in letta_async/operations
	$(BIN)/python -m tools.api

api-diff: $(READY)  ## List what a server's OpenAPI description has and the declarations lack; SPEC=file or URL
	$(BIN)/python -m tools.api diff $(SPEC)

types: $(READY)  ## Check types, strictly, with pyright and mypy
	$(BIN)/pyright
	$(BIN)/mypy
	$(BIN)/mypy tests/typing examples
	PATH="$(abspath $(BIN)):$$PATH" $(BIN)/pyright --verifytypes letta_async --ignoreexternal

unit: $(READY) $(FOREIGN)  ## Run the tests
	$(BIN)/python -X dev -m pytest

test-benchmarks: $(READY)  ## Test the benchmarks, and the ratios and counts that do not depend on how busy the machine is
	$(BIN)/python -X dev -m pytest tests/benchmarks

$(FOREIGN): $(READY) $(wildcard tools/foreign/*.*)
	$(BIN)/python -m tools.foreign
	@mkdir -p $(@D) && touch $@

foreign: $(FOREIGN)  ## Install the official clients, in an environment of their own

test-foreign: $(FOREIGN)  ## Test the embedded server with the official clients
	$(BIN)/python -X dev -m pytest tests/foreign

chromium:  ## Install Chromium and its driver with apt-get, as root, unless they are there
	@{ command -v chromium && command -v chromedriver; } >/dev/null || { \
	  if [ "$$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then echo 'Chromium is missing, and only root can install it, with apt-get'; exit 1; fi; \
	  apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends chromium chromium-driver >/dev/null; }

test-real: $(FOREIGN)  ## Run the contract suite and the official clients against a real Letta server, started and stopped for it
	$(REAL) run --model -- $(BIN)/python -m pytest tests/contract tests/foreign

# What tests the project's pages and tools, compares what does not depend on Python, or takes long, runs on one Python.
PAGES := tests/cli tests/docs docs README.md CONTRIBUTING.md
TOOLS := tests/contract tests/testing tests/api tests/conformance tests/foreign tests/mutants tests/tools \
	tests/watching/test_kills.py tests/watching/test_requests.py tests/test_dist.py tests/test_finished_targets.py \
	tests/test_habits.py tests/test_layers.py tests/test_logging.py tests/test_mirror.py \
	tests/test_public.py tests/test_records.py tests/test_upgrades.py
APART := $(PAGES) $(TOOLS) tests/faults tests/dask tests/browser tests/benchmarks
# These look at the built pages, where there are some, so they wait for those that are built by the same command.
test-pages test-browser: | $(filter docs,$(MAKECMDGOALS))

test-pages: $(READY)  ## Test the command-line program, and what README and documentation show
	$(BIN)/python -m pytest -q $(PAGES)

test-tools: $(FOREIGN)  ## Test the embedded server, the project's tools, and what does not depend on Python
	$(BIN)/python -m pytest -q $(TOOLS)

test-faults: $(READY)  ## Test what networks, servers and event loops do wrong
	$(BIN)/python -X dev -m pytest -q tests/faults

test-dask: $(READY)  ## Test batches on Dask clusters
	$(BIN)/python -X dev -m pytest -q tests/dask

test-browser: $(READY)  ## Test the chat of the examples over HTTP and, where it is installed, in Chromium
	$(BIN)/python -X dev -m pytest -q tests/browser

test-pythons: $(PYTHONS:%=test-python-%)  ## Run all other tests on each supported Python that is found

$(PYTHONS:%=test-python-%): test-python-%: $(READY)
	$(BIN)/python tools/pythons.py $* -- tests $(APART:%=--ignore=%)

$(DOCS_READY): $(READY)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[docs]'
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps 'axe-playwright-python>=0.1.8'  # for its axe.min.js
	@touch $@

docs-ready: $(DOCS_READY)  ## Install what builds the documentation

docs: $(DOCS_READY)  ## Build the documentation; warnings are errors
	$(BIN)/sphinx-build --nitpicky --fail-on-warning --keep-going --fresh-env --quiet -b html docs docs/_build
	@echo docs/_build/index.html

# Each wheel is built from its source distribution, so that a test of the one is a test of the other.
dist: $(READY)  ## Build the source distributions and the wheels of the package and its parts
	rm -rf dist
	$(BIN)/python -m build --no-isolation
	for part in $$($(BIN)/python -m tools.part_sources build/parts); do \
	  $(BIN)/python -m build --no-isolation --outdir dist $$part || exit; done
	$(BIN)/twine check --strict dist/*

test-dist: dist  ## Test the wheels on every supported Python that is found, on the oldest and the newest also with the lowest dependencies
	$(BIN)/python -m tools.wheel
	$(BIN)/python -m tools.documented_installs

sbom: dist  ## Write the software bill of materials of what the wheels install, in the CycloneDX format, and check it
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[audit]'
	$(BIN)/python -m tools.sbom

coverage: $(READY)  ## Run the tests, and show the lines and branches that no test reaches
	$(BIN)/coverage erase
	-$(BIN)/coverage run -m pytest  # slower than tests of timing expect, so failures are ignored
	$(BIN)/coverage combine --quiet
	$(BIN)/coverage report

mutants: $(READY)  ## Make small changes to limiter, retries, attempts and requests, one at a time, and show those that no test notices
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[mutants]'
	$(BIN)/mutmut run
	$(BIN)/mutmut results

audit: workflows  ## Check for known vulnerabilities, licences and unsafe workflows; needs the network
	$(BIN)/python -m tools.audit

workflows: $(READY)  ## Check that the workflows are valid and safe
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[audit]'
	$(BIN)/check-jsonschema --builtin-schema vendor.github-workflows .github/workflows/*.yml
	$(BIN)/check-jsonschema --builtin-schema vendor.readthedocs .readthedocs.yaml
	$(BIN)/zizmor --offline .github/workflows

public: $(READY)  ## Record the public names, at a release, when the changelog has its version
	$(BIN)/python -m tools.public

bench: $(READY)  ## Measure against bare aiohttp and the official client; REAL_URL=… adds a real server, ONLY='streams decoding' measures these alone
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[bench]'
	$(BIN)/python -m benchmarks $(if $(REAL_URL),--real $(REAL_URL)) $(if $(ONLY),--only $(ONLY))

bench-check: $(READY)  ## Check the ratios and counts that do not depend on how busy the machine is
	$(BIN)/python -m benchmarks.check

real-server: $(READY)  ## Start a real Letta server on port 8283, and keep it running; MODEL=1 adds a stub model and Redis
	$(REAL) start $(if $(MODEL),--model)

stop-real-server: $(READY)  ## Stop the real Letta server
	$(REAL) stop

format: $(READY)  ## Format the code, and fix what the linter can fix
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

clean:  ## Remove everything that was installed or built
	rm -rf $(VENV) .demo .pytest_cache .mypy_cache .ruff_cache .hypothesis .coverage* mutants dist build docs/_build
