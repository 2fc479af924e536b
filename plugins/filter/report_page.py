# Copyright: (c) 2026, cmsweb.crab maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The page of role report."""

from __future__ import annotations

DOCUMENTATION = r'''
name: report_page
short_description: The report on CRAB REST interfaces as one HTML page
version_added: 0.2.0
author: cmsweb.crab maintainers (@cmsweb)
description:
  - Renders a template of Jinja2 with every value escaped. Ansible's own templates know no escaping, C({% autoescape %}) included, and a log line
    or a DN may be anything.
options:
  _input:
    description: What filter C(cmsweb.crab.report_document) gives.
    type: dict
    required: true
  _template:
    description: The text of the template. It finds the input as C(report).
    type: str
    required: true
positional: _template
seealso:
  - plugin: cmsweb.crab.report_document
    plugin_type: filter
'''

EXAMPLES = r'''
- name: A page of one's own
  ansible.builtin.copy:
    content: "{{ report | cmsweb.crab.report_page(lookup('ansible.builtin.file', 'page.html.j2')) }}"
    dest: page.html
    mode: '0600'
'''

RETURN = r'''
_value:
  description: The page.
  type: str
'''

from ansible.errors import AnsibleFilterError
from ansible.utils.unsafe_proxy import wrap_var
from jinja2 import TemplateError

from ansible_collections.cmsweb.crab.plugins.plugin_utils import _report


def report_page(document: dict, template: str) -> str:
    """The filter. What it gives is never taken for a template again."""
    try:
        return wrap_var(_report.page(document, template))
    except TemplateError as error:
        raise AnsibleFilterError(f'report_page: {error}') from error


class FilterModule:
    """What Ansible asks for."""

    def filters(self) -> dict:
        return {'report_page': report_page}
