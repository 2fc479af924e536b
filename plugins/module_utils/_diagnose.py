# Copyright: (c) 2026, cmsweb.crab maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What can be wrong with a deployed CRAB REST interface, found by looking: nothing is changed, and nothing is asked of the user.

Each check is a function of the Site that yields findings. A finding has a cause, which is a key of CAUSES, what was found, the
remedy, and the files that a service has to read again, if any. One fault has one finding: a check leaves to the others what they name better.
"""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import datetime
import glob
import grp
import os
import pwd
import re
import stat
import time

from ansible_collections.cmsweb.crab.plugins.module_utils import (
    _accounts, _authmap, _cmsauth, _crontab, _dbconfig, _external, _externalfetch, _files, _http, _listeners, _proxy, _release, _restlog, _service,
    _staticconfig, _strictjson, _x509,
)
from ansible_collections.cmsweb.crab.plugins.module_utils._errors import CrabError
from ansible_collections.cmsweb.crab.plugins.module_utils._text import to_native

CAUSES = {
    'not_deployed': 'Run site.yml.',
    'not_running': 'Run the stage service.',
    'port_taken': 'Stop that process, or move it to another port; then run the stage service.',
    'cannot_start': 'Mend what its log says, then run the stage service.',
    'stale': 'Run the stage service: it puts the present files in force.',
    'not_answering': 'See its log; restart it with service_state: restarted.',
    'instance': 'Name the instance in crabserver_config_instances (or crab_instance), then run the stages config and service.',
    'header_key': 'The two sides hold different header keys, or one of them an old one. Link the one file to the other name again '
                  '(ln -f header-auth-key authz-headers), and restart both with service_state: restarted.',
    'database_down': 'The listener of the database does not answer: ask its operators, or correct crab_database_dsn.',
    'database_dsn': 'The name of the database is not known here: correct crab_database_dsn or tnsnames.ora, then run the stages config and service.',
    'database_password': 'Correct crab_database_user and crab_database_password, then run the stages config and service. '
                         'Do it soon: the server tries five times at each request, and Oracle locks an account after some tries.',
    'password_expired': 'Change the password of the account, for instance with the playbook rotate_db_password.',
    'account_locked': 'Have the account unlocked by the operators of the database. It was probably locked by logins with an old password.',
    'database': 'Look the code up, then run the stages config and service.',
    'schema': 'The tables are not those of the release: run the stage schema, or the playbook schema_plan to see what differs.',
    'placeholders': "Deploy's placeholders are still there: run the stage config.",
    'config_broken': 'Put the copy with a date in its name back, or run the stage deploy anew, then the stage config.',
    'external_unreachable': 'Correct crabserver_config_external_url, or make that server answer; the host must trust its certificate.',
    'external_broken': 'Mend the JSON; crabserver_config_external has it checked before it is written.',
    'external_era': 'Write the shape that the release reads: run the stage config with the right crab_release.',
    'external_mode': 'Make crab_mode one of the modes of the file, or add the mode to crabserver_config_external.',
    'external_keys': 'Correct these keys in crabserver_config_external, then run the stages config and service.',
    'external_pinned': 'Use the link without the revision as crabserver_config_external_url, then run the stages config and service.',
    'python_path': 'Run the role devrepos again, or take the folder out of PYTHONPATH.',
    'authmap_broken': 'Nobody gets in before it is mended: put the copy with a date in its name back, or remove it and run the stage auth.',
    'gridmap_missing': 'Run the stages auth and service.',
    'authmap_missing': 'Run the stage auth.',
    'dn_not_in_gridmap': 'Add the DN to frontend_auth_users, then run the stages auth and service.',
    'dn_not_in_authmap': 'Add the DN to frontend_auth_users, then run the stage auth.',
    'cron': 'These jobs overwrite the maps of a private installation: run the stage auth.',
    'backends': 'The frontend does not know where crabserver is: run the stages auth and service.',
    'service_certificate_missing': 'Run the stages voms and config.',
    'service_certificate_mode': 'Run the stage config: it sets owner, group and mode.',
    'service_certificate_pair': 'Install a certificate and its own key: crabserver_config_service_certificate and crabserver_config_service_key.',
    'service_certificate_expired': 'Make a new proxy (voms-proxy-init --voms cms --valid 192:00) or renew it; then the stages voms, config, service.',
    'service_ac_expired': 'The VOMS attributes end before the proxy does: make a new proxy, then run the stages voms, config and service.',
    'host_certificate': 'Run the stages cert and service.',
    'proxy_retrieval': 'Check that the host is registered at MyProxy, that delegate-dn names the TaskWorker, and that the user has delegated '
                       '(crab createmyproxy). See TROUBLESHOOTING of the role diagnose.',
    'clock': 'Set the clock of the host (chronyd or ntpd): signatures and proxies of the Grid are refused otherwise.',
    'disk_full': 'Free some space: old logs below logs/, and versions that are no longer current.',
    'unreadable': 'See the message.',
}
# Codes of Oracle and its drivers behind the answer 503, and what each means.
DATABASE_CODES = {
    'ORA-01017': 'database_password', 'ORA-01005': 'database_password', 'ORA-28001': 'password_expired', 'ORA-28000': 'account_locked',
    'ORA-12154': 'database_dsn', 'ORA-12514': 'database_dsn', 'ORA-12505': 'database_dsn', 'ORA-12545': 'database_dsn', 'DPY-4000': 'database_dsn',
    'DPY-4027': 'database_dsn', 'DPY-6001': 'database_dsn', 'DPY-6003': 'database_dsn', 'ORA-12521': 'database_dsn', 'ORA-12535': 'database_down',
    'ORA-12543': 'database_down', 'ORA-03113': 'database_down', 'ORA-03135': 'database_down', 'ORA-01089': 'database_down', 'DPY-4011': 'database_down',
    'ORA-12541': 'database_down', 'ORA-12170': 'database_down', 'ORA-12537': 'database_down', 'ORA-12528': 'database_down',
    'ORA-01034': 'database_down', 'ORA-01033': 'database_down', 'DPY-6005': 'database_down', 'DPY-6000': 'database_down',
    'ORA-00942': 'schema', 'ORA-00904': 'schema',
}
PORTS = {'crabserver': 8270, 'crabcache': 8271, 'frontend': 443}
PORT_OF_ONE_ACCOUNT = 8443      # the frontend's, where all belongs to an account that is not root
MAP_JOBS = ('config/frontend/mkauthmap', 'config/frontend/mkvomsmap')
TERMINATED = 'terminating due to error'
TIMEOUT = 10        # seconds for each request
RECENT = 600        # seconds


class Site(object):
    """What is looked at.

    :param options: dict of root, user, instance, release, services, fqdn, dns, own_maps, controller_time, days, hours, free_megabytes, since.
    :param now: seconds since the epoch, as the look began.
    """

    def __init__(self, options, now):
        self.options, self.now = options, now
        self.root = options['root']
        self.current = os.path.join(self.root, 'current')
        self.states = dict((name, _service.look(self.service(name))) for name in options['services'] if self.deployed(name))
        self._errors = None

    def service(self, name):
        return _service.service_of(self.root, name, 'systemd' if _service.launched(self.root, name) else 'manage')

    def deployed(self, name):
        return _service.launched(self.root, name) or os.path.exists(self.service(name).manage)

    def runs(self, name):
        return self.states.get(name, {}).get('running', False)

    def started(self):
        """When crabserver was started, in seconds since the epoch; 0 where that cannot be told."""
        return self.states['crabserver']['started'] or 0

    def release(self):
        """The CRABServer version: that of the option, else of the package."""
        if self.options['release']:
            return self.options['release']
        link = os.path.join(self.current, 'apps', 'crabserver')
        return os.path.basename(os.path.realpath(link)) if os.path.islink(link) else None

    def settings(self):
        """Effective values of config.py by dotted key; raises CrabError for a broken one."""
        path = os.path.join(self.current, 'config', 'crabserver', 'config.py')
        content = _files.read(path)
        if content is None:
            raise CrabError('There is no %s.' % path)
        return dict((key, entry['value']) for key, entry in _staticconfig.effective(content, path).items())

    def auth(self, *names):
        return os.path.join(self.current, 'auth', *names)

    def frontend(self, *names):
        return os.path.join(self.root, 'state', 'frontend', 'etc', *names)

    def errors(self):
        """Errors of crabserver's log since it was started, and not longer ago than the option says: list of dict(error, count, last, ...).

        Of a server that does not run the old ones say nothing any more.
        """
        if not self.runs('crabserver'):
            return []
        if self._errors is None:
            since = max(_restlog.parse_since(self.options['since'], self.now), datetime.datetime.fromtimestamp(self.started()))
            summary = _restlog.Summary(top=_restlog.LIMIT)
            for path in sorted(glob.glob(os.path.join(self.root, 'logs', 'crabserver', 'crabserver-*.log'))):
                if datetime.datetime.fromtimestamp(os.path.getmtime(path)) >= since:
                    for line in _restlog.lines_since(path, since.replace(microsecond=0)):
                        summary.add(line)
            self._errors = summary.result()['errors']
        return self._errors


def findings(options, now):
    """Everything that is wrong: list of dict(check, cause, found, remedy), and the names of the checks."""
    site = Site(options, now)
    if not site.states:
        return [finding('not_deployed', 'There is none of %s below %s.' % (', '.join(options['services']), site.current), check='services')], ['services']
    found = []
    for name, check in CHECKS:
        try:
            found += [dict(one, check=name) for one in check(site)]
        except (CrabError, IOError, OSError) as error:
            found.append(finding('unreadable', str(error), check=name))
    return [one for one in found if not _explained(one, found)], [name for name, _check in CHECKS]


def _explained(one, found):
    """Whether another finding is the reason for this one. To put a file in force that is itself at fault would be the wrong advice."""
    others = [other for other in found if other is not one]
    if one['cause'] == 'stale':
        return any(other['cause'] != 'stale' and path in other['found'] for other in others for path in one['files'])
    return one['cause'].startswith('database') and any(other['cause'] == 'placeholders' for other in others)


def finding(cause, found, remedy=None, check=None, files=()):
    """files are those that were changed and not read again."""
    return {'check': check, 'cause': cause, 'found': found, 'remedy': remedy or CAUSES[cause], 'files': list(files)}


# Services ---------------------------------------------------------------------------------------------

def check_services(site):
    for name, state in sorted(site.states.items()):
        if not state['running']:
            yield _why_not_running(site, name)
        elif state['switched']:
            yield finding('stale', '%s was started by another version than the one that is in force now.' % name, files=[site.current])
        elif state['stale']:
            yield finding('stale', '%s started before the last change of %s.' % (name, ', '.join(state['stale'])), files=state['stale'])


def _why_not_running(site, name):
    port = PORT_OF_ONE_ACCOUNT if name == 'frontend' and _accounts.single(site.root) else PORTS[name]
    holder = _listeners.holder(port)
    if holder:
        return finding('port_taken', '%s does not run, and its port %d is held by %s (pid %d).' % (name, port, holder['name'], holder['pid']))
    return _cannot_start(site, name) or finding('not_running', '%s does not run.' % name)


def _cannot_start(site, name):
    """The finding about a server whose last start failed, or None."""
    reason = _last_failure(site, name)
    if not reason:
        return None
    cause = next((cause for text, cause in _service.START_CAUSES if text in reason), None)
    return finding('cannot_start', '%s ended at its start: %s' % (name, reason), cause and cause % {'name': name})


def _last_failure(site, name):
    """The last line of the traceback with which the server last ended at its start, or None if its last start was a good one."""
    logs = sorted(glob.glob(os.path.join(site.root, 'logs', name, name + '-*.log')), key=os.path.getmtime)
    if not logs:
        return None
    with open(logs[-1], 'rb') as log:
        log.seek(max(os.path.getsize(logs[-1]) - 65536, 0))
        lines = to_native(log.read().decode('utf-8', 'replace')).splitlines()
    failed = [number for number, line in enumerate(lines) if TERMINATED in line]
    started = [number for number, line in enumerate(lines) if _service.READY in line]
    if not failed or (started and started[-1] > failed[-1]):
        return None
    told = [line for line in lines[failed[-1]:] if line.strip() and not line.startswith((' ', '[', '\t'))]
    return told[-1].strip()[:300] if told else lines[failed[-1]][-300:]


# The backend and its database -------------------------------------------------------------------------

def check_backend(site):
    """One signed request, as the frontend would send it. A wrong password is not tried again: the server would log in five times more."""
    if not site.runs('crabserver'):
        return
    known = _database_finding(site, codes=('ORA-01017',))
    if known:
        yield known
        return
    key = _files.read(site.auth('wmcore-auth', 'header-auth-key'))
    if key is None:
        yield finding('header_key', 'There is no %s.' % site.auth('wmcore-auth', 'header-auth-key'), 'Run the stage deploy.')
        return
    path = '/crabserver/%s/info' % site.options['instance']
    try:
        answer = _http.get(site.options['backend'], path, _cmsauth.sign(key, _cmsauth.user_headers('crab-diagnose')), timeout=TIMEOUT)
    except _http.NoAnswer as error:
        # systemd starts a server again that ends at its start: for a moment it runs.
        yield _cannot_start(site, 'crabserver') or finding(
            'not_answering', 'crabserver runs, and %s%s gives no answer: %s.' % (site.options['backend'], path, error))
        return
    cause = _cmsauth.cause(answer.status, answer.headers, answer.body, False)
    if cause == 'database':
        site._errors = None     # our request has just written them
        yield _database_finding(site) or finding('database', 'crabserver has no connection to its database, and no code of Oracle is in its log.')
    elif cause == 'header_key' and site.auth('wmcore-auth', 'header-auth-key') in site.states['crabserver']['stale']:
        return      # named by check_services: the server has an older key
    elif cause != 'ok':
        said = answer.headers.get('x-error-detail') or ' '.join(answer.body.split())[:160]
        yield finding(cause if cause in CAUSES else 'not_answering', '%s answers %d %s' % (path, answer.status, said))


def _database_finding(site, codes=tuple(DATABASE_CODES)):
    """The newest of these codes in the log."""
    latest = None
    for error in site.errors():
        # Where oracledb says why it cannot connect, that is its second code.
        said = sorted(re.findall(r'(?:ORA|DPY|DPI)-\d{4,5}', error['error']), key=lambda code: code == 'DPY-6005')
        if not said or not error['last'] or not (said[0] in codes or codes == tuple(DATABASE_CODES)):
            continue
        if _recent(error['last'], site.now) and (not latest or error['last'] > latest[0]):
            latest = error['last'], said[0], error['error']
    return latest and finding(DATABASE_CODES.get(latest[1], 'database'), 'The log of crabserver has: %s' % latest[2])


def _recent(text, now):
    return now - time.mktime(time.strptime(text, '%Y-%m-%dT%H:%M:%S')) < RECENT


def check_schema(site):
    """Tables or columns that the running release misses, as the log tells it."""
    for error in site.errors():
        code = re.search('ORA-00942|ORA-00904', error['error'])
        if code:
            yield finding('schema', 'The log of crabserver has %d times: %s' % (error['count'], error['error']))
            return


# Configuration ----------------------------------------------------------------------------------------

def check_configuration(site):
    if not site.deployed('crabserver'):
        return
    try:
        site.settings()
    except CrabError as error:
        yield finding('config_broken', error.message)
    path = site.auth('crabserver', 'CRABServerAuth.py')
    content = _files.read(path)
    try:
        placeholders = _dbconfig.describe(content, path)['placeholders'] if content is not None else []
    except CrabError as error:
        yield finding('config_broken', error.message)
        return
    if content is None:
        yield finding('config_broken', 'There is no %s.' % path, 'Run the stage config.')
    elif site.options['instance'] in placeholders:
        yield finding('placeholders', '%s has FIXME in the instance %s.' % (path, site.options['instance']))


def check_external(site):
    """As the server reads it: over http, in the shape of its release, with the mode of config.py."""
    if not site.deployed('crabserver'):
        return []
    try:
        settings = site.settings()
    except CrabError:
        return []   # named by check_configuration
    release = site.release()
    era = _release.era_of(release) if release else None
    url = settings.get('data.extconfigurl')
    if era == 'none' or not url or isinstance(url, dict):
        return []   # an expression, whose value only running the file would tell
    pinned = _external.pinned_revision(url)
    found = [finding('external_pinned', 'data.extconfigurl: %s' % pinned)] if pinned else []
    try:
        content = _externalfetch.fetch(url, era == 'keyed', TIMEOUT)
    except CrabError as error:
        return found + [finding('external_unreachable', error.message)]
    try:
        value = _strictjson.load(content, _external.masked_url(url))[0]
    except CrabError as error:
        return found + [finding('external_broken', error.message)]
    wrong = _wrong_content(value, era or _external.detect(value), settings.get('data.mode'), release)
    published = None if wrong else _published_here(site, url)
    if published:
        wrong = [finding('stale', 'crabserver started before the last change of %s.' % published, files=[published])]
    return found + wrong


def _published_here(site, url):
    """The file behind a URL of this host, if the running server has read an older one."""
    parts = re.match(r'https?://([^/:]+)(?::\d+)?/([^?#]+)', url)
    if not parts or parts.group(1) != site.options['fqdn'] or not site.runs('crabserver'):
        return None
    path = os.path.join(site.root, 'state', 'frontend', 'htdocs', parts.group(2))
    return path if os.path.isfile(path) and 0 < site.started() < os.stat(path).st_ctime else None


def _wrong_content(value, era, mode, release):
    shape = _external.detect(value)
    wanted = ('keyed', 'modes') if era == 'both' else (era,)
    if shape not in wanted:
        return [finding('external_era', 'The external configuration has the shape "%s", and %s reads "%s".' % (
            shape or 'unknown', release or 'the release', era))]
    found = []
    if shape in ('keyed', 'modes') and not isinstance(mode, dict) and mode not in _external.mode_names(value):
        found.append(finding('external_mode', 'data.mode is %s, and the external configuration has %s.' % (
            mode, ', '.join(_external.mode_names(value)) or 'none')))
    faults = _external.examine(value, shape)[0]
    if faults:
        found.append(finding('external_keys', ' '.join(faults[:5])))
    elif 'htcondorScheddsLink' in value:
        found += _wrong_schedds(value)
    return found


def _wrong_schedds(value):
    link = _external.masked_url(value['htcondorScheddsLink'])
    try:
        content = _externalfetch.fetch(value['htcondorScheddsLink'], timeout=TIMEOUT)
    except CrabError as error:
        yield finding('external_unreachable', 'htcondorScheddsLink: %s' % error.message, 'Make that server answer, or correct the link.')
        return
    try:
        schedds = _strictjson.load(content, link)[0]
    except CrabError as error:
        yield finding('external_broken', 'htcondorScheddsLink: %s' % error.message, 'Mend the JSON of that file.')
        return
    faults = _external.validate(schedds, 'schedds') or _external.unknown_schedds(value, schedds)
    if faults:
        yield finding('external_keys', 'htcondorScheddsLink: %s' % ' '.join(faults[:5]), 'Correct the file behind the link, or the names of the schedds.')


def check_python_path(site):
    """Folders that the service's environment names and that are not there."""
    for path in (os.path.join(site.current, 'apps', 'crabserver', 'etc', 'profile.d', 'init.sh'), os.path.join(site.current, 'bin', 'crabserver')):
        content = to_native((_files.read(path) or b'').decode('utf-8', 'replace'))
        for line in content.splitlines():
            assigned = re.match(r'\s*(?:export\s+)?PYTHONPATH=(["\']?)([^"\';]*)\1', line)
            for folder in (assigned.group(2).split(':') if assigned else []):
                if folder.startswith('/') and '$' not in folder and not os.path.isdir(folder):
                    yield finding('python_path', '%s has the folder %s in PYTHONPATH, and there is none.' % (path, folder))


# Who gets in ------------------------------------------------------------------------------------------

def check_users(site):
    if not site.deployed('frontend'):
        return []
    paths = site.auth('wmcore-auth', 'header-auth-key'), site.frontend('keys', 'authz-headers')
    backend, frontend = [_files.read(path) for path in paths]
    found = [finding('header_key', '%s and %s differ.' % paths)] if backend is not None and backend != frontend else []
    found += _maps(site)
    found += [finding('cron', 'The crontab of %s has an active job: %s' % (site.options['user'], job))
              for job in (_active_jobs(site) if site.options['own_maps'] else [])]
    return found + list(_backends(site))


def _maps(site):
    grid, users = _files.read(site.frontend('voms-gridmap.txt')), _files.read(site.frontend('authmap.json'))
    if grid is None:
        yield finding('gridmap_missing', 'There is no %s.' % site.frontend('voms-gridmap.txt'))
    if users is None:
        yield finding('authmap_missing', 'There is no %s.' % site.frontend('authmap.json'))
    try:
        entries = _authmap.load(users, site.frontend('authmap.json')) if users is not None else []
    except CrabError as error:
        yield finding('authmap_broken', error.message)
        entries = None
    # In a map of everybody there is always somebody odd, and nobody here who could correct that.
    problems = _authmap.problems(entries) if entries and site.options['own_maps'] else []
    if problems:
        yield finding('authmap_broken', ' '.join(problems[:5]), 'Correct these users in frontend_auth_users, then run the stage auth.')
    known, members = set(user['dn'] for user in _authmap.users(entries or [])), _authmap.gridmap_entries(grid)
    for dn in site.options['dns']:
        if grid is not None and dn not in members:
            yield finding('dn_not_in_gridmap', '%s is not in voms-gridmap.txt: 403 Authorisation required.' % dn)
        if users is not None and entries is not None and dn not in known:
            yield finding('dn_not_in_authmap', '%s is not in authmap.json: 403 You are not allowed to access this resource.' % dn)


def _active_jobs(site):
    return _crontab.switched(_crontab.read(site.options['user']), disable=MAP_JOBS)[1]


def _backends(site):
    path = os.path.join(site.current, 'config', 'frontend', 'backends-dev.txt')
    content = _files.read(path)
    if content is None:
        yield finding('backends', 'There is no %s.' % path)
        return
    for line in to_native(content.decode('utf-8', 'replace')).splitlines():
        words = line.split()
        try:
            if len(words) > 1 and re.search(words[0], '/auth/complete/crabserver'):
                return
        except re.error:
            continue
    yield finding('backends', 'No line of %s is for /crabserver.' % path)


# Certificates -----------------------------------------------------------------------------------------

def check_service_certificate(site):
    if not site.deployed('crabserver'):
        return []
    found, paths = [], [site.auth('crabserver', 'dmwm-service-%s.pem' % kind) for kind in ('cert', 'key')]
    contents = [_files.read(path) for path in paths]
    for path, content in zip(paths, contents):
        if content is None:
            found.append(finding('service_certificate_missing', 'There is no %s.' % path))
        elif b'-----BEGIN ' not in content:
            found.append(finding('service_certificate_missing', '%s is not PEM, but what Deploy puts in its place.' % path))
        else:
            found += _mode_faults(path, _accounts.of(site.root, 'crabserver'), secret=path == paths[1])
    if any(one['cause'] == 'service_certificate_missing' for one in found):
        return found
    certificate = _x509.first_certificate(contents[0], paths[0])
    if certificate.public_key != _x509.public_key(contents[1], paths[1]):
        return found + [finding('service_certificate_pair', 'The key in %s does not belong to the certificate in %s.' % (paths[1], paths[0]))]
    return found + list(_endings(contents[0], certificate, paths[0], site.options['hours'], site.now))


def _endings(content, certificate, path, hours, now):
    ends, attributes = certificate.not_after, None
    if len(_x509.CERTIFICATE.findall(_x509._text(content))) > 1 and _x509.KEY.search(_x509._text(content)):
        proxy = _proxy.Proxy(content, path)
        ends, attributes = proxy.ends, proxy.ac_ends
    if ends - now < hours * 3600:
        yield finding('service_certificate_expired', '%s %s at %s.' % (path, 'ended' if ends < now else 'ends', _x509.iso(ends)))
    elif attributes is not None and attributes - now < hours * 3600:
        yield finding('service_ac_expired', 'The VOMS attributes in %s %s at %s.' % (path, 'ended' if attributes < now else 'end', _x509.iso(attributes)))


def _mode_faults(path, account, secret):
    """Whether the account can read a file, and nobody else a secret one."""
    now = os.stat(path)
    try:
        entry = pwd.getpwnam(account)
    except KeyError:
        return
    groups = [entry.pw_gid] + [group.gr_gid for group in grp.getgrall() if account in group.gr_mem]
    readable = (now.st_mode & stat.S_IRUSR if now.st_uid == entry.pw_uid else
                now.st_mode & stat.S_IRGRP if now.st_gid in groups else now.st_mode & stat.S_IROTH)
    shown = '%s is %04o %s:%s' % (path, stat.S_IMODE(now.st_mode), _name(pwd.getpwuid, now.st_uid), _name(grp.getgrgid, now.st_gid))
    if not readable:
        yield finding('service_certificate_mode', '%s, and %s cannot read it.' % (shown, account))
    if secret and now.st_mode & stat.S_IROTH:
        yield finding('service_certificate_mode', '%s: everybody can read the key.' % shown)


def _name(look_up, number):
    try:
        return look_up(number)[0]
    except KeyError:
        return str(number)


def check_host_certificate(site):
    certificate_path, key_path = _service.host_certificate(site.root)
    certificate, key = _x509.read_certificate(certificate_path), _files.read(key_path)
    if certificate is None or key is None:
        yield finding('host_certificate', 'There is no %s.' % (certificate_path if certificate is None else key_path))
        return
    fault = _x509.fault(certificate, site.options['fqdn'], site.now)
    if not fault and certificate.public_key != _x509.public_key(key, key_path):
        fault = 'its key is not the one in %s' % key_path
    if not fault and certificate.days_left(site.now) < site.options['days']:
        fault = 'it ends at %s, in %d days' % (_x509.iso(certificate.not_after), certificate.days_left(site.now))
    if fault:
        yield finding('host_certificate', 'The certificate in %s: %s.' % (certificate_path, fault))


def check_proxy_retrieval(site):
    """A user's proxy that the server did not get, unless our own certificate explains it."""
    said = [error for error in site.errors() if 'mpossible to retrieve proxy' in error['error']]
    if said and not list(check_service_certificate(site)):
        yield finding('proxy_retrieval', 'The log of crabserver has %d times: %s' % (said[0]['count'], said[0]['error']))


# The machine ------------------------------------------------------------------------------------------

def check_machine(site):
    there = site.options['controller_time']
    if there is not None and abs(site.now - there) > site.options['skew']:
        yield finding('clock', 'The clock of the host is %+d s off that of the controller.' % round(site.now - there))
    seen = set()
    for path in (os.path.join(site.root, 'logs', 'crabserver'), os.path.join(site.root, 'logs', 'frontend'), os.path.join(site.root, 'state'), '/tmp'):
        if not os.path.isdir(path) or os.stat(path).st_dev in seen:
            continue
        seen.add(os.stat(path).st_dev)
        disk = os.statvfs(path)
        free = disk.f_bavail * disk.f_frsize // 1048576
        if free < site.options['free_megabytes']:
            yield finding('disk_full', '%s has %d MB left, fewer than %d.' % (path, free, site.options['free_megabytes']))


CHECKS = (
    ('services', check_services), ('backend', check_backend), ('schema', check_schema), ('configuration', check_configuration),
    ('external', check_external), ('python_path', check_python_path), ('users', check_users), ('service_certificate', check_service_certificate),
    ('host_certificate', check_host_certificate), ('proxy_retrieval', check_proxy_retrieval), ('machine', check_machine),
)
