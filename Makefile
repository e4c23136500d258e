# The one door: `make` alone says what there is. Every target sets up on a fresh machine what it needs.

SHELL := bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
MAKEFLAGS += --no-print-directory

# The first Python that is new enough; name another with PYTHON=...
PYTHON ?= $(shell for p in python3.11 python3 python3.12 python3.13 python3.14 python; do \
	"$$p" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo "$$p" && break; done)
VENV := .venv
BIN := $(VENV)/bin
JUDGES := $(basename $(notdir $(wildcard requirements/judges/*.in)))

# How many processes run tests; SEED=... repeats a run; ARGS=... goes to pytest as it is.
JOBS ?= 2
PYTEST := $(BIN)/python -m pytest -n $(JOBS) $(if $(SEED),--hypothesis-seed=$(SEED)) $(ARGS)

# What is found without running anything. The tests run all the same, and theirs is the last word.
STATIC := failed=0; \
	for tool in "ruff check ." "ruff format --check ." mypy lint-imports; do \
		echo "== $$tool"; $(BIN)/$$tool || { failed=1; echo "FAILED: $$tool"; }; done

# The viewer: the same for its half of the house, and what is committed must be what it builds to.
WEB := if ! command -v npm >/dev/null; then echo "NOT RUN: the viewer's own tests and its build: there is no npm"; \
	else $(MAKE) web/node_modules/.ready; cd web; \
		for tool in "tsc --noEmit" "eslint ." "vitest run --silent" \
			"vite build --logLevel warn --outDir ../build/viewer"; do \
			echo "== $$tool"; npx --no-install $$tool || { failed=1; echo "FAILED: $$tool"; }; done; cd ..; \
		diff -rq build/viewer src/zarrscope/viewer/static \
			|| { failed=1; echo "FAILED: the committed viewer is not what web/ builds to; run make web"; }; \
	fi

COMPILE := $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --fork-strategy fewest \
	--generate-hashes --no-emit-index-url --no-annotate --custom-compile-command 'make lock' \
	$(if $(UPGRADE),--upgrade)

.PHONY: help demo check test proof bench docs web browser judges lock clean

help: ## say what there is
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## /  make \1\t/' | expand -t 17

demo: $(VENV)/.package ## make a small image in ./demo, convert it, check it
	$(BIN)/zarrscope demo

check: $(VENV)/.dev ## style, types, order of the rooms, and the quick tests (under 3 minutes)
	@$(STATIC); $(WEB); $(PYTEST) tests/unit tests/surface || failed=1; exit $$failed

test: $(VENV)/.dev judges browser ## everything, with a reduced number of random examples
	@$(STATIC); $(WEB); $(PYTEST) || failed=1; exit $$failed

proof: $(VENV)/.dev judges browser ## everything, with the full number of random examples
	@$(STATIC); $(WEB); ZARRSCOPE_PROOF=1 $(PYTEST) || failed=1; exit $$failed

bench: $(VENV)/.dev ## say which benchmarks there are; RUN=name or RUN=all runs them
	@if [ -z "$$(ls bench/*.py 2>/dev/null)" ]; then echo "there are no benchmarks yet"; exit 0; fi; \
	for file in bench/*.py; do name=$$(basename "$$file" .py); \
		if [ "$(RUN)" = all ] || [ "$(RUN)" = "$$name" ]; then echo "== $$name"; $(BIN)/python "$$file"; \
		elif [ -z "$(RUN)" ]; then printf '%-16s %s\n' "$$name" "$$(sed -nE '1s/^"""(.*)$$/\1/p' "$$file")"; fi; \
	done

docs: .envs/docs/.ready ## build the site in build/site; warnings are errors
	.envs/docs/bin/mkdocs build --strict --quiet
	@echo "the site is in build/site"

web: web/node_modules/.ready ## build the viewer into the package (needs Node 20; the built one is committed)
	cd web && npx --no-install vite build

browser: ## Chromium from Debian's packages, for the tests that look at the viewer
	@for name in chromium chromium-browser google-chrome; do command -v $$name >/dev/null && exit 0; done; \
	if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
		{ apt-get update && apt-get install -y chromium; } >/dev/null 2>&1 && exit 0; fi; \
	echo "NOT RUN: browser tests. Chromium cannot be installed by itself here: sudo apt-get install chromium"

judges: ## environments of their own for libraries that judge what we write
	@ready=; missing=; for name in $(JUDGES); do \
		if $(MAKE) --silent ".envs/$$name/.ready" 2>/dev/null; then ready="$$ready $$name"; \
		else missing="$$missing $$name"; echo "judge $$name could not be installed, see .envs/$$name.log"; fi; \
	done; echo "judges ready:$${ready:- none}"; echo "judges not run:$${missing:- none}"

lock: $(VENV)/.dev ## compile requirements/*.txt again; UPGRADE=1 takes newer versions
	$(COMPILE) requirements/build.in -o requirements/build.txt
	$(COMPILE) pyproject.toml -o requirements/base.txt
	$(COMPILE) pyproject.toml --extra all --extra dev -c requirements/base.txt -o requirements/dev.txt
	$(COMPILE) requirements/docs.in -o requirements/docs.txt
	for name in $(JUDGES); do \
		$(COMPILE) "requirements/judges/$$name.in" -o "requirements/judges/$$name.txt" \
		|| echo "judge $$name cannot be resolved; its lock is as it was"; done

clean: ## remove environments, caches, the demo and what was built
	rm -rf .venv .envs .cache .hypothesis .mypy_cache .pytest_cache .ruff_cache .import_linter_cache
	rm -rf build dist demo web/node_modules
	find src tests -name __pycache__ -type d -prune -exec rm -rf {} +

# Environments. A stamp is made last and is older than a lock that changed. Debian may lack ensurepip:
# then the pip of the system serves the new environment.
define venv
	@test -n "$(PYTHON)" || { echo "Python 3.11 or newer is needed; name it with PYTHON=..." >&2; exit 1; }
	@test -x $(1)/bin/python || { rm -rf $(1); $(PYTHON) -m venv $(1) >/dev/null 2>&1; } \
	|| { $(PYTHON) -m venv --clear --without-pip $(1) && $(PYTHON) -m pip --python $(1)/bin/python install -q pip; }
endef
PIP := -m pip --disable-pip-version-check install -qq

$(VENV)/.base: requirements/base.txt requirements/build.txt
	$(call venv,$(VENV))
	$(BIN)/python $(PIP) --require-hashes -r requirements/base.txt -r requirements/build.txt
	@touch $@

$(VENV)/.package: $(VENV)/.base pyproject.toml
	$(BIN)/python $(PIP) --no-deps --no-build-isolation --editable .
	@touch $@

$(VENV)/.dev: requirements/dev.txt $(VENV)/.package
	$(BIN)/python $(PIP) --require-hashes -r requirements/dev.txt
	@touch $@

.envs/%/.ready: requirements/judges/%.txt
	@mkdir -p .envs && rm -rf .envs/$* && echo "preparing judge $*"
	$(call venv,.envs/$*) > .envs/$*.log 2>&1
	@.envs/$*/bin/python $(PIP) --require-hashes -r $< >> .envs/$*.log 2>&1
	@touch $@

web/node_modules/.ready: web/package-lock.json web/.npmrc
	cd web && npm ci --no-audit --no-fund --loglevel=error
	@touch $@

.envs/docs/.ready: requirements/docs.txt
	$(call venv,.envs/docs)
	.envs/docs/bin/python $(PIP) --require-hashes -r $<
	@touch $@
