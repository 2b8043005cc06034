#!/usr/bin/env bash
# test.sh [PRESET]: installs what is missing, builds everything and runs all tests.
set -euo pipefail
cd "$(dirname "$0")/.."
preset=${1:-release}
scripts/build.sh "$preset"
exec ctest --test-dir "build/$preset" --output-on-failure -j "$(nproc)"
