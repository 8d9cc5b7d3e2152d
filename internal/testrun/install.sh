#!/bin/sh
# Installs what the tests need and this machine lacks.
set -eu
need() { ! command -v "$1" >/dev/null 2>&1 && [ ! -x "$2" ]; }
missing=""
need chromium /usr/bin/chromium && missing="$missing chromium"
need firefox-esr /usr/bin/firefox-esr && missing="$missing firefox-esr"
ls /usr/lib/postgresql/*/bin/postgres >/dev/null 2>&1 || missing="$missing postgresql"
[ -n "$missing" ] || exit 0
if ! command -v apt-get >/dev/null 2>&1; then
  echo "install these packages, then run again:$missing" >&2
  exit 1
fi
apt-get update -qq
DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing
