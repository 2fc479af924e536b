# Copyright: (c) 2026, cmsweb.crab maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The service's proxy: made on the host by voms-proxy-init from a user's certificate, and renewed before it ends.

A role's module calls this, and so does a timer of the host, as a program of its own: see main() and program().
A proxy file that the client leaves proves nothing (it leaves one whose attributes it could not verify), so its exit code is looked at
first, then every link of what it made. The old proxy stays until then.
"""
from __future__ import absolute_import, division, print_function

__metaclass__ = type

import argparse
import fcntl
import inspect
import io
import json
import os
import re
import shutil
import sys
import tempfile
import zipfile

from ansible_collections.cmsweb.crab.plugins.module_utils import _clock, _errors, _files, _process, _proxy, _text, _x509
from ansible_collections.cmsweb.crab.plugins.module_utils._errors import CrabError
from ansible_collections.cmsweb.crab.plugins.module_utils._text import to_bytes, to_native

DEFAULT_SETTINGS = '/etc/cmsweb-crab/proxy/settings.json'
CLIENT = 'voms-proxy-init'
# What the C++ and the Java client say, and what it means. The first match counts.
CAUSES = (
    (r'Unable to satisfy [A-Z]?(/\S+) request', 'the VO does not grant %s', 'Check voms_proxy_role, or ask the administrators of the VO for the role.'),
    (r'Cannot verify AC signature|LSC validation failed', 'no LSC file of the host matches the VOMS server',
     'Put the present DNs of the server and its CA into voms_endpoints, and lsc_host if it names itself otherwise.'),
    (r'VOMS Server for (\S+) not known|is not known! Check your vomses|VOMS server for VO (\S+) is not known', 'the host has no vomses line for the VO',
     'Put the server into voms_endpoints.'),
    (r'data format in file', 'a vomses line has not five fields', 'Let the role write the folder anew, or remove the file that the client names.'),
    (r'User unknown to this VO', 'the VOMS server does not know the user, or its database is down',
     'Is the certificate registered with the VO? If it is, ask the administrators of the VO.'),
    (r'certificate revoked|has been revoked', 'the certificate is revoked', 'Get another one from the CA.'),
    (r'certificate verify failed|No trusted CA|unable to get local issuer',
     'the trust anchors of the host lack the CA of the VOMS server or of the user',
     'Install the IGTF trust anchors (ca-policy-egi-core, ca-policy-lcg), and look whether their CRLs are up to date (fetch-crl).'),
    (r'None of the contacted servers|Connection refused|Connection timed out', 'no VOMS server of the VO answered',
     'Is its address in voms_endpoints right, and may the host connect to it?'),
    (r'bad write retry', 'the VOMS server broke off',
     'It does not accept the certificate: is it on a CRL, or is the clock of the host wrong?'),
    (r"Couldn't find valid credentials|Required permissions", 'the client cannot use the certificate and key',
     'The key must be owned by root, with mode 0400.'),
)


def reason(settings, now):
    """Why the proxy must be made, or None."""
    content = _files.read(settings['path'])
    if content is None:
        return 'there is no proxy %s' % settings['path']
    try:
        _proxy.refuse_faulty(_proxy.Proxy(content, settings['path']), settings['path'], settings['vo'], settings['hours'], True, now)
    except CrabError as error:
        return error.message.rstrip('.')
    return None


def refuse_credential(settings, passphrase, now):
    """Raise unless the user's certificate and key can be used: the client's own words for what is wrong with them are obscure."""
    certificate, key = settings['certificate'], settings['key']
    parsed = _x509.read_certificate(certificate)
    if parsed is None or not os.path.exists(key):
        raise CrabError('There is no file %s.' % (certificate if parsed is None else key), 'Give the certificate and key of the user to role voms.')
    if parsed.not_after <= now:
        raise CrabError('The certificate %s of %s expired at %s.' % (certificate, parsed.subject, _x509.iso(parsed.not_after)), 'Get a new one from the CA.')
    if parsed.not_after - now < settings['hours'] * 3600:
        raise CrabError('The certificate %s of %s ends at %s, and no proxy can outlive it.' % (certificate, parsed.subject, _x509.iso(parsed.not_after)),
                        'Get a new one from the CA.')
    code, output, errors = _x509.openssl(['pkey', '-in', key, '-pubout', '-passin', 'stdin'], passphrase + '\n')
    if code != 0 and not passphrase:
        raise CrabError('The key %s is encrypted, and there is no pass phrase.' % key, 'Set voms_credential_passphrase in a vault.')
    if code != 0:
        raise CrabError('The pass phrase does not open the key %s.' % key, 'Check voms_credential_passphrase.')
    if output.strip() != parsed.public_key:
        raise CrabError('The certificate %s does not match the key %s.' % (certificate, key), 'Name the two files of one certificate.')


def make(settings, passphrase, now):
    """(content, Proxy) of a new proxy that is really good, or CrabError. The settings are those of the module service_proxy."""
    refuse_credential(settings, passphrase, now)
    folder = tempfile.mkdtemp(prefix='crab-proxy-')     # 0700
    try:
        path = os.path.join(folder, 'proxy')
        code, said = _run_client(settings, passphrase, path)
        content = _files.read(path)
        if code != 0 or content is None:
            raise CrabError('%s failed (exit code %d): %s.' % ((CLIENT, code) + _cause(said)[:1]), _cause(said)[1])
        made = _proxy.Proxy(content, 'the new proxy')
        _proxy.refuse_faulty(made, 'The new proxy', settings['vo'], settings['hours'], True, now)
        if settings['role'] and not any(fqan.startswith(settings['role'] + '/') for fqan in made.fqans):
            raise CrabError('The new proxy has no %s but %s.' % (settings['role'], ', '.join(made.fqans)), 'Check voms_proxy_role.')
        fault = _x509.chain_fault(path, settings['ca_path'], proxy=True) if settings['ca_path'] else None
        if fault:
            raise CrabError('The new proxy cannot be used: %s.' % fault, 'Install the trust anchors of its CA, or empty voms_trust.')
        return content, made
    finally:
        shutil.rmtree(folder)


def _run_client(settings, passphrase, path):
    """(exit code, what it said). Certificate and key are named: as root the client would take those of the host, without a word."""
    environment = dict((name, value) for name, value in os.environ.items() if not name.startswith(('X509_', 'VOMS_')))
    environment.update(LC_ALL='C', X509_VOMS_DIR=settings['vomsdir'], X509_CERT_DIR=settings['ca_path'] or '/etc/grid-security/certificates')
    command = [CLIENT, '--voms', settings['vo'] + (':' + settings['role'] if settings['role'] else ''), '--valid', '%d:00' % settings['valid_hours'], '--rfc',
               '--bits', str(_x509.LEAST_BITS), '--vomses', settings['vomses_dir'], '--cert', settings['certificate'], '--key', settings['key'],
               '--out', path, '--pwstdin']
    mask = os.umask(0o077)
    try:
        return _process.run(command, passphrase + '\n', env=environment, close_fds=True)
    except OSError as error:
        raise CrabError('%s cannot be run: %s.' % (CLIENT, os.strerror(error.errno)), 'Let role voms install the client (voms_install).')
    finally:
        os.umask(mask)


def _cause(said):
    """(what is wrong, the next step) from the words of a client."""
    for pattern, meaning, hint in CAUSES:
        match = re.search(pattern, said)
        if match:
            return (meaning % match.group(1) if '%s' in meaning else meaning), hint
    lines = [line.strip() for line in said.splitlines() if re.search(r'[A-Za-z]{3}', line)]
    return ' / '.join(lines[-3:]).rstrip('.') or 'it said nothing', ''


def install(settings, content, check=False):
    """The proxy into its place; whether anything changed."""
    return _files.replace(settings['path'], content, owner=settings['owner'], group=settings['group'], mode=int(settings['mode'], 8), check=check)['changed']


def keep_in_step(settings, check=False):
    """Copies that hold an older proxy of the same person get the present one, with the owner and mode that they have; which ones did.

    Others are not ours: a service may show the certificate of the host instead.
    """
    content, changed = _files.read(settings['path']), []
    if content is None:
        return changed
    present = _proxy.Proxy(content, settings['path'])
    for path in settings['copies']:
        old = _files.read(path)
        if old is not None and old != content and _identity(old, path) == present.identity:
            _files.replace(path, content, check=check)
            changed.append(path)
    return changed


def _identity(content, path):
    try:
        return _proxy.Proxy(content, path).identity
    except CrabError:
        return None


def program():
    """The bytes of a Python program of one file that runs main(): a zip archive with the engines, the same bytes for the same engines."""
    modules = [sys.modules[__name__], _clock, _errors, _files, _process, _proxy, _text, _x509]
    package = 'ansible_collections/cmsweb/crab/plugins/module_utils'
    parts = package.split('/')
    files = dict(('/'.join(parts[:depth] + ['__init__.py']), '') for depth in range(1, len(parts) + 1))
    for module in modules:
        files['%s/%s.py' % (package, module.__name__.rsplit('.', 1)[1])] = inspect.getsource(module)
    files['__main__.py'] = 'import sys\nfrom ansible_collections.cmsweb.crab.plugins.module_utils._renewal import main\nsys.exit(main())\n'
    buffer = io.BytesIO()
    archive = zipfile.ZipFile(buffer, 'w', zipfile.ZIP_STORED)
    for name in sorted(files):
        archive.writestr(zipfile.ZipInfo(name, (2026, 1, 1, 0, 0, 0)), to_bytes(files[name]))
    archive.close()
    return buffer.getvalue()


def load(path):
    """The settings in a file, and the pass phrase in that which they name."""
    content = _files.read(path)
    if content is None:
        raise CrabError('There is no file %s.' % path, 'Run role voms with voms_credential_certificate.')
    settings = json.loads(content.decode('utf-8'))
    passphrase = _files.read(settings['passphrase_file']) if settings['passphrase_file'] else b''
    if passphrase is None:
        raise CrabError('There is no file %s.' % settings['passphrase_file'], 'Run role voms with voms_credential_passphrase.')
    return settings, to_native(passphrase.decode('utf-8')).rstrip('\n')


def renewed(settings, passphrase, now, force=False):
    """Make and install a new proxy if one is needed, then see to the copies. (reason or None, copies that were changed)"""
    why = reason(settings, now) or ('it was asked for' if force else None)
    if why:
        install(settings, make(settings, passphrase, now)[0])
    return why, keep_in_step(settings)


def status(settings, now):
    """One line for an operator."""
    content = _files.read(settings['path'])
    if content is None:
        return 'There is no proxy %s' % settings['path']
    try:
        proxy = _proxy.Proxy(content, settings['path'])
    except CrabError as error:
        return error.message
    ends = proxy.usable_until(True)
    left = (ends - now) / 3600.0
    return '%s of %s %s %s (%s), a new one is made with fewer than %d hours left' % (
        settings['path'], proxy.identity, 'lasts until' if left > 0 else 'ended at', _x509.iso(ends), '%.1f hours' % left, settings['hours'])


def _say(line):
    sys.stdout.write(to_native(line) + '\n')
    sys.stdout.flush()


def main(arguments=None):
    parser = argparse.ArgumentParser(description='Renew the VOMS proxy of the CMS services when it is about to end.')
    parser.add_argument('--settings', default=DEFAULT_SETTINGS, help='default: %(default)s')
    parser.add_argument('--force', action='store_true', help='make a new one in any case')
    parser.add_argument('--status', action='store_true', help='only say how long the present one lasts')
    options = parser.parse_args(arguments)
    settings = None
    try:
        settings, passphrase = load(options.settings)
        if not options.status:
            with open(options.settings) as held:
                fcntl.flock(held, fcntl.LOCK_EX)     # a play may be at it as well
                why, copies = renewed(settings, passphrase, _clock.now(), options.force)
            _say('Renewed, as %s.' % why if why else 'Nothing to renew.')
            for path in copies:
                _say('Also in %s.' % path)
        _say(status(settings, _clock.now()) + '.')
        return 0
    except CrabError as error:
        _say('FAILED: %s' % error)
        if settings:
            _say(status(settings, _clock.now()) + '.')
        return 1
