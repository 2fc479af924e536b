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


@pytest.fixture
def run_module(monkeypatch, capsys):
    """A function (module, arguments, check=False) that gives the result, as printed for the user; 'stdout' is that text."""

    def run(module, arguments, check=False):
        wire = json.dumps({'ANSIBLE_MODULE_ARGS': dict(arguments, _ansible_check_mode=check, _ansible_diff=True, _ansible_remote_tmp='/tmp')})
        monkeypatch.setattr(basic, '_ANSIBLE_ARGS', wire.encode('utf-8'))
        monkeypatch.setattr(warnings, '_global_warnings', type(warnings._global_warnings)())     # of modules that ran before in this process
        if hasattr(basic, '_ANSIBLE_PROFILE'):
            monkeypatch.setattr(basic, '_ANSIBLE_PROFILE', 'legacy')
        with pytest.raises(SystemExit):
            module.main()
        printed = capsys.readouterr().out
        return dict(json.loads(printed), stdout=printed)

    return run
