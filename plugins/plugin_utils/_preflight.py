# Copyright: (c) 2026, cmsweb.crab maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What can be known to be wrong with a role's variables without touching the host.

examine() templates the variables of a role and holds them against its argument_specs. What is more to check has one function for a role: its
variables in, a list of problems and a list of doubts out. Each names the variable and the cure.
"""

from __future__ import annotations

import contextlib
import functools
import inspect
import ipaddress
import json
import os
import re
import subprocess

from importlib import metadata
from urllib.parse import urlsplit

from ansible.errors import AnsibleError, AnsibleOptionsError, AnsibleUndefinedVariable
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible.module_utils.parsing.convert_bool import boolean
from ansible.parsing.dataloader import DataLoader

from ansible_collections.cmsweb.crab.plugins.lookup import crabserver_schema
from ansible_collections.cmsweb.crab.plugins.module_utils import (
    _accounts, _authmap, _clock, _dbconfig, _external, _proxy, _release, _renewal, _staticconfig, _venv, _x509,
)
from ansible_collections.cmsweb.crab.plugins.module_utils._errors import CrabError
from ansible_collections.cmsweb.crab.plugins.module_utils._schema import ddl, driver, source
from ansible_collections.cmsweb.crab.plugins.plugin_utils import _wheels

ROLES = os.path.join(os.path.dirname(__file__), '..', '..', 'roles')
# From ansible-core 2.19 on, only what comes from a trusted place is a template.
TRUSTED = {'trusted_as_template': True} if 'trusted_as_template' in inspect.signature(DataLoader.load_from_file).parameters else {}
HOST_NAME = re.compile(r'^(?=.{1,253}$)[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)+$', re.IGNORECASE)
HG_TAG = re.compile(r'^HG\d{4}[a-z]\d*$')
SERVER_NAME = re.compile(r'^[a-z]([a-z0-9-]{0,61}[a-z0-9])?$')
METADATA_LENGTH = 255
PLACEHOLDER = re.compile(r'^(|CHANGE_?ME|FIXME|\*+)$', re.IGNORECASE)


def examine(role, variables, templar, unset):
    """(problems, doubts) of a role's variables.

    :param variables: all variables by name. A role that is included later has not brought its defaults and vars yet.
    :param unset: names of variables that others are made from and that nobody has set, with the names of those others; is added to.
    """
    specs = _read(role, 'meta', 'argument_specs.yml')['argument_specs']['main']['options']
    variables = {**_read(role, 'defaults'), **_read(role, 'vars'), **variables}
    with _with_variables(templar, variables) as template:
        values, problems = _values(role, specs, variables, template, unset)
    if problems or len(values) < len(specs):
        return problems, []
    function = CHECKS.get(role)
    problems, doubts = function(values) if function else ([], [])
    if is_single(variables, templar.template):
        problems += _needs_root(role, values, templar.template(variables.get('crab_user', variables.get('ansible_user', ''))))
    return problems, doubts


@contextlib.contextmanager
def _with_variables(templar, variables):
    """The template function of a templar that has other variables meanwhile.

    A copy of the templar would not do: in ansible-core 2.16, its lookups have the variables of the first.
    """
    before, templar.available_variables = templar.available_variables, variables
    try:
        yield templar.template
    finally:
        templar.available_variables = before


# Those of the crab_* variables that are secret, and that playbooks also use without a role.
SECRETS = ('crab_database_password', 'crab_new_database_password')
REFERENCE = re.compile(r'^\s*{{\s*(\w+)\s*}}\s*$')


def secret_problems(variables, template, unset):
    """The secrets that are taken for templates and are none: the task that uses one would show it in its error. One that is made from a variable that
    nobody has set is added to unset, as in examine()."""
    problems = []
    for name in SECRETS:
        try:
            template(variables.get(name))
        except AnsibleError as error:
            missing = REFERENCE.match(variables[name])
            if missing and isinstance(error, AnsibleUndefinedVariable):
                unset.setdefault(missing.group(1), []).append(name)
            else:
                problems.append('%s cannot be made up: its value is secret. One with {{, {%% or {# in it is written !unsafe "...".' % name)
    return problems


def is_single(variables, template):
    """Whether everything is to belong to one account, and nothing is done as root."""
    return boolean(template(variables.get('crab_single_account', False)), strict=False)


# Role, variable, what it must not be, and why, in single-account mode.
ROOT_ONLY = (
    ('gridcert', 'gridcert_issuer', lambda value: value == 'cern_autoenroll', 'cern-get-certificate needs root. Choose another issuer, such as csr_manual.'),
    ('voms', 'voms_install', bool, 'to install packages needs root. Set it to false.'),
    ('voms', 'voms_credential_certificate', bool, 'to renew a proxy on the host needs root. Make the proxy on this machine, and name it in voms_proxy_file.'),
    ('hgdeploy', 'hgdeploy_packages', bool, 'to install packages needs root. Empty it, and ask who administers the host.'),
    ('hgdeploy', 'hgdeploy_reboot', bool, 'to reboot needs root. Set it to false.'),
    ('service', 'service_by', lambda value: value != 'manage', 'services of systemd and init scripts are those of root. Write manage.'),
    ('verify', 'verify_url', lambda value: _port(value) < FREE_PORT, 'nobody but root can listen on that port. Write the one that Deploy configures, 8443.'),
)
OWNERS = ('crabserver_config_owner', 'crabserver_config_service_owner', 'voms_proxy_owner')
PATHS = ('gridcert_certificate', 'gridcert_key', 'gridcert_data_certs', 'voms_proxy_path', 'service_helper', 'hgdeploy_checkout')
OF_THE_MACHINE = ('/etc/', '/usr/', '/data/certs')
FREE_PORT = 1024


def _needs_root(role, values, user):
    """What cannot be had where everything is done by one account."""
    problems = ['%s: crab_single_account is true, and %s' % (name, why) for of, name, wrong, why in ROOT_ONLY if of == role and wrong(values[name])]
    problems += ['%s: crab_single_account is true, and nobody but root can write %s. Leave it out, or name a file of the account.' % (name, values[name])
                 for name in PATHS if str(values.get(name, '')).startswith(OF_THE_MACHINE)]
    problems += ['%s: crab_single_account is true, and everything belongs to %s. Leave it out.' % (name, user or 'one account')
                 for name in OWNERS if values.get(name) not in (None, '', user)]
    port = values.get('crabserver_config_settings', {}).get('main.port')
    if isinstance(port, int) and port < FREE_PORT:
        problems.append('crabserver_config_settings: crab_single_account is true, and nobody but root can listen on main.port %d. Choose one from %d on.'
                        % (port, FREE_PORT))
    return problems


def account_problems(single, user, root, login, owner, group):
    """What the host tells against the wanted mode.

    :param user: the account that everything is to belong to, or that deploys
    :param login: the account that tasks run as on the host
    :param owner: with group, whose the folder .deploy of the tree in root is; None where nothing is deployed
    """
    if single and login == 'root':
        return ['ansible_user: with crab_single_account everything would run as root. Log in as another account, or set crab_single_account to false.']
    if single and user != login:
        return ['crab_user: it is %s, and the host is reached as %s. With crab_single_account, log in as the account that everything is to belong to.'
                % (user, login)]
    fault = _accounts.fault(root, None if group == _accounts.SHARED else owner, user, single) if owner else None
    return [' '.join(fault)] if fault else []


def _port(url):
    try:
        parts = urlsplit(url)
        return parts.port or (80 if parts.scheme == 'http' else 443)
    except ValueError:
        return FREE_PORT    # no URL, which is named by others


@functools.lru_cache(maxsize=None)
def _read(role, folder, name='main.yml'):
    """A file of a role, as Ansible reads it: what is a template there is one here."""
    path = os.path.join(ROLES, role, folder, name)
    return (DataLoader().load_from_file(path, **TRUSTED) or {}) if os.path.exists(path) else {}


def _values(role, specs, variables, template, unset):
    """The role's variables by name, templated, and what its argument_specs say against them."""
    values, problems = {}, []
    for name, option in specs.items():
        if name not in variables:
            if option.get('required'):
                problems.append('%s is not set. %s' % (name, _sentence(option)))
            continue
        try:
            values[name] = json.loads(json.dumps(template(variables[name])))   # plain types, as modules get them
        except AnsibleUndefinedVariable as error:
            for missing in dict.fromkeys(re.findall(r"'(\w+)' is undefined", str(error))):
                unset.setdefault(missing, []).append(name)
        except AnsibleError as error:
            problems.append('%s cannot be made up: %s' % (name, 'its value is secret' if option.get('no_log') else first_line(error)))
    if problems or len(values) < len(specs):
        return values, problems
    validation = ArgumentSpecValidator(specs).validate(values)
    secret = any(specs[name].get('no_log') and name in message for name in specs for message in validation.error_messages)
    for message in validation.error_messages:
        problems.append('role %s: %s' % (role, 'a secret variable has the wrong type' if secret else message))
    return dict(values, **{name: value for name, value in validation.validated_parameters.items() if name in values}), problems


def _sentence(option):
    """The first sentence of the description: what the variable is for."""
    text = option.get('description') or ''
    return text[0] if isinstance(text, list) else text


def first_line(error):
    """The first line of what Ansible raised, without its full stop."""
    message = str(getattr(error, 'message', '') or error).strip().splitlines()
    return (message[0] if message else error.__class__.__name__).rstrip('.')


def check_vm(values):
    if not values['vm_cloud']:
        return [], []
    problems = []
    if not SERVER_NAME.match(values['vm_name']):
        problems.append('vm_name: %s is no name for a server. Write 1 to 63 lower-case letters, digits and dashes, the first a letter, the last no dash: '
                        'the name in the DNS is made from it.' % values['vm_name'])
    for family, pattern in values['vm_image_patterns'].items():
        try:
            re.compile(pattern)
        except re.error as error:
            problems.append('vm_image_patterns.%s is no regular expression: %s.' % (family, error))
    for key, value in values['vm_metadata'].items():
        if value is None or isinstance(value, (dict, list)):
            problems.append('vm_metadata.%s is no string. Write one; several aliases are separated by commas.' % key)
        elif len(str(value)) > METADATA_LENGTH:
            problems.append('vm_metadata.%s has %d characters, and OpenStack takes %d.' % (key, len(str(value)), METADATA_LENGTH))
    if values['vm_state'] == 'present' and values['vm_public_key']:
        problems += _missing_files(values, 'vm_public_key')
    return problems + _sdk_problems(), []


def _sdk_problems():
    try:
        version = metadata.version('openstacksdk')
    except metadata.PackageNotFoundError:
        version = 'none'
    numbers = [int(number) for number in re.findall(r'\d+', version)[:2]]
    if not [1, 5] <= numbers < [4, 15]:
        return ["vm_cloud: the controller has %s of openstacksdk, and openstack.cloud needs one from 1.5 to 4.14. Install it for Ansible's Python: "
                "pip install 'openstacksdk>=1.5,<4.15'." % version]
    return []


def check_gridcert(values):
    problems = []
    if not HOST_NAME.match(values['gridcert_fqdn']):
        problems.append('gridcert_fqdn: %s is no full name of a host. Write it as `hostname -f` prints it there, such as crab-vm.example.org, in the inventory '
                        'or in crab_fqdn.' % values['gridcert_fqdn'])
    if values['gridcert_pkcs12'] and not values['gridcert_pkcs12_password']:
        problems.append('gridcert_pkcs12_password is empty, and a PKCS12 archive needs one. Set it in a vault, or empty gridcert_pkcs12.')
    return problems + ISSUERS[values['gridcert_issuer']](values), []


def _check_ownca(values):
    return _missing_files(values, 'gridcert_ownca_certificate', 'gridcert_ownca_key')


def _check_acme(values):
    if not re.match(r'^https?://', values['gridcert_acme_directory']):
        return ['gridcert_acme_directory: %r is no URL. Give that of the directory of an ACME server.' % values['gridcert_acme_directory']]
    return []


def _check_csr_manual(values):
    if not values['gridcert_provided_certificate']:
        return ['gridcert_provided_certificate is not set. Name the file on the controller where you will save the certificate that the CA sends.']
    if values['gridcert_provided_key']:
        return ['gridcert_provided_key: with issuer csr_manual the key is made on the host. Empty it, or choose issuer provided.']
    return []


def _check_provided(values):
    names = [name for name in ('gridcert_provided_certificate', 'gridcert_provided_key') if values[name]]
    problems = _missing_files(values, *names)
    if values['gridcert_provided_key'] and not values['gridcert_provided_certificate']:
        problems.append('gridcert_provided_certificate: gridcert_provided_key is set without it. Name the file with the certificate of that key.')
    if not problems and values['gridcert_provided_certificate']:
        problems += _guarded('gridcert_provided_certificate', lambda: _refuse_certificate(values))
    if not problems and len(names) == 2:
        problems += _guarded('gridcert_provided_key', lambda: _x509.check_pair(
            values['gridcert_provided_certificate'], values['gridcert_provided_key']))
    return problems


ISSUERS = {'provided': _check_provided, 'csr_manual': _check_csr_manual, 'acme': _check_acme, 'ownca': _check_ownca, 'cern_autoenroll': lambda values: []}


def _refuse_certificate(values):
    path = os.path.expanduser(values['gridcert_provided_certificate'])
    fault = _x509.fault(_x509.read_certificate(path), values['gridcert_fqdn'], _clock.now())
    if fault:
        raise CrabError('%s cannot be used: %s.' % (path, fault), 'Name another certificate, or check gridcert_fqdn.')


def check_voms(values):
    """A proxy that has ended is only a doubt: the one on the host may still be good, and then it stays."""
    if values['voms_credential_certificate']:
        return _credential_problems(values), []
    if not values['voms_proxy_file']:
        return [], []
    problems = _missing_files(values, 'voms_proxy_file')
    if problems:
        return problems, []
    with open(os.path.expanduser(values['voms_proxy_file']), 'rb') as source:
        content = source.read()
    return [], _guarded('voms_proxy_file', lambda: _proxy.refuse_faulty(
        _proxy.Proxy(content, values['voms_proxy_file']), values['voms_proxy_file'], values['voms_vo'], values['voms_proxy_hours'], True,
        _clock.now()))


def _credential_problems(values):
    if values['voms_proxy_file']:
        return ['voms_proxy_file: voms_credential_certificate is set as well. Either install that proxy, or have one made on the host: empty one of them.']
    if values['voms_proxy_hours'] >= values['voms_proxy_valid_hours']:
        return ['voms_proxy_hours: %d is not less than voms_proxy_valid_hours, %d. Every proxy would be too old at once.' % (
            values['voms_proxy_hours'], values['voms_proxy_valid_hours'])]
    settings = {'certificate': os.path.expanduser(values['voms_credential_certificate']), 'key': os.path.expanduser(values['voms_credential_key']),
                'hours': values['voms_proxy_hours']}
    return _missing_files(values, 'voms_credential_certificate', 'voms_credential_key') or _guarded(
        'voms_credential_certificate', lambda: _renewal.refuse_credential(settings, values['voms_credential_passphrase'], _clock.now()))


def check_myproxy(values):
    if values['myproxy_registration'] != 'mail':
        return [], []
    return ['%s is not set, and myproxy_registration is mail.' % name for name in ('myproxy_mail_to', 'myproxy_mail_from') if not values[name]], []


def check_hgdeploy(values):
    tag, repository = values['hgdeploy_version'], values['hgdeploy_deployment_repository']
    if not HG_TAG.match(tag):
        return ['hgdeploy_version: %s is no HG tag. Write one such as HG1803f.' % tag], []
    return _look_for_tag('hgdeploy_version', 'HG tag', tag, repository)


def check_venv_install(values):
    version, address = values['venv_install_version'], values['venv_install_address']
    pins = values['venv_install_packages'] + [name for name in [values['venv_install_driver']] if name]
    if not values['venv_install_packages']:
        return ['venv_install_version: %s is no release that a virtual environment is known for. Name a tag of CRABServer from v3.211222 on, '
                'or the packages that it needs in venv_install_packages.' % version], []
    problems = _guarded('venv_install_version, _packages, _environment or _header_key', lambda: _venv.Release(
        values['venv_install_root'], version, values['venv_install_user'], values['venv_install_repository'], pins, values['venv_install_python'],
        values['venv_install_python_path'], values['venv_install_environment'], address, values['venv_install_log_days'],
        values['venv_install_header_key']))
    try:
        ipaddress.IPv4Address(address)
    except ValueError:
        problems.append('venv_install_address: %s is no IPv4 address. Write one of the host, such as 127.0.0.1, in crab_address.' % address)
    if values['venv_install_wheelhouse']:
        missing = _wheels.find(values['venv_install_wheelhouse'], pins)[1]
        if missing:
            problems.append('venv_install_wheelhouse: %s has no wheel of %s. "pip wheel --use-pep517 --no-deps -w FOLDER NAME==VERSION" on a host of the '
                            'same kind makes it.'
                            % (values['venv_install_wheelhouse'], ', '.join(missing)))
    found, doubts = _look_for_tag('venv_install_version', 'tag', version, values['venv_install_repository'])
    return problems + found, doubts


def _look_for_tag(name, kind, tag, repository):
    """Whether a git repository has a tag; a doubt, if it cannot be reached from here."""
    command = ['git', 'ls-remote', '--tags', repository, 'refs/tags/' + tag]
    try:
        answer = subprocess.run(command, capture_output=True, text=True, timeout=30, stdin=subprocess.DEVNULL, check=False,
                                env=dict(os.environ, GIT_TERMINAL_PROMPT='0'))
    except (OSError, subprocess.TimeoutExpired) as error:
        return [], ['Whether the %s %s exists was not checked: %s' % (kind, tag, error.__class__.__name__)]
    if answer.returncode != 0:
        said = answer.stderr.strip().splitlines()
        return [], ['Whether the %s %s exists was not checked: %s' % (kind, tag, said[-1] if said else 'git ls-remote failed')]
    if not answer.stdout.strip():
        return ['%s: %s has no tag %s. Choose one of those that git ls-remote --tags lists.' % (name, repository, tag)], []
    return [], []


def check_crabserver_config(values):
    problems, doubts = _check_external(values)
    problems += _check_settings(values)
    if values['crabserver_config_instance'] not in values['crabserver_config_instances']:
        problems.append('crabserver_config_instance: %s is no key of crabserver_config_instances. Requests for it would end with 404 No such instance.'
                        % values['crabserver_config_instance'])
    for name, instance in values['crabserver_config_instances'].items():
        for method, account in (instance.get('accounts') or {}).items():
            if PLACEHOLDER.match(str(account.get('password') or '')):
                problems.append('crabserver_config_instances.%s.accounts.%s.password is empty or a placeholder. Set crab_database_password in a vault.'
                                % (name, method))
    if not problems:
        problems += _guarded('crabserver_config_instances', lambda: _dbconfig.configure(
            None, 'CRABServerAuth.py', values['crabserver_config_instances'], values['crabserver_config_s3'] or None))
    return problems, doubts


def _check_external(values):
    """The external configuration: ours against the era, or the link to that of somebody else."""
    external, url, schedds = (values['crabserver_config_external' + part] for part in ('', '_url', '_schedds'))
    release, mode = values['crabserver_config_release'], values['crabserver_config_mode']
    try:
        reads_url = not release or _release.reads(release, 'extconfigurl')
        era = _external.era_for(release, values['crabserver_config_external_era'] or None, external) if external else None
    except CrabError as error:
        return ['crabserver_config_release, crabserver_config_external_era: %s' % error], []
    errors, unknown, _warnings = _external.examine(external, era) if external else ([], [], [])
    warned = ['crabserver_config_external: ' + text for text in unknown] if values['crabserver_config_external_unknown_keys'] == 'warn' else []
    problems = ['crabserver_config_external: ' + text for text in errors + ([] if warned else unknown)]
    modes = _external.mode_names(external) if external and not problems else []
    if modes and mode not in modes:
        problems.append('crabserver_config_mode: %s is no mode of crabserver_config_external (%s). crabserver would not start.' % (mode, ', '.join(modes)))
    if schedds:
        problems += ['crabserver_config_external_schedds: ' + problem for problem in _external.validate(schedds, 'schedds')]
        problems += ['crabserver_config_external: ' + problem for problem in ([] if problems else _external.unknown_schedds(external, schedds))]
    if reads_url and not re.match(r'^https?://[^\s/]+/', url):
        problems.append('crabserver_config_external_url: %s is no http or https URL, and crabserver fetches no other.' % url)
    pinned = _external.pinned_revision(url) if reads_url else None
    return problems, warned + (['crabserver_config_external_url: %s' % pinned] if pinned else [])


def _check_settings(values):
    """What the release needs in config.py and nothing but a setting can bring."""
    settings, release = values['crabserver_config_settings'], values['crabserver_config_release']
    problems = _guarded('crabserver_config_settings', lambda: _staticconfig.check_release_keys(_staticconfig.wanted(settings), release or None))
    if release and not problems and _release.reads(release, 's3_bucket') and 'data.s3_bucket' not in settings:
        problems.append('crabserver_config_settings: CRABServer %s does not start without data.s3_bucket. Name the bucket of its S3 store.' % release)
    return problems


def check_oracle_schema(values):
    problems = []
    if PLACEHOLDER.match(values['oracle_schema_password']):
        problems.append('oracle_schema_password is empty or a placeholder. Set crab_database_password in a vault.')
    problems += _guarded('oracle_schema_dsn', lambda: driver.refuse_account_in(values['oracle_schema_dsn']))
    problems += _missing_files(values, *[name for name in ('oracle_schema_tnsnames', 'oracle_schema_script') if values[name]])
    for path, value in values['oracle_schema_backfill'].items():
        problems += _guarded('oracle_schema_backfill', lambda name=path, text=value: ddl.parse_value(text, name))
    problems += _guarded('oracle_schema_checkout', lambda: source.schema_of(crabserver_schema.read(
        os.path.expanduser(values['oracle_schema_checkout']), values['oracle_schema_tag']), repair=values['oracle_schema_repair']))
    return problems, []


def check_frontend_auth(values):
    return _guarded('frontend_auth_users', lambda: _authmap.checked(values['frontend_auth_users'])), []


def check_verify(values):
    names = [name for name in ('verify_certificate', 'verify_key', 'verify_ca') if values[name]]
    return _missing_files(values, *names), []


CHECKS = {
    'vm': check_vm,
    'gridcert': check_gridcert,
    'voms': check_voms,
    'myproxy': check_myproxy,
    'hgdeploy': check_hgdeploy,
    'venv_install': check_venv_install,
    'crabserver_config': check_crabserver_config,
    'oracle_schema': check_oracle_schema,
    'frontend_auth': check_frontend_auth,
    'verify': check_verify,
}


def _missing_files(values, *names):
    """Files on the controller that a role will read."""
    problems = []
    for name in names:
        path = os.path.expanduser(values[name])
        if not path:
            problems.append('%s is not set. Name a file on the controller.' % name)
        elif not os.path.isfile(path):
            problems.append('%s: there is no file %s on the controller.' % (name, path))
        elif not os.access(path, os.R_OK):
            problems.append('%s: %s cannot be read by the account that runs ansible-playbook.' % (name, path))
    return problems


def _guarded(name, function):
    """What an engine raises, with the variable in front."""
    try:
        function()
    except (CrabError, AnsibleOptionsError) as error:
        return ['%s: %s' % (name, error)]
    return []
