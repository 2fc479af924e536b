#!/bin/bash
# build_wheels.sh CACHE: a folder CACHE/wheels-HASH with every wheel that role venv_install pins, laid out as a package index
# (NAME/FILE, which any web server makes of a folder listing); prints its path. For Python 3.9 on x86_64 Linux, by any Python with pip.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
pins=$here/../../../../roles/venv_install/vars/main.yml
cache=${1:?usage: build_wheels.sh CACHE}
out=$cache/wheels-$(cat "$pins" "$0" | sha256sum | cut -c1-12)
if [ ! -d "$out" ]; then
  mkdir -p "$cache"
  tmp=$(mktemp -d "$cache/wheels-XXXXXX")
  trap 'rm -rf "$tmp"' EXIT
  grep -oE '[A-Za-z0-9._-]+==[A-Za-z0-9._]+' "$pins" | sort -u > "$tmp/pins"
  while read -r pin; do
    case $pin in
      # These two come as source: pure Python, so any Python 3 can make the wheel.
      wmcore==* | future==*) python3 -m pip wheel -q --use-pep517 --no-deps -w "$tmp/new" "$pin" < /dev/null >&2 ;;
      *) echo "$pin" ;;
    esac
  done < "$tmp/pins" > "$tmp/binary"
  # One call for each set: pip takes one version of a package at a time.
  while [ -s "$tmp/binary" ]; do
    awk -F== '!seen[$1]++' "$tmp/binary" > "$tmp/set"
    python3 -m pip download -q --no-deps --only-binary=:all: --python-version 3.9 --implementation cp --platform manylinux_2_28_x86_64 \
      --platform manylinux2014_x86_64 -d "$tmp/new" -r "$tmp/set" >&2
    grep -vxFf "$tmp/set" "$tmp/binary" > "$tmp/rest" || true
    mv "$tmp/rest" "$tmp/binary"
  done
  for wheel in "$tmp"/new/*.whl; do
    name=$(basename "$wheel" | cut -d- -f1 | tr 'A-Z_.' 'a-z--')
    mkdir -p "$tmp/index/$name"
    mv "$wheel" "$tmp/index/$name/"
  done
  chmod -R a+rX "$tmp/index"
  mv -T "$tmp/index" "$out" 2> /dev/null || [ -d "$out" ] # another build was the first
fi
echo "$out"
