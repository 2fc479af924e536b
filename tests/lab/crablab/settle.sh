# Runs on a host as root: waits until its system has started. Before that systemd still empties /tmp, where tools
# keep their work, logins of users are refused, and services cannot be managed. What failed to start is worth knowing now.
set -u
for _ in $(seq 300); do
  state=$(systemctl is-system-running 2> /dev/null)
  case $state in running | degraded) break ;; esac
  sleep 0.1
done
[ "$state" = running ] && exit 0
echo "the host is ${state:-not up}, not running:"
systemctl --no-pager --failed
exit 1
