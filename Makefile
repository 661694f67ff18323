# make run    start the server with the demo conference (ARGS="--config FILE" for your own)
# make test   everything that is checked before a change goes in
# make check  style and types alone
# make bench  the measured figures, one `name: value` a line
#
# The first run makes .venv from the lock files and fetches the livestream's player; later ones start at once.

.PHONY: run test check bench tools
.DEFAULT_GOAL := run

PYTHON := $(shell for python in python3.13 python3.12 python3.11 python3; do \
	if $$python -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1; \
	then echo $$python; break; fi; done)

# What the tests drive beside Python, as command:package.
TOOLS := node:nodejs npm:npm redis-server:redis-server nginx:nginx prometheus:prometheus promtool:prometheus \
	chromium:chromium

run: .venv/run.stamp web/static/vendor/.stamp
	@exec .venv/bin/tolmach run $(ARGS)

check: .venv/dev.stamp node_modules/.stamp
	.venv/bin/ruff check
	.venv/bin/ruff format --check
	.venv/bin/mypy
	npm run --silent check

test: tools check web/static/vendor/.stamp
	.venv/bin/python -m pytest
	npm test --silent

bench: .venv/dev.stamp web/static/vendor/.stamp
	@.venv/bin/python -m deploy.load.bench

tools:
	@PATH=$$PATH:/usr/sbin:/sbin; missing=; for tool in $(TOOLS); do \
		command -v $${tool%%:*} >/dev/null || missing="$$missing $${tool##*:}"; done; \
	if [ -n "$$missing" ]; then \
		echo "The tests need more. Install it with: sudo apt-get install$$missing" >&2; exit 1; fi

.venv/bin/python:
	@if [ -z "$(PYTHON)" ]; then \
		echo "Python 3.11 or later is missing. Install it with: sudo apt-get install python3 python3-venv" >&2; \
		exit 1; fi
	@if ! $(PYTHON) -c 'import ensurepip, venv' 2>/dev/null; then \
		echo "Python's venv module is missing. Install it with: sudo apt-get install python3-venv" >&2; \
		exit 1; fi
	$(PYTHON) -m venv .venv >&2

.venv/run.stamp: requirements.lock pyproject.toml | .venv/bin/python
	.venv/bin/pip install --quiet --requirement requirements.lock >&2
	.venv/bin/pip install --quiet --editable . --no-deps >&2
	@touch $@

.venv/dev.stamp: requirements-dev.lock .venv/run.stamp
	.venv/bin/pip install --quiet --requirement requirements.lock --requirement requirements-dev.lock >&2
	@touch $@

node_modules/.stamp: package.json package-lock.json
	@command -v npm >/dev/null || { \
		echo "npm is missing. Install it with: sudo apt-get install nodejs npm" >&2; exit 1; }
	npm ci --silent --no-audit --no-fund >&2
	@touch $@

# The livestream's player, packed too, under a name with its version, so that browsers keep it. Without npm the server
# runs all the same, and its pages listen by WebRTC.
web/static/vendor/.stamp: package.json package-lock.json
	@if command -v npm >/dev/null; then \
		test node_modules/.stamp -nt package-lock.json || npm ci --omit=dev --silent --no-audit --no-fund >&2; \
		mkdir -p web/static/vendor && rm -f web/static/vendor/hls-* && \
		version=$$(node -p 'require("./node_modules/hls.js/package.json").version') && \
		cp node_modules/hls.js/dist/hls.min.mjs web/static/vendor/hls-$$version.mjs && \
		gzip -9 --keep web/static/vendor/hls-$$version.mjs && touch $@; \
	else \
		echo "npm is missing, so there is no player for the livestream. Install it with: sudo apt-get install npm" >&2; \
	fi
