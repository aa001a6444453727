#!/bin/sh
# See that a Chromium is here, in which the studio's pages are tested. As root on a machine with
# apt-get, install Debian's (no question asked); otherwise say what to install, and fail.
# CHROMASONIC_BROWSER names one that lies elsewhere.
set -eu

say() { printf '%s\n' "$*" >&2; }

has_browser() {
  for name in ${CHROMASONIC_BROWSER:+"$CHROMASONIC_BROWSER"} \
    chromium chromium-browser google-chrome google-chrome-stable; do
    command -v "$name" >/dev/null 2>&1 && return
  done
  [ -x "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome" ]
}

has_browser && exit 0

if [ "$(uname -s)" != Darwin ] && command -v apt-get >/dev/null 2>&1 && [ "$(id -u)" = 0 ]; then
  say "Installing what the studio's pages are tested in: chromium fonts-liberation"
  apt-get update -qq >&2
  # Without a font every letter would be an empty box of another width.
  DEBIAN_FRONTEND=noninteractive \
    apt-get install -y -qq --no-install-recommends chromium fonts-liberation >&2
  has_browser && exit 0
  say "Error: Chromium is still missing after its installation."
  exit 1
fi

say "Error: the studio's pages cannot be tested here: no Chromium or Chrome was found."
if [ "$(uname -s)" = Darwin ]; then
  say "  brew install --cask google-chrome"
else
  say "  Debian, Ubuntu: sudo apt-get install chromium"
  say "  elsewhere: install Chromium or Chrome, or name it: CHROMASONIC_BROWSER=/path/to/chromium"
fi
exit 1
