#!/bin/sh
# The browser tests need Debian's chromium. Install it when it is missing and this user may; else say so.
command -v chromium >/dev/null 2>&1 && exit 0
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
  echo "Installing chromium for the browser tests (about 400 MB) ..."
  apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends \
    chromium fonts-dejavu-core >/dev/null && exit 0
fi
echo "chromium is missing and can't be installed here: the browser tests will be skipped." >&2
exit 1
