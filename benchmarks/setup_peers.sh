#!/usr/bin/env bash
# setup_peers.sh: installs what compare_engines.py and end_to_end.py compare with into .deps/bench-venv; does nothing
# when all is there.
# Package index, mirrors and proxies are those of your own pip settings.
set -euo pipefail
cd "$(dirname "$0")/.."

packages=(numpy==2.4.6 onnx==1.23.2 onnxruntime==1.32.0 openvino==2026.4.1 opencv-python-headless==4.14.0.94)
venv=.deps/bench-venv

[ "$(cat "$venv/installed" 2>/dev/null)" = "${packages[*]}" ] && exit 0
printf 'setup_peers: installing %s into %s\n' "${packages[*]}" "$venv" >&2
[ -x "$venv/bin/python3" ] || python3 -m venv "$venv"
"$venv/bin/python3" -m pip install --quiet --disable-pip-version-check "${packages[@]}" >&2 || {
  printf 'setup_peers: pip could not install them; check its index and proxy settings\n' >&2
  exit 2
}
printf '%s' "${packages[*]}" >"$venv/installed"
