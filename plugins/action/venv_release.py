# Copyright: (c) 2026, cmsweb.crab maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Brings the wanted wheels of a folder on the controller to the host, and runs the module of the same name."""

from __future__ import annotations

import os
import tarfile
import tempfile

from ansible.errors import AnsibleActionFail
from ansible.plugins.action import ActionBase

from ansible_collections.cmsweb.crab.plugins.plugin_utils import _background, _wheels


class ActionModule(ActionBase):
    """One archive in one transfer, in place of a file at a time."""

    def run(self, tmp=None, task_vars=None):
        result = super().run(tmp, task_vars)
        arguments = dict(self._task.args)
        arguments.setdefault('started_by', _background.whose())
        wheelhouse = arguments.pop('wheelhouse', None)
        wheels = self._wanted(wheelhouse, arguments.get('requirements') or []) if wheelhouse else []
        if not wheels or self._task.check_mode:
            result.update(self._execute_module(module_args=arguments, task_vars=task_vars))
            return result
        self._make_tmp_path()
        folder = self._connection._shell.tmpdir
        try:
            arguments['wheels'] = self._send(wheels, self._connection._shell.join_path(folder, 'wheels.tar'))
            result.update(self._execute_module(module_args=arguments, task_vars=task_vars))
        finally:
            self._remove_tmp_path(folder, force=True)
        return result

    @staticmethod
    def _wanted(wheelhouse, requirements):
        wheels, missing = _wheels.find(wheelhouse, requirements)
        if missing:
            raise AnsibleActionFail('wheelhouse: %s has no wheel of %s.' % (wheelhouse, ', '.join(missing)))
        return wheels

    def _send(self, wheels, target):
        handle, archive = tempfile.mkstemp(suffix='.tar')
        try:
            with os.fdopen(handle, 'wb') as stream, tarfile.open(fileobj=stream, mode='w') as packed:
                for path in wheels:
                    packed.add(path, arcname=os.path.basename(path))
            return self._transfer_file(archive, target)
        finally:
            os.unlink(archive)
