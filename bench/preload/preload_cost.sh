#!/usr/bin/env bash
# CPU nanoseconds of memory calls, without and with libsamepage-preload.so, on memory between two advised ranges.
# bench/preload/preload_cost.sh [DIRECTORY OF THE LIBRARIES]
set -euo pipefail

here=$(cd -- "$(dirname -- "$(readlink -f -- "$0")")" && pwd)
libraries=${1:-$here/../../artifacts/samepage}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
gcc -O2 -o "$work/cost" "$here/preload_cost.c"
"$work/cost" >"$work/plain"
SAMEPAGE_DOMAIN=bench-preload-$$ SAMEPAGE_KEEPER=$libraries/samepage LD_PRELOAD=$libraries/libsamepage-preload.so \
    "$work/cost" >"$work/preloaded"
sed -n 's/^model name[^:]*: *//p;T;q' /proc/cpuinfo
paste -d' ' "$work/plain" "$work/preloaded" |
    awk '{printf "%-9s %7.1f ns plain, %7.1f ns preloaded: %+.1f ns\n", $1, $2, $4, $4 - $2}'
