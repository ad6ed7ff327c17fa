# Needs Python >= 3.11, git and make; everything else is installed into $(VENV) from the lock files.
# Another Python: make run PYTHON=/path/to/python3.12     Options for pytest: make run ARGS="-k repair"

SHELL     := /bin/sh
VENV      ?= .venv
BIN       := $(VENV)/bin
OUTPUT    ?= reports/output
ARGS      ?=
PROCESSES ?= auto
UV        ?= uv

# The first Python that is new enough; python3 when none is, so that the message below names it.
PYTHON ?= $(shell for p in python3 python3.13 python3.12 python3.11; do \
	"$$p" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && { echo "$$p"; exit; }; done; echo python3)

# Byte code is kept, also where the environment says otherwise: a second run then starts sooner.
export PYTHONDONTWRITEBYTECODE :=

.DEFAULT_GOAL := help
.PHONY: help run test lint types interop report bench check lock clean distclean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' Makefile

run: $(VENV)/.run-stamp ## run the features against the bundled emulators (TARGET=file: against a target)
	@$(BIN)/smets1-conformance run -n $(PROCESSES) --output $(OUTPUT) $(if $(TARGET),--target $(TARGET)) $(if $(ARGS),-- $(ARGS))

test: $(VENV)/.dev-stamp ## the harness's own tests
	$(BIN)/python -m pytest tests --ignore=tests/interop -n auto -q $(ARGS)

lint: $(VENV)/.dev-stamp ## ruff: rules and format
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(VENV)/.dev-stamp ## mypy, strict
	$(BIN)/mypy

interop: $(VENV)/.dev-stamp ## exchange signed documents with DCC's public tool (needs Node and Java)
	$(BIN)/python -m pytest tests/interop -q -rs $(ARGS)

report: $(VENV)/.run-stamp ## make the reports of the last run anew, and the Allure page
	@$(BIN)/python -m reports.allure_report.node || \
		$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-report.lock
	@$(BIN)/smets1-conformance report --output $(OUTPUT)

bench: $(VENV)/.dev-stamp ## signatures, round trips and the data update: what they cost (ARGS=data-update: one)
	$(BIN)/python -m benchmarks $(ARGS)

check: lint types test run ## what a change must pass before it is offered

lock: $(VENV)/.dev-stamp ## resolve the dependencies anew (needs uv)
	UV=$(UV) scripts/lock

clean: ## remove results, caches and builds; keep the virtual environment
	rm -rf $(OUTPUT) build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis .smets1-conformance
	find . -name __pycache__ -not -path './$(VENV)/*' -prune -exec rm -rf {} +

distclean: clean ## remove the virtual environment as well
	rm -rf $(VENV)

$(VENV)/.run-stamp: requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { \
		echo "$(PYTHON) is $$($(PYTHON) --version 2>&1 || echo not there); Python 3.11 or newer is needed: make $(MAKECMDGOALS) PYTHON=/path/to/python3" >&2; exit 2; }
	@echo "Setting up $(VENV) with $$($(PYTHON) --version); once only"
	@$(PYTHON) -m venv $(VENV) || { \
		echo "$(PYTHON) cannot make virtual environments (on Debian and Ubuntu: apt-get install python3-venv)" >&2; exit 2; }
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

$(VENV)/.dev-stamp: requirements-dev.lock $(VENV)/.run-stamp
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.lock
	@touch $@
