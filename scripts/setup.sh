#!/usr/bin/env bash
# Installs what building Banyan needs and is missing; does nothing (in well under a second) when all is there.
#   Debian packages   with apt-get as root or by sudo; otherwise says exactly what to install
#   LibTorch          a build named by Torch_DIR or CMAKE_PREFIX_PATH, else the pip wheel in .deps/ (headers and libraries only)
#   oneDNN            a build named by dnnl_DIR, else the pip wheels in .deps/
# Package index, mirrors and proxies are those of your own pip and apt settings.
set -euo pipefail
cd "$(dirname "$0")/.."

torch_version=2.13.0
onednn_version=2023.2.0 # of oneAPI: oneDNN 3.2
venv=.deps/venv
packages=(cmake ninja-build g++ pkg-config ccache libopencv-core-dev libopencv-imgproc-dev nlohmann-json3-dev
  libboost-program-options-dev libspdlog-dev libpugixml-dev libxxhash-dev libjpeg62-turbo-dev libpng-dev
  libsqlite3-dev libgtest-dev libgmock-dev clang-format-14)

say() { printf 'setup: %s\n' "$*" >&2; }
fail() { say "$*"; exit 2; }

# Commands of another origin than Debian's packages count as well.
is_missing() {
  case $1 in
    cmake) command -v cmake >/dev/null && return 1 ;;
    ninja-build) command -v ninja >/dev/null && return 1 ;;
    g++) command -v g++ >/dev/null && return 1 ;;
    pkg-config) command -v pkg-config >/dev/null && return 1 ;;
    ccache) command -v ccache >/dev/null && return 1 ;;
  esac
  [ "$(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null)" != installed ]
}

named_torch() {
  [ -n "${Torch_DIR:-}" ] && [ -f "$Torch_DIR/TorchConfig.cmake" ] && return 0
  local IFS=: prefix
  for prefix in ${CMAKE_PREFIX_PATH:-}; do
    [ -f "$prefix/share/cmake/Torch/TorchConfig.cmake" ] && return 0
  done
  return 1
}

install_packages() {
  command -v dpkg-query >/dev/null || { say "no Debian packages here; building needs the equivalents of: ${packages[*]}"; return; }
  local missing=() package
  named_torch || python3 -c 'import ensurepip, venv' 2>/dev/null || packages+=(python3-venv)
  for package in "${packages[@]}"; do
    if is_missing "$package"; then missing+=("$package"); fi
  done
  [ ${#missing[@]} -eq 0 ] && return
  local apt=(env DEBIAN_FRONTEND=noninteractive apt-get)
  if [ "$(id -u)" -ne 0 ]; then
    command -v sudo >/dev/null ||
      fail "these packages are missing; install them as root and start again: apt-get install ${missing[*]}"
    apt=(sudo "${apt[@]}")
  fi
  say "installing ${missing[*]}"
  "${apt[@]}" update -qq
  "${apt[@]}" install -y -qq --no-install-recommends "${missing[@]}" >&2 ||
    fail "apt-get failed; install these packages by hand and start again: ${missing[*]}"
}

# Prints where the wheel lies; nothing when there is none.
wheel_folder() {
  local folder
  for folder in "$venv"/lib/python3*/site-packages/torch; do
    if [ -d "$folder" ]; then echo "$folder"; fi
  done
}

install_torch() {
  if named_torch; then
    say "using the LibTorch named by Torch_DIR or CMAKE_PREFIX_PATH"
    return
  fi
  local folder
  folder=$(wheel_folder)
  if [ -z "$folder" ] || ! grep -q "__version__ = '$torch_version" "$folder/version.py"; then
    say "installing torch $torch_version into $venv (headers and libraries only)"
    [ -x "$venv/bin/pip" ] || python3 -m venv "$venv"
    "$venv/bin/pip" install --quiet --disable-pip-version-check --no-deps "torch==$torch_version" >&2 ||
      fail "pip could not install torch $torch_version; check pip's index and proxy settings, or set Torch_DIR to a LibTorch >= 2.11"
    folder=$(wheel_folder)
  fi
  if ! grep -Eq "^cuda.*= None" "$folder/version.py" && ! command -v nvcc >/dev/null; then
    fail "the torch wheel in $venv is built for CUDA and there is no CUDA toolkit (nvcc) here. Remedy: remove $venv, point pip at the" \
      "CPU wheels of PyTorch (pip config set global.index-url, see PyTorch's \"get started\" page, compute platform CPU)" \
      "and start again; or install the CUDA toolkit; or set Torch_DIR to a CPU LibTorch >= 2.11."
  fi
}

# Headers, library and CMake config.
install_onednn() {
  [ -n "${dnnl_DIR:-}" ] && return
  if [ -f "$venv/lib/cmake/dnnl/dnnl-config.cmake" ] && ls "$venv"/lib/python3*/site-packages | grep -q "^onednn_cpu_gomp-$onednn_version"; then
    return
  fi
  say "installing oneDNN (release $onednn_version) into $venv"
  [ -x "$venv/bin/pip" ] || python3 -m venv "$venv"
  "$venv/bin/pip" install --quiet --disable-pip-version-check --no-deps "onednn-cpu-gomp==$onednn_version" \
    "onednn-devel-cpu-gomp==$onednn_version" >&2 ||
    fail "pip could not install oneDNN; check pip's index and proxy settings, or set dnnl_DIR to a oneDNN >= 3.2 built for OpenMP"
}

install_packages
[ "${1:-}" = --without-torch ] || install_torch
install_onednn
