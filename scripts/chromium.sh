#!/bin/sh
# The browser tests drive Debian's Chromium. Installs it where that needs no question (root, apt);
# elsewhere they are skipped and say so.
set -eu
command -v chromium >/dev/null 2>&1 && exit 0
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
    echo "Installing chromium for the browser tests ..."
    { apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends chromium; } \
        >/dev/null 2>&1 || echo "chromium could not be installed; the browser tests will be skipped." >&2
else
    echo "No chromium here; the browser tests will be skipped (install your system's package to run them)." >&2
fi
