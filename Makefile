# Every command of the house. `make` alone lists them.
SEEDS ?= 50
SEED ?= 1
TIME ?= 30s

.PHONY: help
help: ## list the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /\1\t/' | expand -t 16

.PHONY: tools
tools: node_modules/.installed ## install what tests need: npm packages, Chromium, Postgres (Debian)
	sh internal/testrun/install.sh

node_modules/.installed: package-lock.json
	npm ci --no-audit --no-fund
	touch $@

.PHONY: test
test: tools ## run every suite
	go run ./internal/testrun $(SUITES)

.PHONY: check
check: node_modules/.installed ## format, vet, types, generated files, module file
	sh internal/testrun/check.sh

.PHONY: sim
sim: ## simulate SEEDS systems from SEED on; SEED alone (SEEDS=) replays one with its trace
	go run ./internal/sim/cmd -seed $(SEED) $(if $(SEEDS),-seeds $(SEEDS))

.PHONY: fuzz
fuzz: ## run every fuzz target for TIME
	sh internal/testrun/fuzz.sh $(TIME)
