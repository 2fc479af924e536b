#!/bin/sh
# Stand-in for the repository's bootstrap script.  Deploy fetches it and runs
#   bootstrap.sh -architecture ARCH -path PATH -repository REPO -server HOST setup
# Leaves PATH/common/cmspkg and PATH/ARCH/, as the real one does.
arch= path= server= repository= action=
while [ $# -gt 0 ]; do
  case $1 in
    -architecture) arch=$2; shift ;;
    -path) path=$2; shift ;;
    -repository) repository=$2; shift ;;
    -server) server=$2; shift ;;
    setup) action=setup ;;
    *) echo "bootstrap.sh: unknown argument $1" >&2; exit 2 ;;
  esac
  shift
done
if [ "$action" != setup ] || [ -z "$arch" ] || [ -z "$path" ] || [ -z "$server" ]; then
  echo "usage: bootstrap.sh -architecture A -path P -repository R -server H setup" >&2
  exit 2
fi
case $arch in slc7_amd64_gcc630) ;; *) echo "bootstrap.sh: no packages for $arch here" >&2; exit 1 ;; esac
case $repository in comp | comp.pre) ;; *) echo "bootstrap.sh: no repository $repository here" >&2; exit 1 ;; esac
set -e
mkdir -p "$path/common" "$path/$arch"
for file in cmspkg packages.conf releases.conf; do
  curl -sf -o "$path/common/$file" "http://$server/cmssw/$file"
done
echo "$server" > "$path/common/server"
chmod 755 "$path/common/cmspkg"
