#!/bin/sh
# The tests of the pages drive a real browser: Debian's Chromium. Installs it when it is missing.
set -eu
for name in chromium chromium-browser google-chrome; do
    command -v "$name" >/dev/null && exit 0
done
if command -v apt-get >/dev/null; then
    sudo=""
    [ "$(id -u)" = 0 ] || sudo=sudo
    echo "Installing Chromium for the tests of the pages…"
    $sudo apt-get update -qq && DEBIAN_FRONTEND=noninteractive $sudo apt-get install -y -qq --no-install-recommends chromium fonts-dejavu-core >/dev/null && exit 0
fi
echo "The tests of the pages need Chromium. Install it (Debian: apt-get install chromium) and run again." >&2
exit 1
