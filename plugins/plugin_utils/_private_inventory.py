# Copyright: (c) 2026, cmsweb.crab maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The inventory of a private installation, from the answers to ten questions.

The files are those of inventories/private or inventories/el9, with the answers in place of what stands there: what a variable means, and which there
are, is written in one place. Whether an answer is good is known to preflight, which checks the roles that an answer is a variable of.
"""

from __future__ import annotations

import copy
import getpass
import json
import os
import re

from dataclasses import dataclass

import yaml

from ansible_collections.cmsweb.crab.plugins.module_utils import _files, _proxy, _release
from ansible_collections.cmsweb.crab.plugins.module_utils._errors import CrabError

INVENTORIES = os.path.join(os.path.dirname(__file__), '..', '..', 'inventories')
ISSUERS = ('provided', 'csr_manual', 'cern_autoenroll')
SOFTWARE = {'hg': 'hgdeploy', 'venv': 'venv_install'}
# In the place of what is not asked yet, so that what preflight minds is the answer at hand.
UNASKED = {'host': 'crab-vm.example.org', 'user': 'crab', 'version': 'HG1803f', 'release': '3.3.1803.patch3', 'instance': 'dev', 'mode': 'cmsweb-dev',
           'issuer': 'provided', 'dsn': 'devdb11', 'database_user': 'crab', 'database_password': 'unasked', 'dn': '/CN=unasked', 'login': 'unasked',
           'taskworker_dn': '/CN=unasked', 'schedd': 'crab3@schedd.example.org', 'collector': 'unasked', 's3_bucket': 'unasked', 's3_access_key': 'unasked',
           's3_secret_key': 'unasked'}


@dataclass(frozen=True)
class Question:
    """One answer. Some belong together: the user sees them under one number."""

    number: int
    name: str
    text: str
    roles: tuple = ()           # a part of whose variables it is
    default: str | None = None  # none: an answer is needed
    secret: bool = False
    path: bool = False


def way(answers):
    """How the software is installed: an HG tag is one of dmwm/deployment, a release goes into a virtual environment."""
    return 'venv' if re.match(r'v\d', answers.get('version') or '') else 'hg'


def release(answers):
    """The CRABServer release."""
    return answers['version'] if way(answers) == 'venv' else answers['release']


def questions(answers):
    """The questions in their order, as far as the answers tell which there are; defaults are made from the answers before."""
    own, issuer = way(answers), answers.get('issuer')
    config = ('crabserver_config',)
    found = [
        Question(1, 'host', 'Full name of the host, as `hostname -f` prints it there', ('gridcert',)),
        Question(1, 'user', 'Account there that you log in with; it needs sudo without a password', (), getpass.getuser()),
        Question(2, 'version', 'Software: an HG tag of dmwm/deployment for CC7, or a release of dmwm/CRABServer such as v3.260819 for EL9', (SOFTWARE[own],),
                 'HG1803f'),
    ]
    if own == 'hg':
        found.append(Question(2, 'release', 'CRABServer release in that HG tag', config, '3.3.1803.patch3'))
    found.append(Question(3, 'instance', 'Database instance: the part of the URL behind /crabserver/', config, 'dev'))
    if own == 'hg':
        found.append(Question(3, 'mode', 'Mode: the key of the external configuration', config, 'cmsweb-dev'))
    found += [
        Question(4, 'proxy', 'File with your VOMS proxy (voms-proxy-init --voms cms --valid 192:00)', ('voms',), '/tmp/x509up_u%d' % os.getuid(), path=True),
    ]
    if own == 'hg':
        found += [Question(5, 'dn', 'Your DN', ('frontend_auth',), identity(answers.get('proxy'))),
                  Question(5, 'login', 'Your login name at CERN', ('frontend_auth',), login(answers.get('dn')))]
    found += [
        Question(6, 'checkout', 'Folder with a checkout of dmwm/CRABServer at that release', ('oracle_schema',), os.path.expanduser('~/CRABServer'), path=True),
        Question(7, 'dsn', 'Database: host:port/service, or a name of tnsnames.ora', ('oracle_schema',), 'devdb11'),
        Question(7, 'database_user', 'Account of the database', config, 'crab3_%s' % (answers.get('login') or answers.get('user'))),
        Question(8, 'database_password', 'Password of that account', config + ('oracle_schema',), secret=True),
        # Whether it goes with a certificate can be said only after the next answer.
        Question(9, 'issuer', 'Host certificate: provided (you have it, or the host has), csr_manual (a request to send to a CA), '
                 'cern_autoenroll (the host asks CERN)', (), 'provided'),
    ]
    if issuer == 'provided':
        found.append(Question(9, 'certificate', 'File with the host certificate; empty if the host has certificate and key already', ('gridcert',), '',
                              path=True))
    if issuer == 'provided' and answers.get('certificate'):
        found.append(Question(9, 'key', 'File with its key', ('gridcert',), re.sub(r'cert(?=[^/]*$)', 'key', answers['certificate']), path=True))
    if issuer == 'csr_manual':
        found.append(Question(9, 'certificate', 'File in which you will save the certificate that the CA sends', ('gridcert',),
                              os.path.expanduser('~/hostcert.pem'), path=True))
    found.append(Question(10, 'taskworker_dn', 'DN of the TaskWorker that may act for users', config,
                          '/DC=ch/DC=cern/OU=computers/CN=%s' % answers.get('host')))
    if own == 'hg':
        return found + [Question(10, 'schedd', 'Schedd, as condor_status -schedd shows it', config),
                        Question(10, 'collector', 'Collectors of its HTCondor pool, separated by commas', config)]
    return found + [Question(10, 's3_bucket', 'Bucket of the S3 store', config, 'crabcache_dev'),
                    Question(10, 's3_access_key', 'Access key of the S3 store', config),
                    Question(10, 's3_secret_key', 'Secret key of the S3 store', config, secret=True)]


def fault(question, answers):
    """What no role knows to be wrong with an answer, or None."""
    answer = answers[question.name]
    if not answer and question.default != '':
        return 'An answer is needed.'
    if not question.secret and re.search(r'\{[{%#]', answer):
        return '{{, {% and {# are templates to Ansible. Write the inventory by hand if it really has them.'
    if question.name == 'issuer' and answer not in ISSUERS:
        return 'Write one of %s. The other issuers have more variables: change gridcert_issuer afterwards.' % ', '.join(ISSUERS)
    if question.name == 'user' and not re.match(r'[a-z_][a-z0-9_.-]*$', answer):
        return '%s is no account: lower-case letters, digits and _.- are.' % answer
    if question.name in ('version', 'release') and way(answers) == ('venv' if question.name == 'version' else 'hg'):
        return _era_fault(answers)
    return None


def _era_fault(answers):
    wanted = {'hg': ('keyed', 'both'), 'venv': ('none',)}[way(answers)]
    try:
        era = _release.era_of(release(answers))
    except CrabError as error:
        return str(error)
    if era not in wanted:
        return ('The external configuration of CRABServer %s has another shape (%s). Copy inventories/private, and see module external_config for it.'
                % (release(answers), era))
    return None


def identity(path):
    """The DN of a proxy's owner, or None."""
    try:
        return _proxy.Proxy(_files.read(os.path.expanduser(path or '')) or b'', path).identity
    except CrabError:
        return None


def login(dn):
    """The login in a DN of CERN's CA, .../CN=login/CN=number/CN=name, or None."""
    names = re.findall(r'/CN=([^/]*)', dn or '')
    return names[0] if len(names) == 3 and re.match(r'[a-z0-9._-]+$', names[0]) else None


def variables(answers):
    """(variables of the group crab, secret variables of the vault) with their values."""
    known = dict(UNASKED, **{name: answer for name, answer in answers.items() if answer is not None})
    issuer, own = known['issuer'], way(answers)
    found = {
        'crab_release': release(known), 'crab_instance': known['instance'],
        'crab_database_dsn': known['dsn'], 'crab_database_user': known['database_user'],
        'gridcert_issuer': issuer, 'gridcert_provided_certificate': known.get('certificate', ''),
        'gridcert_provided_key': known.get('key', '') if issuer == 'provided' else '',
        'voms_proxy_file': known.get('proxy', ''), 'oracle_schema_checkout': known.get('checkout', ''),
    }
    secrets = {'vault_crab_database_password': known['database_password']}
    if own == 'hg':
        external = copy.deepcopy(yaml.safe_load(_example(own))['crabserver_config_external']['cmsweb-dev'])
        external['delegate-dn'] = [known['taskworker_dn']]
        external['backend-urls'].update({'htcondorSchedds': {known['schedd']: {}}, 'htcondorPool': known['collector']})
        external = json.loads(json.dumps(external).replace('{{ inventory_hostname }}', known['host']))
        found.update({
            'frontend_auth_users': [{'dn': known['dn'], 'login': known['login'], 'name': re.split(r'/[A-Za-z]+=', known['dn'])[-1],
                                     'roles': {'operator': ['group:crab3']}}],
            'crab_hg_version': known['version'], 'crab_mode': known['mode'], 'crabserver_config_external': {known['mode']: external},
            'vm_metadata': {'landb-description': 'CRAB REST', 'landb-mainuser': known['login'], 'landb-responsible': known['login']},
        })
    else:
        settings = yaml.safe_load(_example(own))['crabserver_config_settings']
        found['crabserver_config_settings'] = dict(settings, **{'data.s3_bucket': known['s3_bucket'], 'data.delegateDN': known['taskworker_dn']})
        found['crabserver_config_s3'] = {'access_key': known['s3_access_key'], 'secret_key': '{{ vault_crab_s3_secret_key }}'}
        secrets['vault_crab_s3_secret_key'] = known['s3_secret_key']
    return found, secrets


def checked(answers):
    """The variables as the roles get them, with the secrets in their places; nothing in it is a template."""
    found, secrets = variables(answers)
    found.update(crab_install=way(answers), crab_database_password=secrets['vault_crab_database_password'],
                 inventory_hostname=answers.get('host') or UNASKED['host'], ansible_user=answers.get('user') or UNASKED['user'])
    if 'crabserver_config_s3' in found:
        found['crabserver_config_s3'] = dict(found['crabserver_config_s3'], secret_key=secrets['vault_crab_s3_secret_key'])
    return found


def files(answers):
    """Path in the folder to text, and the text of the vault before it is encrypted."""
    found, secrets = variables(answers)
    text = _example(way(answers))
    for name, value in found.items():
        text = _with(text, name, value)
    python = {'hg': '/usr/bin/python2.7', 'venv': '/usr/bin/python3'}[way(answers)]
    hosts = {'all': {'children': {'crab': {'hosts': {answers['host']: {'ansible_user': answers['user'], 'ansible_python_interpreter': python}}}}}}
    vault = '---\n' + ''.join(_dump({name: _Unsafe(value)}) for name, value in secrets.items())
    return {'hosts.yml': '---\n# Written by cmsweb.crab.init.\n' + _dump(hosts), 'group_vars/crab/main.yml': text}, vault


def _example(own):
    path = os.path.join(INVENTORIES, {'hg': 'private', 'venv': 'el9'}[own], 'group_vars', 'crab', 'main.yml')
    return _files.read(path).decode('utf-8')


def _with(text, name, value):
    """The text of a YAML file with another value of a variable; the lines around it, and its comment, stay."""
    lines = text.splitlines(True)
    first = next((index for index, line in enumerate(lines) if line.startswith(name + ':')), None)
    if first is None:
        raise CrabError('The example inventory has no %s.' % name)
    end = first + 1
    while end < len(lines) and lines[end].startswith((' ', '\t')):
        end += 1
    return ''.join(lines[:first]) + _dump({name: value}) + ''.join(lines[end:])


class _Unsafe(str):
    """A text that Ansible shall take as it is, whatever is in it."""


class _Dumper(yaml.SafeDumper):
    """Lists are indented, as yamllint wants them."""

    def increase_indent(self, flow=False, indentless=False):
        return super().increase_indent(flow, False)

    def ignore_aliases(self, data):
        return True


_Dumper.add_representer(_Unsafe, lambda dumper, text: dumper.represent_scalar('!unsafe', str(text), style='"'))


def _dump(value):
    return yaml.dump(value, Dumper=_Dumper, default_flow_style=False, sort_keys=False, allow_unicode=True, width=160)
