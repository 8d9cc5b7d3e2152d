#!/bin/sh
# Format, vet for both targets, types, generated files, the module file.
set -eu
unformatted=$(gofmt -l $(git ls-files '*.go'))
[ -z "$unformatted" ] || { echo "not formatted:"; echo "$unformatted"; exit 1; }
go vet ./...
GOOS=js GOARCH=wasm go vet ./value ./codec ./fault ./version ./schema ./query/... ./mutation ./changelog ./wire
go mod tidy -diff
go run ./internal/gen -check
cmp wasm_exec.js "$(go env GOROOT)/lib/wasm/wasm_exec.js"
npx tsc --noEmit
echo "check: ok"
