# Runs on a new host as root: what a VM of CERN brings with it (its account, its CA), and the database stand-in.
# The system has started and the files are there already (crablab/provision.py); arguments: USER, whether there is a database stand-in (yes or no).
set -eu
user=$1 database=$2 kit=/var/lib/crab-lab

# An image of the lab has the account already; another image gets it here.
if ! id "$user" > /dev/null 2>&1; then
  useradd -m "$user"
  printf 'Defaults:%s !requiretty\n%s ALL=(ALL) NOPASSWD: ALL\n' "$user" "$user" > /etc/sudoers.d/crabdev
  chmod 440 /etc/sudoers.d/crabdev
fi
home=$(getent passwd "$user" | cut -d: -f6)
install -d -o "$user" -g "$(id -gn "$user")" -m 700 "$home/.ssh"
install -o "$user" -g "$(id -gn "$user")" -m 600 $kit/authorized_keys "$home/.ssh/authorized_keys"

if command -v update-ca-certificates > /dev/null; then
  install -m 644 $kit/root-ca.pem /usr/local/share/ca-certificates/crab-lab-root.crt
  install -m 644 $kit/grid-ca.pem /usr/local/share/ca-certificates/crab-lab-grid.crt
  update-ca-certificates > $kit/update.log 2>&1 || { cat $kit/update.log >&2; exit 1; }
else
  install -m 644 $kit/root-ca.pem $kit/grid-ca.pem /etc/pki/ca-trust/source/anchors/
  update-ca-trust
fi

if [ "$database" = yes ]; then
  # Not sticky: the kernel would keep one account from opening the write-ahead log that another one made.
  install -d -m 777 /var/lib/oracle-standin
  for python in python2.7 python3; do
    command -v $python > /dev/null || continue
    site=$($python -c 'import site; print(site.getsitepackages()[0])')
    mkdir -p "$site"
    echo /opt/oracle-standin/python > "$site/oracle-standin.pth"
  done
  python3 -m cx_Oracle.admin create --dsn devdb11 --user crab_demo < $kit/oracle_password
fi
rm -rf $kit
