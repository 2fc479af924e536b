# Everything runs from a fresh clone on Debian 12 or 13, as root or with sudo without a password.
# Tools come from requirements/*.txt into an environment below ~/.cache/cmsweb-crab; see CONTRIBUTING.md.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.ONESHELL:
.DEFAULT_GOAL := help
CHECKS := lint sanity units integration cloud molecule site newest
IN_DEV = bin=$$(tests/ci/venv dev)/bin; PATH=$$bin:$$PATH

.PHONY: help demo demo-down test $(CHECKS) pristine test-live bench ee docs docs-site dist release packages browser

help: ## show this list
	@awk -F ':.* ## ' '/^[a-z][a-z-]*:.* ## / { printf "make %-12s %s\n", $$1, $$2 }' Makefile

demo: ## see it work: deploy a CRAB REST on a host like CC7 on this machine; CLOUD=1: on a server that it makes in an OpenStack
	@CLOUD=$(CLOUD) exec tests/ci/demo

demo-down: ## remove the demo's hosts
	@tests/lab/lab down --network crab-demo
	exec tests/lab/cloud/cloud down --network crab-demo-cloud

test: packages browser ## run all the checks below and print one table; ends with "N passed, N failed"
	@$(IN_DEV) exec $$bin/python tests/ci/check

lint: ## check style, documentation, links, changelog and the archive for Galaxy (needs only Python)
sanity: ## run ansible-test sanity on every Python that is here (needs only Python)
units: packages ## run unit and property tests on every Python that is here, and with the clock moved
integration: packages browser ## test the laboratory, and the playbooks on its hosts
cloud: packages ## test the role vm on a real OpenStack
molecule: packages ## run the scenario of each role
site: packages ## run site.yml on a fresh host: check mode, deploy, a second run without a change
newest: packages ## run lint, sanity, units, and site.yml on EL9 with the newest ansible-core (needs Python 3.12 or newer)
$(CHECKS):
	@$(IN_DEV) exec $$bin/python tests/ci/check $@

pristine: packages ## run the demo, the cloud's demo and the units on a bare Debian 12 and on a bare 13; DEBIAN=13: on one
	@exec tests/ci/pristine $(DEBIAN)

test-live: ## test the schema engine on a real database: CRAB_TEST_DSN, CRAB_TEST_USER, CRAB_TEST_PASSWORD of an empty account
	@$(IN_DEV) exec $$bin/python tests/ci/units.py live

ee: packages ## build the image that AWX runs jobs in, on a base that needs no container registry; five minutes
	@$(IN_DEV) exec $$bin/python tests/ci/ee

bench: packages ## measure every budget, on 1 and on 20 hosts, and print one table; RUNS=5 HOSTS=20 MITOGEN=1 DEMO=1
	@$(IN_DEV) RUNS=$(RUNS) HOSTS=$(HOSTS) MITOGEN=$(MITOGEN) DEMO=$(DEMO) exec $$bin/python tests/bench/bench.py

docs: ## write roles/*/README.md, the table in docs/architecture.md and docs/dependencies.md again from the sources
	@$(IN_DEV)
	python tests/ci/docs.py
	exec python tests/ci/dependencies.py

docs-site: ## write the pages of all modules and roles as HTML to .cache/docs-site
	@$(IN_DEV) exec $$bin/python tests/ci/docs_site.py

dist: ## build the collection, the same bytes from the same commit, and have Galaxy's importer check it
	@$(IN_DEV) exec $$bin/python tests/ci/dist.py

release: ## fold changelogs/fragments into the changelog: VERSION=1.2.3, and DATE=2026-01-31 if it is not that of the last commit
	@$(IN_DEV) exec tests/ci/release "$(VERSION)" $(DATE)

packages:
	@exec tests/lab/lab packages

browser: packages
	@exec tests/lab/lab packages tests/integration/packages.txt
