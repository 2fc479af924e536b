#!/bin/bash
# build.sh OUT.tar MIRROR: a Debian bullseye root file system with the names and habits of EL (see base.sh).
# The identity (cc7, slc7, el9) is put on top of it by the script of that name. Needs root and mmdebstrap.
# Leaves OUT.tar.files behind, for the caller to remove: exec, so that an interrupt reaches mmdebstrap, which tidies up.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
out=${1:?usage: build.sh OUT.tar MIRROR}
mirror=${2:?usage: build.sh OUT.tar MIRROR}
packages=$(grep -v '^#' "$here/packages.txt" | paste -sd,)
files=$out.files
# The modes that git keeps (x or not), whatever the umask of the checkout was.
tar -C "$here/files" --sort=name --owner=0 --group=0 --mode=u=rwX,go=rX -cf "$files" .

# Recommends stay out (minbase), man pages and translations too; /bin and /sbin are links into /usr, as on EL.
exec mmdebstrap --quiet --variant=minbase --include="$packages" \
  --setup-hook='for d in bin sbin lib lib64; do mkdir -p "$1/usr/$d"; ln -s usr/$d "$1/$d"; done' \
  --dpkgopt='path-exclude=/usr/share/man/*' --dpkgopt='path-exclude=/usr/share/doc/*' --dpkgopt='path-exclude=/usr/share/locale/*' \
  --customize-hook="tar-in '$files' /" \
  --customize-hook="chroot \"\$1\" sh -s < '$here/base.sh'" \
  bullseye "$out" "$mirror"
