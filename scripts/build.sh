#!/usr/bin/env bash
# build.sh PRESET [TARGET…]: sets up, configures and builds; jobs = cores, but 1.6 GB of memory each.
set -euo pipefail
cd "$(dirname "$0")/.."
preset=$1
shift
if [ "$preset" = no-torch ]; then scripts/setup.sh --without-torch; else scripts/setup.sh; fi
memory_gb=$(awk '/MemAvailable/ {print int($2 / 1600000)}' /proc/meminfo)
jobs=$(nproc)
[ "$memory_gb" -ge 1 ] && [ "$memory_gb" -lt "$jobs" ] && jobs=$memory_gb
if [ ! -f "build/$preset/build.ninja" ] || [ ! -f "build/$preset/CMakeCache.txt" ]; then cmake --preset "$preset" >&2; fi
cmake --build --preset "$preset" -j "$jobs" ${@:+--target "$@"} >&2
