#!/usr/bin/env bash
# demo.sh [options of `banyan demo`]: installs what is missing, builds, and runs the demo into demo/.
set -euo pipefail
cd "$(dirname "$0")/.."
scripts/build.sh release banyan
exec build/release/bin/banyan demo --out demo "$@"
