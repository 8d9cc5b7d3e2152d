# Every command of the house. `make` alone lists them; ARCHITECTURE.md says
# which files they work on. CI runs the same ones as a person.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DELETE_ON_ERROR:
.DEFAULT_GOAL := help

# Tools that are no dependency of the module, pinned here and nowhere else.
GOFUMPT     := mvdan.cc/gofumpt@v0.12.0
STATICCHECK := honnef.co/go/tools/cmd/staticcheck@v0.8.2

# Go's data starts above the engine's heap: 136 MiB (wasm/engine/layout.mjs).
GO_DATA_AT := 142606336
WASM := GOOS=js GOARCH=wasm CGO_ENABLED=0
# Packages that have files for the browser: go vet ./... passes over them natively.
WASM_PACKAGES = $(shell $(WASM) go list -e -f '{{if .GoFiles}}{{.ImportPath}}{{end}}' \
	./fault/... ./value/... ./codec/... ./schema/... ./query/... ./version/... ./mutation/... ./changelog/... ./wire/... \
	./sqlite/... ./wasm/... ./internal/workertest/...)

SUITES ?=
SEEDS  ?= 2000
SEED   ?= 1
TIME   ?= 30s
ONLY   ?=

.PHONY: help
help: ## list the commands
	@grep --no-filename --extended-regexp '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed --regexp-extended 's/^([a-z-]+):.*## /  make \1\t/' | expand --tabs=22
	@echo
	@echo 'suites of make test (SUITES="go e2e" runs some):'
	@go run ./internal/testrun -list | sed 's/^/  /'

# --- what a machine needs

.PHONY: setup
setup: node_modules/.installed ## install what tests need: npm packages, Chromium, Postgres (Debian; it says how elsewhere)
	sh internal/testrun/install.sh

# --ignore-scripts: nothing here needs an install script, and they may download.
node_modules/.installed: package-lock.json
	npm ci --ignore-scripts --no-audit --no-fund
	touch $@

# --- what is shipped

.PHONY: core
core: build/program.json ## build the Go core for the browser and link it to the engine

GO_CORE := $(wildcard $(shell git ls-files 'fault/*.go' 'value/*.go' 'codec/*.go' 'schema/*.go' 'query/*.go' 'version/*.go' \
	'mutation/*.go' 'changelog/*.go' 'wire/*.go' 'sqlite/*.go' 'wasm/*.go' go.mod go.sum 2>/dev/null))
# Inlining makes code faster and larger: it stays on for the runtime and for the
# packages that touch every value.
CORE_GCFLAGS := all=-l $(addsuffix =,runtime/... internal/runtime/... internal/abi internal/bytealg rockpool.dev/value rockpool.dev/codec)

BUILD_CORE = $(WASM) go build -trimpath -overlay=build/overlay.json $(addprefix -gcflags=,$(CORE_GCFLAGS)) -ldflags='-s -w -D=$(GO_DATA_AT)'

# What the core takes in place of the standard library's fmt.
build/overlay.json: $(wildcard internal/slim/overlay/*.go internal/slim/fmt/*.go)
	mkdir -p build
	go run ./internal/slim/overlay > $@

# core.full.wasm has the tables that turn a trace's addresses into lines.
build/core.full.wasm: $(GO_CORE) build/overlay.json
	$(BUILD_CORE) -o $@ ./wasm

build/core.wasm: build/core.full.wasm $(wildcard internal/slim/*.go) internal/slim/cold.txt
	go run ./internal/slim $< $@ build/core.cold.wasm

# The functions of the core's second part: those that an ordinary visit does not
# run. New functions are in the first part until this is asked again.
.PHONY: cold
cold: build/core.full.wasm relay web ## find out anew which functions of the core are cold (internal/slim/cold.txt)
	go run ./internal/slim -count $< build/core.counted.wasm
	cd web/e2e && npx playwright test -c cold

# The core with failpoints (wasm/edge/failpoint_on_js.go), which only browser tests load.
.PHONY: core-failpoints
core-failpoints: build/core-failpoints.wasm
build/core-failpoints.wasm: $(GO_CORE) build/overlay.json
	$(BUILD_CORE) -tags failpoints -o $@ ./wasm

build/trampoline.wasm: build/core.wasm wasm/engine/link.mjs
	node wasm/engine/link.mjs build/core.wasm $@

# By this the Worker knows its own copy of the four. Whoever ships them depends
# on it, and so on all that the Worker loads.
PROGRAM = build/core.wasm wasm/engine/rockpool-engine.wasm build/trampoline.wasm build/core.cold.wasm
build/core.cold.wasm: build/core.wasm ;
build/program.json: $(PROGRAM) wasm/engine/stamp.mjs
	node wasm/engine/stamp.mjs $(PROGRAM) > $@

.PHONY: engine engine-check
engine: node_modules/.installed ## rebuild the committed SQLite engine with the pinned C compiler
	sh wasm/engine/build.sh

engine-check: node_modules/.installed ## compare the committed engine with a build of its sources, byte for byte
	sh wasm/engine/build.sh --check

.PHONY: web
web: node_modules/.installed core ## build the apps
	npm run build --workspaces --if-present

.PHONY: relay
relay: ## build the relay, bin/rockpool
	go build -o bin/rockpool ./server

.PHONY: sizes
sizes: core node_modules/.installed ## bytes of every shipped file against its budget
	go run ./internal/sizes

# --- what a person runs

# SOURCE=postgres puts the truth in a Postgres of the demo's own (internal/testpg,
# data in build/demo-postgres) instead of the relay's SQLite.
SOURCE ?= embedded
.PHONY: demo demo-embedded demo-postgres
demo: demo-$(SOURCE) ## build all and start the relay with Northwind and the apps; SOURCE=postgres starts a Postgres too

demo-embedded: setup build/apps/.built relay
	node web/shop/seed/northwind.mjs build/seed/northwind
	bin/rockpool dev --seed build/seed/northwind --web build/apps --store build/demo.db

demo-postgres: setup build/apps/.built relay
	node web/shop/seed/northwind.mjs build/seed/northwind
	go build -o bin/testpg ./internal/testpg/cmd
	bin/testpg -data build/demo-postgres -seed build/seed/northwind/seed.sql \
		bin/rockpool relay --config build/seed/northwind/rockpool.yaml --web build/apps --store build/demo-replica.db

# The shop, and the workbench beside it on one origin: they share its database.
# Built again only when something of theirs has changed.
APP_SOURCES = $(shell find bridge web/shop web/workbench \( -name node_modules -o -name dist \) -prune -o -type f -print)
build/apps/.built: $(APP_SOURCES) build/program.json package-lock.json node_modules/.installed
	npm run build --workspace @rockpool/shop --workspace @rockpool/workbench
	rm -rf build/apps
	mkdir -p build
	cp -r web/shop/dist build/apps
	cp -r web/workbench/dist build/apps/workbench
	node web/pack.mjs build/apps
	touch $@

.PHONY: test
test: setup core core-failpoints relay web ## run every suite; fails when one failed, did not run, ran nothing or skipped a test
	go run ./internal/testrun $(SUITES)

.PHONY: sim
sim: ## simulate SEEDS whole systems from SEED on; SEED=s alone replays that one with its trace; LEDGER=docs/sim.md adds a line there
ifeq ($(origin SEED)-$(origin SEEDS),command line-file)
	go run ./internal/sim/cmd -seed $(SEED)
else
	go run ./internal/sim/cmd -seed $(SEED) -seeds $(SEEDS) $(if $(LEDGER),-ledger $(LEDGER))
endif

# RUNS of SECONDS each from SEED on, appended to docs/causal.md (internal/causal).
RUNS    ?= 5
SECONDS ?= 60
CLIENTS ?= 5
RATE    ?= 20
.PHONY: causal
causal: ## play the causal and bank workloads on real processes and a real Postgres, under faults; RUNS, SECONDS, SEED, CLIENTS, RATE
	go run ./internal/causal/cmd -runs $(RUNS) -seconds $(SECONDS) -clients $(CLIENTS) -rate $(RATE) -ledger docs/causal.md \
		$(if $(filter command,$(origin SEED)),-seed $(SEED))

.PHONY: fuzz
fuzz: ## run every fuzz target for TIME
	go run ./internal/testrun/fuzz -time $(TIME)

.PHONY: bench
bench: setup core ## benchmarks with peers in one run (ONLY=name runs one, ONLY=smoke a quick look); writes bench/results
	node bench/run.mjs $(ONLY)

.PHONY: bench-sync
bench-sync: setup core ## benchmarks of sync: Postgres, relay and browser (ONLY=name runs one, ONLY=smoke a quick look); writes bench/results/sync
	node bench/sync/run.mjs $(ONLY)

# --- what CI asks before the tests

# The shop's types are those of the demo's tables.
SHOP_TYPES := generate --from build/seed/northwind --out web/shop/src/gen --ts
build/seed/northwind/schema.yaml: web/shop/seed/northwind.mjs web/shop/seed/schema.mjs node_modules/.installed
	node web/shop/seed/northwind.mjs build/seed/northwind

.PHONY: check check-format check-go check-wasm check-web check-generated
check: check-format check-go check-wasm check-generated check-web engine-check ## format, vet, lint, types, architecture, generated files, module file, engine

GO_FILES = $(shell git ls-files --cached --others --exclude-standard '*.go' | while read -r f; do [ -f "$$f" ] && echo "$$f"; done)
check-format:
	@bad=$$(go run $(GOFUMPT) -l $(GO_FILES)); [ -z "$$bad" ] || { echo "make format would change:"; echo "$$bad"; exit 1; }

check-go:
	go vet ./...
	go run $(STATICCHECK) ./...
	go test -count=1 ./internal/arch
	go mod tidy -diff

# The same again for the browser: natively, js-only files are passed over without
# a word. U1000 (unused) is not asked there: it does not know of //go:wasmexport.
check-wasm:
	$(WASM) go vet -unsafeptr=false $(WASM_PACKAGES)
	GOBIN=$(CURDIR)/build go install $(STATICCHECK)
	$(WASM) build/staticcheck -checks=inherit,-U1000 $(WASM_PACKAGES)

check-generated: build/seed/northwind/schema.yaml
	go run ./internal/gen -check
	go run ./server $(SHOP_TYPES) --check
	cmp wasm_exec.js "$$(go env GOROOT)/lib/wasm/wasm_exec.js"

check-web: node_modules/.installed build/program.json
	npx tsc --noEmit
	for project in web/shop web/workbench web/e2e web/e2e/guides bench; do npx tsc --noEmit --project $$project; done
	npx biome ci --error-on-warnings .

.PHONY: format generate
format: node_modules/.installed ## format Go and TypeScript
	go run $(GOFUMPT) -w $(GO_FILES)
	npx biome format --write .

generate: build/seed/northwind/schema.yaml ## write what the contracts imply: Go codecs, TypeScript twins, golden files; the shop's types
	go run ./internal/gen
	go run ./server $(SHOP_TYPES)
