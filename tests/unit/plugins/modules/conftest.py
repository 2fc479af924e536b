# Copyright: (c) 2026, cmsweb.crab maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Run a module as Ansible runs it on a host: arguments in as JSON, the printed result out."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import json

import pytest

from ansible.module_utils import basic
from ansible.module_utils.common import warnings
try:
    from ansible.module_utils import _internal
    from ansible.module_utils.common.json import Direction, get_module_decoder
except ImportError:     # before ansible-core 2.19
    _internal = None


@pytest.fixture
def run_module(monkeypatch, capsys):
    """A function (module, arguments, check=False) that gives the result, as printed for the user; 'stdout' is that text."""

    def run(module, arguments, check=False):
        internal = {'_ansible_check_mode': check, '_ansible_diff': True, '_ansible_remote_tmp': '/tmp'}
        if _internal:
            internal['_ansible_inject_invocation'] = True   # or ansible-core 2.21 leaves it out
        wire = json.dumps({'ANSIBLE_MODULE_ARGS': dict(arguments, **internal)})
        monkeypatch.setattr(basic, '_ANSIBLE_ARGS', wire.encode('utf-8'))
        monkeypatch.setattr(warnings, '_global_warnings', type(warnings._global_warnings)())     # of modules that ran before in this process
        if _internal:
            monkeypatch.setattr(basic, '_ANSIBLE_PROFILE', 'legacy')
            monkeypatch.setattr(_internal, 'is_controller', False)
        with pytest.raises(SystemExit):
            module.main()
        printed = capsys.readouterr().out
        result = _read(printed)
        assert not result.get('deprecations'), result['deprecations']
        return dict(result, stdout=printed)

    return run


def _read(printed):
    """A printed result as the controller reads it, its warnings as texts."""
    if not _internal:
        return json.loads(printed)
    result = json.loads(printed, cls=get_module_decoder('legacy', Direction.MODULE_TO_CONTROLLER))
    return dict(result, **dict((name, [summary.event.msg for summary in result[name]]) for name in ('warnings', 'deprecations') if name in result))
