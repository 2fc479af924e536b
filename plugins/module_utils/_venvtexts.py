# Copyright: (c) 2026, cmsweb.crab maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The texts of an installation in a virtual environment: what starts the server, its unit, the rotation of its log, and a config.py to begin with."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

try:
    from shlex import quote
except ImportError:     # Python 2.7
    from pipes import quote

from ansible_collections.cmsweb.crab.plugins.module_utils import _release

LAUNCHER = r'''#!/bin/bash
# The REST server of this version, in the foreground; crabserver.service calls it. Written by cmsweb.crab (role venv_install).
# All paths are those of the version itself, so a running server stays with it when another one is put in force.
set -eu
tree=$(cd "$(dirname "$0")/.." && pwd -P)
root=$(dirname "$tree")
state=$root/state/crabserver auth=$tree/auth/crabserver
export PATH=$tree/apps/wmcore/bin:/usr/bin:/bin
. "$tree/apps/crabserver/etc/profile.d/init.sh"
export PYTHONPATH=$auth:$PYTHONPATH%(more)s
if [ -e "$auth/dmwm-service-cert.pem" ] && [ -e "$auth/dmwm-service-key.pem" ]; then
  export X509_USER_CERT=$auth/dmwm-service-cert.pem X509_USER_KEY=$auth/dmwm-service-key.pem
fi
%(environment)scd "$state"
exec >> "$root/logs/crabserver/crabserver-$(hostname -s).log" 2>&1
exec python3 "$tree/apps/wmcore/bin/wmc-httpd" -d "$state" "$tree/config/crabserver/config.py"
'''

# Where Deploy's packages have theirs, and for the same use: role devrepos puts a developer's own code in its place.
INIT = r'''# The code that bin/crabserver runs. Written once by cmsweb.crab (role venv_install).
export PYTHONPATH=%(folder)s
'''

# bash is called by name: SELinux may not let systemd start a file of /data.
UNIT = r'''# Written by cmsweb.crab (role venv_install). Settings of your own: systemctl edit crabserver
[Unit]
Description=CRAB REST interface
Wants=network-online.target
After=network-online.target
StartLimitIntervalSec=300
StartLimitBurst=5

[Service]
Type=exec
User=_crabserver
Group=_crabserver
SupplementaryGroups=_config
Environment=DONT_DAEMONIZE_REST=True PYTHONUNBUFFERED=1
ExecStart=/bin/bash %(root)s/current/bin/crabserver
Restart=on-failure
RestartSec=5
TimeoutStopSec=30
UMask=0027
NoNewPrivileges=yes
CapabilityBoundingSet=
ProtectSystem=strict
ReadWritePaths=%(root)s/logs/crabserver %(root)s/state/crabserver
ProtectHome=yes
PrivateTmp=yes
PrivateDevices=yes
ProtectClock=yes
ProtectHostname=yes
ProtectControlGroups=yes
ProtectKernelLogs=yes
ProtectKernelModules=yes
ProtectKernelTunables=yes
ProtectProc=invisible
RemoveIPC=yes
RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6
RestrictNamespaces=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
LockPersonality=yes
SystemCallArchitectures=native
SystemCallFilter=@system-service
SystemCallFilter=~@privileged @resources
SystemCallErrorNumber=EPERM

[Install]
WantedBy=multi-user.target
'''

# copytruncate: the server keeps its log open. The day's last lines may be lost in the moment between copy and cut; requests are not.
ROTATION = r'''# Written by cmsweb.crab (role venv_install).
%(root)s/logs/crabserver/crabserver-*.log {
    su _crabserver _crabserver
    daily
    rotate %(days)d
    dateext
    compress
    delaycompress
    copytruncate
    missingok
    notifempty
}
'''

CONFIG = r'''"""Static configuration of the CRAB REST interface. Begun by cmsweb.crab (role venv_install); role crabserver_config sets its keys."""
import socket

from WMCore.Configuration import Configuration

tree = __file__.rsplit('/', 3)[0]
root = __file__.rsplit('/', 4)[0]

conf = Configuration()

main = conf.section_('main')
main.application = 'crabserver'
main.port = 8270
main.index = 'data'
# No role, group or site is asked for unless a call says so.
main.authz_defaults = {'role': None, 'group': None, 'site': None}
srv = main.section_('server')
srv.thread_pool = 30
tools = main.section_('tools')
auth = tools.section_('cms_auth')
auth.key_file = tree + '/auth/wmcore-auth/header-auth-key'

app = conf.section_('crabserver')
app.admin = 'root@' + socket.getfqdn()
app.title = 'CRAB REST interface'
app.description = 'CRAB REST interface'

views = conf.section_('views')
ui = views.section_('ui')
ui.object = 'CRABInterface.Pages.FrontPage.FrontPage'

data = views.section_('data')
data.object = 'CRABInterface.RESTBaseAPI.RESTBaseAPI'
data.backend = 'oracle'
data.db = 'CRABServerAuth.dbconfig'
data.workflowManager = 'HTCondorDataWorkflow'
data.loggingLevel = 10
data.loggingFile = '%s/logs/crabserver/CRAB-%s.log' % (root, socket.gethostname().split('.')[0])
'''

# By the release that reads them.
MORE = (
    ('keptLogDays', '14'),
    ('credpath', "root + '/state/crabserver/proxy/'"),
    ('serverhostcert', "tree + '/auth/crabserver/dmwm-service-cert.pem'"),
    ('serverhostkey', "tree + '/auth/crabserver/dmwm-service-key.pem'"),
    ('s3', "'CRABServerAuth.s3'"),
)


def launcher(python_path, environment):
    return LAUNCHER % {'more': ''.join(':' + quote(folder) for folder in python_path),
                       'environment': ''.join('export %s=%s\n' % (name, quote(str(value))) for name, value in sorted(environment.items()))}


def init_script(folder):
    return INIT % {'folder': quote(folder)}


def unit(root):
    return UNIT % {'root': root}


def rotation(root, days):
    return ROTATION % {'root': root, 'days': days}


def config(release):
    return CONFIG + ''.join('data.%s = %s\n' % (key, value) for key, value in MORE if _release.reads(release, key))
