# All set-up is done by the targets themselves, inside .venv and a cache folder; `make` alone lists them.

PORT ?= 8080
RUN_DIRECTORY ?= .run
UV_VERSION := 0.13.8

VENV := .venv
PYTHON := $(VENV)/bin/python
GO_MODULES := devcluster tests/connectivity/cyclonus
INSTALLED := $(VENV)/.installed

# KUBECONFIG counts only when given to make: the one in your shell may be a cluster you did not mean.
ifeq ($(origin KUBECONFIG),command line)
CLUSTER := --kubeconfig '$(KUBECONFIG)'
endif

.DEFAULT_GOAL := help
.PHONY: help run test lint types layers fuzz bench soak lock format generate setup binaries judge
.DELETE_ON_ERROR:

help:  ## List the targets
	@sed -n 's/^\([a-z]*\):.*## /\1\t/p' $(MAKEFILE_LIST) | expand -t 10

# No shell stands between make and the program, so that it can end with make even when make is killed.
run: $(INSTALLED)  ## Run everything on a real control plane; PORT=8090, KUBECONFIG=path for your own cluster
	@$(PYTHON) -m devcluster.run --end-with-parent --port '$(PORT)' --directory '$(RUN_DIRECTORY)' $(CLUSTER)

test: $(INSTALLED) binaries judge  ## Run the tests; ARGS='-k name' goes to pytest
	@$(if $(ARGS),$(PYTHON) -m pytest $(ARGS),scripts/test $(PYTHON))

lint: $(INSTALLED)  ## Check style and format, Python and Go
	$(VENV)/bin/ruff check
	$(VENV)/bin/ruff format --check
	@unformatted=$$(gofmt -l $(GO_MODULES)) && test -z "$$unformatted" || { echo "gofmt: $$unformatted" >&2; exit 1; }
	@for module in $(GO_MODULES); do (cd $$module && set -x && go vet -trimpath .) || exit 1; done

format: $(INSTALLED)  ## Format the code and fix what can be fixed
	$(VENV)/bin/ruff check --fix
	$(VENV)/bin/ruff format
	gofmt -w $(GO_MODULES)

generate: $(INSTALLED)  ## Write openapi.yaml and the pages that are made from the code
	@$(PYTHON) -m tests.generated

types: $(INSTALLED)  ## Check types (mypy, strict)
	$(VENV)/bin/mypy

layers: $(INSTALLED)  ## Check that the layers import only downwards
	$(VENV)/bin/lint-imports

fuzz: $(INSTALLED) binaries  ## Call every operation with generated input, 20,000 times; CALLS=500 for fewer
	@$(PYTHON) -m tests.fuzz

bench: $(INSTALLED) binaries  ## Measure speed and memory (docs/performance.md); SIZE=200 for a smaller one
	@$(PYTHON) -m bench $(ARGS)

soak: $(INSTALLED) binaries  ## Break everything around the controller for MINUTES=10 and judge it; SEED=n repeats a run
	@$(PYTHON) -m bench.soak

lock: .cache/uv-$(UV_VERSION)/bin/uv  ## Write requirements/ anew from pyproject.toml; UPGRADE=1 takes newer versions
	scripts/lock $< $(if $(UPGRADE),--upgrade)

setup: $(INSTALLED)  ## Install the pinned packages into .venv (the other targets do it when needed)

binaries:  ## Build the control plane's programs (cached; the other targets do it when needed)
	@scripts/python -m devcluster.build >/dev/null

judge:  ## Build the other engine that ours is compared with (cached; `test` does it when needed)
	@scripts/python -m tests.connectivity.judge >/dev/null

$(INSTALLED): requirements/dev.txt pyproject.toml scripts/venv scripts/python
	@scripts/venv $(VENV)
	@touch $@

.cache/uv-$(UV_VERSION)/bin/uv:
	scripts/python -m venv .cache/uv-$(UV_VERSION)
	.cache/uv-$(UV_VERSION)/bin/pip install --quiet uv==$(UV_VERSION)
