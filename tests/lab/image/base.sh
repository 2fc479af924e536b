# Runs in the root file system: what every identity shares.
set -eu
cd /
# --- not Debian
rm -f /etc/os-release /usr/lib/os-release /etc/debian_version /etc/issue /etc/issue.net /etc/lsb-release /etc/motd /etc/update-motd.d/*
: > /etc/motd
# --- /bin/sh is bash, as on EL: Deploy and its recipes lean on it
ln -sf bash /bin/sh
# --- python: /usr/bin/python is 2.7, as on EL7
ln -sf python2.7 /usr/bin/python2
ln -sf python2.7 /usr/bin/python
# --- yum outside /usr/bin, so that ansible_pkg_mgr is dnf (the Python 2 bindings of yum do not exist here);
#     in /usr/sbin because sudo's secure_path, as on EL, has no /usr/local
mkdir -p /etc/yum.repos.d /etc/dnf/vars
ln -sf ../bin/dnf /usr/sbin/yum
ln -sf /usr/bin/dnf /usr/local/bin/yum
printf '[main]\ngpgcheck=0\nreposdir=/etc/yum.repos.d\n' > /etc/dnf/dnf.conf
rpm --initdb
# --- services under their EL names
cd /lib/systemd/system
mv cron.service crond.service
mv ssh.service sshd.service
rm -f /etc/systemd/system/multi-user.target.wants/cron.service /etc/systemd/system/multi-user.target.wants/ssh.service /etc/systemd/system/sshd.service
rm -f /etc/init.d/*
sed -i '/^Alias=/d' sshd.service
# host keys are each host's own; one kind is enough, and quick
sed -i 's#^\[Service\]#[Service]\nExecStartPre=/bin/sh -c "[ -e /etc/ssh/ssh_host_ed25519_key ] || ssh-keygen -q -t ed25519 -N \\"\\" -f /etc/ssh/ssh_host_ed25519_key"#' sshd.service
printf 'HostKey /etc/ssh/ssh_host_ed25519_key\nUseDNS no\nPrintMotd no\n' > /etc/ssh/sshd_config.d/lab.conf
rm -f /etc/ssh/ssh_host_*
ln -s /lib/systemd/system/crond.service /lib/systemd/system/sshd.service /etc/systemd/system/multi-user.target.wants/
# role voms starts it where it is wanted
rm -f /etc/systemd/system/timers.target.wants/fetch-crl.timer /etc/cron.d/fetch-crl
for unit in apt-daily.timer apt-daily-upgrade.timer dpkg-db-backup.timer e2scrub_all.timer e2scrub_reap.service fstrim.timer dnf-makecache.timer \
  getty@tty1.service console-getty.service systemd-timesyncd.service apache2.service apache-htcacheclean.service; do
  ln -sf /dev/null /etc/systemd/system/$unit
done
ln -sf multi-user.target /lib/systemd/system/default.target
# --- trust stores at their EL paths: libraries built for EL (manylinux wheels) look there
mkdir -p /etc/pki/tls/certs /etc/pki/ca-trust/extracted/pem
ln -sf /etc/ssl/certs/ca-certificates.crt /etc/pki/tls/certs/ca-bundle.crt
ln -sf /etc/ssl/certs/ca-certificates.crt /etc/pki/tls/cert.pem
ln -sf /etc/ssl/certs/ca-certificates.crt /etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem
mkdir -p /etc/grid-security
# --- a user who may sudo, as on a CERN VM
getent group wheel >/dev/null || groupadd -r wheel
groupadd -g 1000 crabdev
useradd -m -u 1000 -g crabdev -s /bin/bash -p '*' crabdev
chmod 700 /home/crabdev
install -d -m 700 /root/.ssh
rm -f /etc/sudoers.d/README
chmod 440 /etc/sudoers /etc/sudoers.d/*
chmod 600 /etc/sysconfig/iptables
visudo -cq
echo 'LANG=C.UTF-8' > /etc/default/locale
echo 'LANG=C.UTF-8' > /etc/locale.conf
# --- no Debian package tools to be found by accident (dpkg stays: the el9 script needs it)
rm -f /usr/bin/apt /usr/bin/apt-get /usr/bin/apt-cache /usr/bin/apt-key /usr/bin/apt-mark
rm -rf /var/lib/apt/lists/* /var/cache/apt/* /etc/machine-id
: > /etc/machine-id
