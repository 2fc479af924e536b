# Identity el9: AlmaLinux 9. Python 3.9 only; no /usr/bin/python at all.
set -eu
dpkg --purge python2.7 python2.7-minimal libpython2.7-stdlib libpython2.7-minimal >/dev/null
rm -rf /usr/bin/python /usr/bin/python2 /usr/lib/python2.7 /usr/local/lib/python2.7
printf 'AlmaLinux release 9.4 (Seafoam Ocelot)\n' > /etc/almalinux-release
ln -sf almalinux-release /etc/redhat-release
ln -sf almalinux-release /etc/system-release
cat > /usr/lib/os-release <<'OS'
NAME="AlmaLinux"
VERSION="9.4 (Seafoam Ocelot)"
ID="almalinux"
ID_LIKE="rhel centos fedora"
VERSION_ID="9.4"
PLATFORM_ID="platform:el9"
PRETTY_NAME="AlmaLinux 9.4 (Seafoam Ocelot)"
CPE_NAME="cpe:/o:almalinux:almalinux:9::baseos"
OS
ln -sf ../usr/lib/os-release /etc/os-release
echo 9 > /etc/dnf/vars/releasever
# EL9 has neither requiretty nor the iptables service
sed -i '/requiretty/d' /etc/sudoers /etc/sudoers.d/*
rm -rf /etc/sysconfig/iptables /lib/systemd/system/iptables.service /usr/libexec/iptables /usr/libexec/initscripts
