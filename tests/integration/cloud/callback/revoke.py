"""Deletes an application credential as soon as the server has been asked for: CRAB_REVOKE is its id."""

from __future__ import annotations

import os

import openstack
from ansible.plugins.callback import CallbackBase

DOCUMENTATION = """
name: revoke
type: aggregate
short_description: Revoke an application credential half way
description:
  - Waits for the task that makes the server.
"""


class CallbackModule(CallbackBase):
    """The next task begins only when this is done."""

    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "aggregate"
    CALLBACK_NAME = "revoke"

    def v2_runner_on_ok(self, result) -> None:
        if result._task.action == "openstack.cloud.server":
            owner = openstack.connect(cloud="owner")
            owner.identity.delete_application_credential(owner.current_user_id, os.environ["CRAB_REVOKE"])
