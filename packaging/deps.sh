#!/bin/sh
# Names the system packages that are missing here, then installs them with apt-get.
#
# usage: packaging/deps.sh [build|all|valgrind]
#   build     what compiles the gateway
#   all       that, and what the tests and benches start (the default)
#   valgrind  what compiles the gateway, and what make valgrind runs the tests under
# SHOAL_NO_INSTALL=1 only names them. Without root or sudo it does the same.
set -eu

missing=
needed=
need() { # package, command that proves it is there, what for
  command -v "$2" >/dev/null 2>&1 && return 0
  missing="$missing $1"
  printf '  %-14s %s\n' "$1" "$3"
}

report=$(mktemp)
trap 'rm -f "$report"' EXIT
{
  need cmake cmake 'build: zlib-ng, the compression of the proxy'
  need g++ g++ 'build: Luau, the plugin language'
  need make make 'build: the recipes, and what cmake calls'
  [ "${1:-all}" != valgrind ] || need valgrind valgrind 'soak: errors and leaks of memory'
  needed=$missing
  if [ "${1:-all}" = all ]; then
    need curl curl 'tests: requests by hand, the bench scripts'
    need nodejs node 'tests: the HTTP cache test suite'
    need npm npm 'tests: fetches that suite'
    need redis-server redis-server 'tests: a remote store'
    need wrk wrk 'benches: load'
    python3 -c 'import ensurepip' 2>/dev/null ||
      need python3-venv no-such-command 'tests: clients in another language'
  fi
} >"$report"

if [ -z "$missing" ]; then
  echo "deps: everything is here"
  exit 0
fi
echo "deps: missing on this machine:"
cat "$report"

# A missing compiler ends here, with its name, and not deep inside cargo's output.
skip() {
  echo "deps: SKIPPED, NOT INSTALLED:$missing"
  echo "deps: $1"
  echo "deps: by hand: apt-get install -y --no-install-recommends$missing"
  [ -z "$needed" ] || exit 1
  exit 0
}

[ "${SHOAL_NO_INSTALL:-0}" != 1 ] || skip "SHOAL_NO_INSTALL=1 is set"
command -v apt-get >/dev/null || skip "this system has no apt-get"
if [ "$(id -u)" = 0 ]; then
  as_root=
elif command -v sudo >/dev/null && sudo -n true 2>/dev/null; then
  as_root='sudo -n'
else
  skip "neither root nor password-less sudo"
fi

echo "deps: installing:$missing"
export DEBIAN_FRONTEND=noninteractive
# shellcheck disable=SC2086 # both are word lists on purpose
$as_root apt-get update -qq && $as_root apt-get install -y -qq --no-install-recommends $missing ||
  skip "apt-get failed"
