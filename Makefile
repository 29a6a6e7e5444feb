# make run   the dashboard, from nothing: environment, database, sample bars, worker, server
# make test  everything that must hold: lint, format, tests, browser tests
# make bench  all benchmarks, into docs/benchmarks.md; make bench ONLY=bench_peers for one of them
# make test-ib-async  the gateway's tests with the second client library, in an environment of its own
# Nothing here needs Docker, a broker or a server that runs already.

VENV := .venv
PYTHON := $(VENV)/bin/python
BROWSER_HINT := Browser tests need Chromium: install the packages chromium and chromium-driver.

# The two client libraries both bring a package eventkit, so they never share an environment.
IB_ASYNC := ib_async==2.1.0
IB_ASYNC_VENV := .venv-ib-async
IB_TESTS := $(wildcard tests/test_gateway*.py tests/test_ibkr*.py)

# The engines that ours is timed against bring much that the program does not need.
BENCH_VENV := .venv-bench

.PHONY: run test bench test-ib-async lint migrate
.DELETE_ON_ERROR:

run: $(VENV)/runtime.stamp
	@$(PYTHON) -m scripts.prepare
	@exec $(PYTHON) -m dashboard --worker

test: $(VENV)/tests.stamp
	@$(MAKE) --no-print-directory browser
	@$(PYTHON) -m ruff check .
	@$(PYTHON) -m ruff format --check .
	@$(PYTHON) -m pytest -n 2 --dist worksteal

bench: $(BENCH_VENV)/bench.stamp
	@$(MAKE) --no-print-directory browser
	@$(BENCH_VENV)/bin/python -m benchmarks $(ONLY)

test-ib-async: $(IB_ASYNC_VENV)/tests.stamp
	@IB_LIBRARY=ib_async $(IB_ASYNC_VENV)/bin/python -m pytest $(IB_TESTS)

lint: $(VENV)/tests.stamp
	@$(PYTHON) -m ruff check .
	@$(PYTHON) -m ruff format --check .

migrate: $(VENV)/runtime.stamp
	@$(PYTHON) -m scripts.migrate

# The first Python of 3.11 to 3.13 that can really make an environment.
$(PYTHON):
	@for python in python3.13 python3.12 python3.11 python3; do \
	  "$$python" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' 2>/dev/null || continue; \
	  rm -rf $(VENV); \
	  if "$$python" -m venv $(VENV) >/dev/null 2>&1; then \
	    echo "Environment: $$("$$python" --version) in $(VENV)"; exit 0; \
	  fi; \
	done; \
	rm -rf $(VENV); \
	echo "No usable Python 3.11, 3.12 or 3.13 with the module venv: install one, as in python3 and python3-venv." >&2; \
	exit 1

$(VENV)/runtime.stamp: requirements.txt | $(PYTHON)
	@echo "Installing what the program needs (a minute or two, the first time)."
	@$(PYTHON) -m pip install --quiet --disable-pip-version-check -r requirements.txt
	@touch $@

$(VENV)/tests.stamp: requirements-dev.txt $(VENV)/runtime.stamp
	@echo "Installing what the tests need."
	@$(PYTHON) -m pip install --quiet --disable-pip-version-check -r requirements-dev.txt
	@touch $@

$(IB_ASYNC_VENV)/tests.stamp: requirements.txt requirements-dev.txt | $(PYTHON)
	@echo "Installing the second client library and what its tests need."
	@$(PYTHON) -m venv --clear $(IB_ASYNC_VENV)
	@{ grep -v '^ib_insync' requirements.txt; echo '$(IB_ASYNC)'; grep '^pytest==' requirements-dev.txt; } > $(IB_ASYNC_VENV)/requirements.txt
	@$(IB_ASYNC_VENV)/bin/python -m pip install --quiet --disable-pip-version-check -r $(IB_ASYNC_VENV)/requirements.txt
	@touch $@

$(BENCH_VENV)/bench.stamp: requirements.txt requirements-dev.txt requirements-bench.txt | $(PYTHON)
	@echo "Installing the engines that ours is timed against."
	@$(PYTHON) -m venv --clear $(BENCH_VENV)
	@$(BENCH_VENV)/bin/python -m pip install --quiet --disable-pip-version-check -r requirements-bench.txt
	@touch $@

.PHONY: browser
browser:
	@if command -v chromium >/dev/null && command -v chromedriver >/dev/null; then exit 0; fi; \
	if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
	  echo "Installing Chromium for the browser tests."; \
	  { apt-get update && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends chromium chromium-driver; } >/dev/null 2>&1 && exit 0; \
	fi; \
	echo "$(BROWSER_HINT) They are skipped now."
