# Copyright: (c) 2026, cmsweb.crab maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Is this host registered with a MyProxy server? The server tells anybody who asks for the credential of a name that nobody uses.

Its answer proves that the host is known, not that it is in all three policies: a host that is in one or two of them gets
the same answer, save for one case.
"""
from __future__ import absolute_import, division, print_function

__metaclass__ = type

import binascii
import os
import pwd
import re
import stat
import subprocess
import threading

from ansible_collections.cmsweb.crab.plugins.module_utils import _process, _x509
from ansible_collections.cmsweb.crab.plugins.module_utils._errors import CrabError
from ansible_collections.cmsweb.crab.plugins.module_utils._proxy import identity_of
from ansible_collections.cmsweb.crab.plugins.module_utils._text import to_native

CLIENT = 'myproxy-logon'
POLICIES = ('trusted_retrievers', 'authorized_retrievers', 'authorized_renewers')


def probe(server, port, certificate, key, ca_path, timeout, now):
    """dict(state, missing, dn, message, hint): what the server thinks of the holder of this certificate, asked as the calling account."""
    parsed = _x509.read_certificate(certificate)
    if parsed is None:
        raise CrabError('There is no file %s.' % certificate, 'Run the stages cert and config first, or name other files.')
    # First: with files that it cannot use, the client goes on as nobody, or for root with the certificate of the host, without a word.
    fault = own_fault(parsed, certificate, key, ca_path, now)
    said = '' if fault else _ask(server, port, certificate, key, ca_path, timeout)
    state, missing = ('credential', []) if fault else judged(said)
    result = {'state': state, 'missing': missing, 'dn': identity_of(parsed.subject), 'said': said, 'fault': fault}
    result['message'], result['hint'] = _explained(result, server, port, certificate, key)
    del result['fault']
    return result


def judged(said):
    """(state, policies that lack the host) from the words of myproxy-logon."""
    refused = re.findall(r'"([^"\n]*)" not authorized by server\'s (\w+) policy', said)
    if any(dn == '<anonymous>' for dn, policy in refused):
        return 'credential', []
    if refused:
        return 'not_registered', [policy for policy in POLICIES if policy in [named for dn, named in refused]]
    if 'No credentials exist for username' in said:
        return 'registered', []
    # Outside the signing policy: one or the other, by the version of the client.
    if re.search('SSL_write wrote -1|alert unsupported certificate|certificate revoked', said):
        return 'refused', []
    if re.search(r'Connection refused|Unable to connect|timed out|Unknown host|No route to host|Could not resolve', said):
        return 'unreachable', []
    return 'unknown', []


def own_fault(parsed, certificate, key, ca_path, now):
    """Why the client would not use these files, or None: it wants both to be the calling account's, and the key 0400 or 0600."""
    if not os.path.exists(key):
        return 'there is no file %s' % key
    for path in (certificate, key):
        facts = os.stat(path)
        if facts.st_uid != os.geteuid():
            return '%s is owned by %s, and the probe runs as %s' % (path, _name(facts.st_uid), _name(os.geteuid()))
    mode = stat.S_IMODE(os.stat(key).st_mode)
    if mode not in (0o400, 0o600):
        return '%s has mode %04o, and 0400 or 0600 is wanted' % (key, mode)
    if parsed.not_after <= now:
        return 'it expired at %s' % _x509.iso(parsed.not_after)
    return _x509.chain_fault(certificate, ca_path, proxy=identity_of(parsed.subject) != parsed.subject)


def _explained(result, server, port, certificate, key):
    """(message, hint)"""
    where, dn = '%s:%d' % (server, port), result['dn']
    if result['state'] == 'registered':
        return '%s knows %s. Whether all of %s name it shows only when a delegated proxy is fetched.' % (where, dn, ', '.join(POLICIES)), ''
    if result['state'] == 'not_registered':
        return '%s does not name %s in %s.' % (where, dn, ', '.join(result['missing'])), 'Send the registration mail to the operators of the server.'
    if result['state'] == 'credential':
        fault = result['fault'] or 'it goes on as nobody. Is the key that of the certificate'
        return 'MyProxy cannot use %s and %s: %s.' % (certificate, key, fault), (
            'This says nothing about the registration. Set crabserver_config_service_owner to the account of the service, and _mode to 0400.')
    if result['state'] == 'refused':
        return '%s broke off: the certificate of %s is revoked, or outside the signing policy of its CA.' % (where, dn), 'Get another certificate.'
    if result['state'] == 'unreachable':
        return '%s does not answer.' % where, 'Check myproxy_server and myproxy_port, and whether the host may connect to it.'
    return '%s said what is not known here: %s' % (where, ' / '.join(result['said'].split('\n')[-3:])), 'Ask the operators of the server.'


def _ask(server, port, certificate, key, ca_path, timeout):
    """What the client says. It never gets anything: nobody has a credential under that name."""
    environment = dict((name, value) for name, value in os.environ.items() if not name.startswith(('X509_', 'MYPROXY_')))
    environment.update(LC_ALL='C', GT_PROXY_MODE='rfc', X509_CERT_DIR=ca_path)
    # A proxy is in one file. Without these the client takes a proxy in /tmp before anything else.
    environment.update({'X509_USER_PROXY': certificate} if certificate == key else {'X509_USER_CERT': certificate, 'X509_USER_KEY': key})
    name = 'cmsweb-crab-probe-' + to_native(binascii.hexlify(os.urandom(8)))
    try:
        process = _process.start([CLIENT, '-n', '-s', server, '-p', str(port), '-l', name, '-o', os.devnull], stdin=subprocess.PIPE,
                                 stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env=environment, cwd='/')
    except OSError as error:
        raise CrabError('%s cannot be run: %s.' % (CLIENT, os.strerror(error.errno)), 'Install the package myproxy: role voms does it.')
    timer = threading.Timer(timeout, process.kill)
    timer.start()
    try:
        output = process.communicate()[0]
    finally:
        timer.cancel()
    said = to_native(output.decode('utf-8', 'replace')).strip()
    return said or ('timed out after %d s' % timeout if process.returncode < 0 else '')


def _name(uid):
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)
