# Everything runs from a fresh clone on Debian 12 with Python 3.10 to 3.12, as root or with sudo without a password.
# Tools come from requirements/*.txt into an environment below ~/.cache/cmsweb-crab; see CONTRIBUTING.md.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.ONESHELL:
.DEFAULT_GOAL := help
CHECKS := lint sanity units integration cloud molecule site

.PHONY: help demo demo-down test $(CHECKS) test-live bench ee docs docs-site dist release packages browser

help: ## this list
	@sed -nE 's/^([a-z -]+):.* ## (.*)/\1|\2/p' Makefile | while IFS='|' read -r target text; do printf '%-36s %s\n' "make $$target" "$$text"; done

demo: ## a host like CC7 on this machine, and the whole of site.yml on it; CLOUD=1: from an empty OpenStack on
	@CLOUD=$(CLOUD) exec tests/ci/demo

demo-down: ## away with the demo's host
	@tests/lab/lab down --network crab-demo
	exec tests/lab/cloud/cloud down --network crab-demo-cloud

test: packages browser ## all the checks below, and a count
	@bin=$$(tests/ci/venv dev)/bin
	PATH=$$bin:$$PATH exec $$bin/python tests/ci/check

lint sanity: ## one of them (nothing but Python needed)
	@bin=$$(tests/ci/venv dev)/bin
	PATH=$$bin:$$PATH exec $$bin/python tests/ci/check $@

units integration cloud molecule site: packages ## one of them (on hosts of the laboratory)
	@bin=$$(tests/ci/venv dev)/bin
	PATH=$$bin:$$PATH exec $$bin/python tests/ci/check $@

test-live: ## the schema engine on a real database: CRAB_TEST_DSN, CRAB_TEST_USER, CRAB_TEST_PASSWORD of an empty account
	@bin=$$(tests/ci/venv dev)/bin
	PATH=$$bin:$$PATH exec $$bin/python tests/ci/units.py live

ee: packages ## build the image that AWX runs jobs in, on a base that needs no container registry; five minutes
	@bin=$$(tests/ci/venv dev)/bin
	PATH=$$bin:$$PATH exec $$bin/python tests/ci/ee

bench: packages ## every budget in one table, 20 hosts among it; RUNS=5 HOSTS=20 MITOGEN=1 DEMO=1
	@bin=$$(tests/ci/venv dev)/bin
	PATH=$$bin:$$PATH RUNS=$(RUNS) HOSTS=$(HOSTS) MITOGEN=$(MITOGEN) DEMO=$(DEMO) exec $$bin/python tests/bench/bench.py

docs: ## write roles/*/README.md, the table in docs/architecture.md and docs/dependencies.md anew from the sources
	@bin=$$(tests/ci/venv dev)/bin
	$$bin/python tests/ci/docs.py
	exec $$bin/python tests/ci/dependencies.py

docs-site: ## the pages of all modules and roles as HTML in .cache/docs-site
	@bin=$$(tests/ci/venv dev)/bin
	PATH=$$bin:$$PATH exec $$bin/python tests/ci/docs_site.py

dist: ## build the collection, the same bytes from the same commit, and have Galaxy's importer look at it
	@bin=$$(tests/ci/venv dev)/bin
	PATH=$$bin:$$PATH exec $$bin/python tests/ci/dist.py

release: ## fold changelogs/fragments into the changelog: VERSION=1.2.3, and DATE=2026-01-31 if it is not that of the last commit
	@bin=$$(tests/ci/venv dev)/bin
	PATH=$$bin:$$PATH exec tests/ci/release "$(VERSION)" $(DATE)

integration: browser

packages:
	@exec tests/lab/lab packages

browser: packages
	@exec tests/lab/lab packages tests/integration/packages.txt
