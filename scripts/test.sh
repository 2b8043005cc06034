#!/usr/bin/env bash
# test.sh [PRESET]: installs what is missing, builds everything and runs all tests.
set -euo pipefail
cd "$(dirname "$0")/.."
preset=${1:-release}
scripts/build.sh "$preset"
export OMP_NUM_THREADS=1 # the tests share the cores: one thread each
exec ctest --test-dir "build/$preset" --output-on-failure -j "$(nproc)"
