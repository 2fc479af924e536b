"""Counts the module runs on the hosts: a line "HOST MODULE ROLE" each, in the file that CRAB_MODULE_RUNS names.

Not the tasks: copy and template are two runs each, a debug task is none, and what is delegated to the controller does not count.
"""

from __future__ import annotations

import os

from ansible.plugins.action import ActionBase
from ansible.plugins.callback import CallbackBase

DOCUMENTATION = """
name: module_runs
type: aggregate
short_description: Count the module runs on the hosts
description:
  - Writes a line for each module that is run on a host.
"""


class CallbackModule(CallbackBase):
    """Loaded before the workers are forked, so that each of them has the counting method."""

    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "aggregate"
    CALLBACK_NAME = "module_runs"

    def __init__(self) -> None:
        super().__init__()
        path, execute = os.environ["CRAB_MODULE_RUNS"], ActionBase._execute_module

        def counted(self, *args, **kwargs):
            if self._connection.transport != "local":
                with open(path, "a", encoding="utf-8") as runs:
                    runs.write(f"{self._play_context.remote_addr} {kwargs.get('module_name') or self._task.action} {self._task._role or '-'}\n")
            return execute(self, *args, **kwargs)

        ActionBase._execute_module = counted
