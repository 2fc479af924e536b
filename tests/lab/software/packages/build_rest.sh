#!/bin/bash
# build_rest.sh NAME CACHE: the package crabserver or crabcache as CACHE/NAME-HASH.tar.gz; prints its path.
# HASH covers everything the package is made of, so an unchanged tree is built once.  Any Python with pip
# can build it: the packages are those for Python 3.9 on x86_64 Linux.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
name=${1:?usage: build_rest.sh NAME CACHE}
cache=${2:?usage: build_rest.sh NAME CACHE}
hash_of() { (cd "$here" && find "$@" -type f ! -name '*.pyc' -print0 | LC_ALL=C sort -z | xargs -0 sha256sum | sha256sum | cut -c1-12); }
mkdir -p "$cache"
tmp=$(mktemp -d -p "$cache" .build-XXXXXX)      # on the same disk, so that a file is whole as soon as it has its name
trap 'rm -rf "$tmp"' EXIT
server=$cache/wmcore-$(hash_of requirements.txt build_rest.sh).tar       # what both packages have in common
out=$cache/$name-$(hash_of requirements.txt build_rest.sh crabserver/bin crabserver/dependencies-setup.sh "$name").tar.gz
if [ ! -f "$server" ] && [ ! -f "$out" ]; then
  # wmcore comes as source: make its wheel first (pure Python, so any Python 3 will do) ...
  grep -E '^wmcore==' "$here/requirements.txt" > "$tmp/source.txt"
  python3 -m pip wheel -q --use-pep517 --no-deps -w "$tmp/wheels" -r "$tmp/source.txt" >&2
  # ... then everything for the target.
  python3 -m pip install -q --no-deps --no-compile --find-links "$tmp/wheels" --only-binary=:all: --python-version 3.9 \
    --implementation cp --platform manylinux_2_28_x86_64 --platform manylinux2014_x86_64 --target "$tmp/site" -r "$here/requirements.txt" >&2
  rm -rf "$tmp/site/bin" "$tmp/site/data" "$tmp"/site/*.dist-info/RECORD
  find "$tmp/site" -name __pycache__ -prune -exec rm -rf {} +
  tar -C "$tmp/site" -cf "$tmp/server" .
  mv "$tmp/server" "$server"
fi
if [ ! -f "$out" ]; then
  site=$tmp/root/lib/python3.9/site-packages
  mkdir -p "$site" "$tmp/root/etc/profile.d"
  # As in the real packages, what a release depends on comes by a file of its own, and the last two lines of init.sh are about the release itself.
  others=$tmp/root/external/lib/python3.9/site-packages
  mkdir -p "$others"
  tar -C "$others" -xf "$server"
  for folder in WMCore WMComponent WMQuality PSetTweaks Utils; do mv "$others/$folder" "$site/"; done
  for folder in "$here/$name"/*/; do
    case $folder in */bin/) ;; *) cp -r "${folder%/}" "$site/" ;; esac
  done
  cp -r "$here/crabserver/bin" "$tmp/root/"
  cp "$here/$name/init.sh" "$here/crabserver/dependencies-setup.sh" "$tmp/root/etc/profile.d/"
  cp "$here/$name/post-install" "$tmp/root/etc/"
  find "$tmp/root" -name __pycache__ -prune -exec rm -rf {} +
  tar -C "$tmp/root" --sort=name --mtime=@0 --owner=0 --group=0 --numeric-owner -c . | gzip -n > "$tmp/out"
  mv "$tmp/out" "$out"
fi
echo "$out"
