#!/bin/sh
# See that what the C++ side is built with is here: CMake, a compiler, the headers of nlohmann-json,
# doctest and Eigen. As root on a machine with apt-get, install what is missing (no question asked);
# otherwise say which packages to install, and fail.
set -eu

say() { printf '%s\n' "$*" >&2; }

has() { command -v "$1" >/dev/null 2>&1; }

# Prints what is missing, one word each: cmake, compiler, or a CMake package's name.
missing() {
  has cmake || echo cmake
  has "${CXX:-c++}" || has g++ || has clang++ || echo compiler
  has cmake || { echo nlohmann_json doctest Eigen3; return; }
  has "${CXX:-c++}" || has g++ || has clang++ || { echo nlohmann_json doctest Eigen3; return; }
  folder=$(mktemp -d)
  cat > "$folder/CMakeLists.txt" <<'END'
cmake_minimum_required(VERSION 3.16)
project(check LANGUAGES CXX)
if(CMAKE_VERSION VERSION_LESS 3.22)
  message(STATUS "missing cmake")
endif()
find_package(nlohmann_json 3.10 QUIET)
find_package(doctest QUIET)
find_package(Eigen3 QUIET)
foreach(name nlohmann_json doctest Eigen3)
  if(NOT ${name}_FOUND)
    message(STATUS "missing ${name}")
  endif()
endforeach()
END
  if cmake -S "$folder" -B "$folder/build" >"$folder/log" 2>&1; then
    sed -n 's/^-- missing //p' "$folder/log"
  else
    tail -n 20 "$folder/log" >&2
    echo compiler  # one that is there, but does not work
  fi
  rm -rf "$folder"
}

# Prints the Debian packages of such words.
debian() {
  for word in "$@"; do
    case $word in
      cmake) echo cmake ;;
      compiler) echo g++ ;;
      nlohmann_json) echo nlohmann-json3-dev ;;
      doctest) echo doctest-dev ;;
      Eigen3) echo libeigen3-dev ;;
    esac
  done
}

# The same for Homebrew; its compiler comes with Xcode.
brew() {
  for word in "$@"; do
    case $word in
      cmake) echo cmake ;;
      nlohmann_json) echo nlohmann-json ;;
      doctest) echo doctest ;;
      Eigen3) echo eigen ;;
    esac
  done
}

# shellcheck disable=SC2046  # words, on purpose
set -- $(missing)
[ $# -gt 0 ] || exit 0

if [ "$(uname -s)" != Darwin ] && has apt-get && [ "$(id -u)" = 0 ]; then
  say "Installing what the C++ side is built with: $(echo $(debian "$@"))"
  apt-get update -qq >&2
  # shellcheck disable=SC2046
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $(debian "$@") >&2
  # shellcheck disable=SC2046
  set -- $(missing)
  [ $# -gt 0 ] || exit 0
  say "Error: these are still missing or too old: $*"
  exit 1
fi

say "Error: the C++ side (cpp/) cannot be built here; missing or too old: $*"
if [ "$(uname -s)" = Darwin ]; then
  case " $* " in *" compiler "*) say "  xcode-select --install" ;; esac
  say "  brew install $(echo $(brew "$@"))"
else
  say "  Debian, Ubuntu: sudo apt-get install $(echo $(debian "$@"))"
  say "  elsewhere: CMake 3.22 or newer, a C++17 compiler, nlohmann-json 3.10, doctest 2.4, Eigen 3.3"
fi
exit 1
