# "make audit" checks this machine, "make test" runs every test. Nothing is needed but git, make and Python 3.10 or newer.

SHELL = /bin/sh
INVENTORY ?=
LIMIT ?=
ARGS ?=
export INVENTORY LIMIT ARGS

PYTEST = .venv/bin/python -m pytest

.PHONY: help audit test lint unit fleet bench evaluate-web lock clean

help:  ## print these lines
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "make %-7s %s\n", $$1, $$2}' Makefile

audit:  ## daily check of this machine; of a fleet: make audit INVENTORY=hosts.yml LIMIT=web1 ARGS='-b'
	@scripts/venv.sh run
	@scripts/audit.sh

test:  ## everything: lint, types, sanity, unit, one-trip, live, browser, install and fleet tests
	@scripts/packages.sh test
	@scripts/venv.sh test
	@scripts/test.sh $(ARGS)

lint:  ## ruff, mypy, ansible-lint and ansible-test sanity only
	@scripts/venv.sh test
	@scripts/test.sh -n 0 tests/sanity $(ARGS)

unit:  ## the quick tests only
	@scripts/venv.sh test
	@$(PYTEST) -q tests/unit $(ARGS)

fleet:  ## the booted machines only (root)
	@scripts/packages.sh test
	@scripts/venv.sh test
	@scripts/test.sh -n 0 tests/fleet $(ARGS)

bench:  ## measure, and write docs/benchmarks.md
	@scripts/packages.sh bench
	@scripts/venv.sh test
	@.venv/bin/python scripts/bench.py $(ARGS)

evaluate-web:  ## precision and recall of web_probes, into docs/web_probes.md
	@scripts/venv.sh test
	@.venv/bin/python tests/evaluate/evaluate_web.py $(ARGS)

lock:  ## write requirements/*.txt from requirements/*.in
	@scripts/venv.sh run
	@scripts/lock.sh

clean:  ## remove what make and the tools made in this folder; the cache outside of it stays
	rm -rf .venv .cache .ansible .mypy_cache .ruff_cache .pytest_cache .hypothesis collections tests/output
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
