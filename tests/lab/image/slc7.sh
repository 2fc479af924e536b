# Identity slc7: Scientific Linux CERN 7, otherwise as cc7.
set -eu
printf 'Scientific Linux CERN SLC release 7.9 (Nitrogen)\n' > /etc/redhat-release
ln -sf redhat-release /etc/system-release
cat > /usr/lib/os-release <<'OS'
NAME="Scientific Linux CERN SLC"
VERSION="7.9 (Nitrogen)"
ID="scientific"
ID_LIKE="rhel centos fedora"
VERSION_ID="7.9"
PRETTY_NAME="Scientific Linux CERN SLC 7.9 (Nitrogen)"
CPE_NAME="cpe:/o:scientificlinux:scientificlinux:7.9:GA"
OS
ln -sf ../usr/lib/os-release /etc/os-release
echo 7 > /etc/dnf/vars/releasever
ln -sf /lib/systemd/system/iptables.service /etc/systemd/system/multi-user.target.wants/iptables.service
