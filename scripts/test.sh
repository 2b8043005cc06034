#!/usr/bin/env bash
# test.sh [PRESET]: installs what is missing, builds everything and runs all tests.
set -euo pipefail
cd "$(dirname "$0")/.."
preset=${1:-release}

# Python packages that check exported networks, in .deps/test-venv; the tests take them from there.
install_test_packages() {
  local packages=(numpy==2.4.6 onnx==1.23.2 onnxruntime==1.32.0) venv=.deps/test-venv
  [ "$(cat "$venv/installed" 2>/dev/null)" = "${packages[*]}" ] && return
  printf 'test: installing %s into %s\n' "${packages[*]}" "$venv" >&2
  [ -x "$venv/bin/pip" ] || python3 -m venv "$venv"
  "$venv/bin/pip" install --quiet --disable-pip-version-check "${packages[@]}" >&2 || {
    printf 'test: pip could not install them; check its index and proxy settings\n' >&2
    exit 2
  }
  printf '%s' "${packages[*]}" >"$venv/installed"
}

scripts/build.sh "$preset"
scripts/build.sh no-torch banyan # what runs networks must build without LibTorch
install_test_packages
export OMP_NUM_THREADS=1 # the tests share the cores: one thread each
exec ctest --test-dir "build/$preset" --output-on-failure -j "$(nproc)"
