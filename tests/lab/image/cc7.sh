# Identity cc7: CentOS 7.9, Python 2.7 is the system's.
set -eu
printf 'CentOS Linux release 7.9.2009 (Core)\n' > /etc/centos-release
ln -sf centos-release /etc/redhat-release
ln -sf centos-release /etc/system-release
cat > /usr/lib/os-release <<'OS'
NAME="CentOS Linux"
VERSION="7 (Core)"
ID="centos"
ID_LIKE="rhel fedora"
VERSION_ID="7"
PRETTY_NAME="CentOS Linux 7 (Core)"
CPE_NAME="cpe:/o:centos:centos:7"
OS
ln -sf ../usr/lib/os-release /etc/os-release
echo 7 > /etc/dnf/vars/releasever
ln -sf /lib/systemd/system/iptables.service /etc/systemd/system/multi-user.target.wants/iptables.service
