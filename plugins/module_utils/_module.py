# Copyright: (c) 2026, cmsweb.crab maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The edge between Ansible and the engines: arguments in, result, diff or one clear failure out."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.cmsweb.crab.plugins.module_utils import _files
from ansible_collections.cmsweb.crab.plugins.module_utils._errors import CrabError
from ansible_collections.cmsweb.crab.plugins.module_utils._text import to_native

WRITE_ARGUMENTS = {
    'owner': {'type': 'str'},
    'group': {'type': 'str'},
    'mode': {'type': 'raw'},
    'backup': {'type': 'bool', 'default': False},
}


def run(act, argument_spec, **options):
    """Run a module: ``act(params, check)`` returns the result, or raises CrabError.

    :param act: function of the parameters (dict) and the check mode (bool).
    :param options: further arguments of AnsibleModule, such as required_one_of; or ``secrets``, a function of the parameters that
        gives the texts to hide. A no_log parameter that is a dict hides every value in it, numbers included, wherever it occurs in
        the result; a module that has such a one names the real secrets with this.
    """
    secrets = options.pop('secrets', None)
    module = AnsibleModule(argument_spec=argument_spec, supports_check_mode=True, **options)
    if secrets is not None:
        module.no_log_values = set(to_native(value) for value in secrets(module.params) if value)
    try:
        result = act(module.params, module.check_mode)
    except CrabError as error:
        module.fail_json(msg=error.args[0], **_without_warnings(module, error.result))
    module.exit_json(**_without_warnings(module, result))


def _without_warnings(module, result):
    """The result, its warnings given by the module itself: ansible-core 2.23 takes none in a result."""
    for text in result.get('warnings', []):
        module.warn(text)
    return dict((name, value) for name, value in result.items() if name != 'warnings')


def permission_bits(mode, name='mode'):
    """0440, '0440' or '440' as an int; None stays None."""
    if mode is None:
        return None
    try:
        bits = mode if isinstance(mode, int) else int(str(mode), 8)
    except ValueError:
        bits = -1
    if not 0 <= bits <= 0o7777:
        raise CrabError("%s: %r is no octal mode." % (name, mode), "Write it in quotes, for example '0440'.")
    return bits


def write_options(params):
    """The keyword arguments of _files.replace from the parameters of WRITE_ARGUMENTS."""
    return {'owner': params['owner'], 'group': params['group'], 'mode': permission_bits(params['mode']), 'backup': params['backup']}


def write_file(params, check, path, old, new, mask=None):
    """Replace a file as the parameters of WRITE_ARGUMENTS say: the part of the result that is the same for every module.

    :param old: the bytes that are there, or None.
    :param new: the bytes that shall be there.
    :param mask: function of bytes that gives them without secrets, for the diff.
    :returns: dict(changed, diff, and backup_file if one was made)
    """
    done = _files.replace(path, new, check=check, **write_options(params))
    result = {'changed': done['changed'], 'diff': text_diff(path, old, new, mask)}
    if done['backup_file']:
        result['backup_file'] = done['backup_file']
    return result


def text_diff(path, old, new, mask=None):
    """What Ansible shows with --diff, from the bytes of a file before and after; None is no file."""
    texts = [(mask(content) if mask else content).decode('utf-8', 'replace') if content else u'' for content in (old, new)]
    return {'before_header': path, 'after_header': path, 'before': texts[0], 'after': texts[1]}
