#!/bin/sh
# Make .venv and install Chromasonic into it, pinned by constraints.txt. `make` calls this when
# pyproject.toml or constraints.txt is newer than the last complete installation.
#
# Environment:
#   PYTHON       the Python to use; empty: the first suitable one of python3.11 ... python3
#   TORCH_INDEX  address of an additional wheel index, for torch without CUDA; may be empty
set -eu

VENV=.venv
STAMP=$VENV/installed     # newer than its sources: the environment is complete
UNFINISHED=$VENV/unfinished  # there while an installation runs, and after it was interrupted

say() { printf '%s\n' "$*" >&2; }
fail() { say "Error: $*"; exit 1; }

is_suitable_version() {
  "$1" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' 2>/dev/null
}

can_make_venv() {
  "$1" -c 'import ensurepip, venv' 2>/dev/null
}

# Prints the Python to use, or fails with what to install.
find_python() {
  if [ -n "${PYTHON:-}" ]; then
    command -v "$PYTHON" >/dev/null 2>&1 || fail "PYTHON=$PYTHON is no command here."
    is_suitable_version "$PYTHON" ||
      fail "PYTHON=$PYTHON is $("$PYTHON" --version 2>&1); Chromasonic needs Python 3.11 to 3.13."
    can_make_venv "$PYTHON" || fail "$(venv_advice "$PYTHON")"
    printf '%s' "$PYTHON"
    return
  fi
  without_venv=
  # 3.11 first: constraints.txt is tried with it most.
  for candidate in python3.11 python3.12 python3.13 python3 python; do
    command -v "$candidate" >/dev/null 2>&1 && is_suitable_version "$candidate" || continue
    if can_make_venv "$candidate"; then
      printf '%s' "$candidate"
      return
    fi
    without_venv=${without_venv:-$candidate}
  done
  [ -z "$without_venv" ] || fail "$(venv_advice "$without_venv")"
  fail "no Python 3.11, 3.12 or 3.13 was found. Install one, or name it: make PYTHON=/path/to/python3.12"
}

venv_advice() {
  version=$("$1" -c 'import sys; print("%d.%d" % sys.version_info[:2])')
  printf '%s' "$1 has no venv module, so no environment can be made. On Debian or Ubuntu: apt-get install python$version-venv"
}

# Several GB of CUDA libraries are of no use on a machine without a GPU.
warn_about_cuda() {
  [ -z "${TORCH_INDEX:-}" ] && [ "$(uname -s)" = Linux ] || return 0
  command -v nvidia-smi >/dev/null 2>&1 && return 0
  "$VENV/bin/python" -m pip show torch >/dev/null 2>&1 && return 0
  say "Note: no NVIDIA GPU was found. pip may fetch torch with CUDA (several GB) all the same;"
  say "      'make ... TORCH_INDEX=ADDRESS' takes the small CPU build (README: Installation)."
}

if [ -e "$UNFINISHED" ]; then
  say "An earlier installation was interrupted: starting $VENV afresh."
  rm -rf "$VENV"
elif [ -e "$VENV" ] && ! is_suitable_version "$VENV/bin/python"; then
  say "$VENV holds no working Python 3.11 to 3.13: starting it afresh."
  rm -rf "$VENV"
fi

if [ ! -e "$VENV" ]; then
  python=$(find_python)
  say "Making $VENV with $("$python" --version 2>&1) ($python)."
  mkdir "$VENV"
  : > "$UNFINISHED"
  "$python" -m venv "$VENV"
fi

: > "$UNFINISHED"
warn_about_cuda
say "Installing Chromasonic and what it needs (the first time this takes some minutes)."
"$VENV/bin/python" -m pip install --disable-pip-version-check \
  ${TORCH_INDEX:+--extra-index-url "$TORCH_INDEX"} \
  --constraint constraints.txt --editable '.[dev]' ||
  fail "the installation did not finish; see pip's message above. 'make' tries again from the start."
rm "$UNFINISHED"
: > "$STAMP"
