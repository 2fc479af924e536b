# Copyright: (c) 2026, cmsweb.crab maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The data of role report."""

from __future__ import annotations

DOCUMENTATION = r'''
name: report_document
short_description: The report on CRAB REST interfaces as data, from what was seen of the hosts
version_added: 0.2.0
author: cmsweb.crab maintainers (@cmsweb)
description:
  - Role C(cmsweb.crab.report) makes its page and its JSON of this.
  - What looks like a secret is masked.
options:
  _input:
    description:
      - Host name to the results of what was asked, by source, as C(roles/report/vars/main.yml) names them.
      - With O(_names), the C(hostvars) of Ansible, with C(report_seen) and C(report_users_result) of each host.
    type: dict
    required: true
  _title:
    description: Title of the report.
    type: str
    default: ''
  _names:
    description: The hosts.
    type: list
    elements: str
  _time:
    description: The time of the report, in UTC, such as C(now(utc=true)). The default is the present.
    type: raw
    version_added: 1.0.0
positional: _title, _names, _time
'''

EXAMPLES = r'''
- name: The report as data
  ansible.builtin.set_fact:
    report: "{{ {inventory_hostname: {'reached': reached}} | cmsweb.crab.report_document('Our hosts') }}"
'''

RETURN = r'''
_value:
  description:
    - The report, as plain data. C(counts) has the number of hosts by state, C(expiries) what ends when on all of them.
    - C(hosts) has each host with its C(state), V(healthy), V(attention), V(faulty) or V(down), with the C(reason) if it was not reached, and with what could
      not be read in C(unread).
  type: dict
'''

from datetime import datetime, timezone

from ansible_collections.cmsweb.crab.plugins.module_utils import _clock
from ansible_collections.cmsweb.crab.plugins.plugin_utils import _report


def report_document(hosts: dict, title: str = '', names: list[str] | None = None, time: datetime | None = None) -> dict:
    """The filter. Variables of hosts are taken as they are: for Ansible each text in them may be a template, and there may be 100,000 users."""
    if names is not None:
        found = {name: hosts.raw_get(name) for name in names}
        hosts = {name: {**one.get('report_seen', {}), 'users': one.get('report_users_result')} for name, one in found.items()}
    return _report.document(hosts, (time or datetime.fromtimestamp(_clock.now(), timezone.utc)).replace(tzinfo=timezone.utc), title)


class FilterModule:
    """What Ansible asks for."""

    def filters(self) -> dict:
        return {'report_document': report_document}
