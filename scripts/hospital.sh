#!/bin/sh
# The tests against a hospital's archive need Debian's Orthanc, DCMTK and dicom3tools; poppler-utils draws PDF pages.
# Install them when one is missing and this user may; else say so.
for program in Orthanc storescu dciodvfy pdftoppm; do
  command -v $program >/dev/null 2>&1 || missing="$missing $program"
done
[ -z "$missing" ] && exit 0
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
  echo "Installing Orthanc, DCMTK, dicom3tools and poppler for the tests (about 60 MB) ..."
  apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends \
    orthanc orthanc-dicomweb dcmtk dicom3tools poppler-utils >/dev/null && exit 0
fi
echo "missing and can't be installed here:$missing; the tests that need them will be skipped." >&2
exit 1
