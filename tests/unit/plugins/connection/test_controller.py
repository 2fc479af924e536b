# Copyright: (c) 2026, cmsweb.crab maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import json
import os
import subprocess
import sys

from pathlib import Path

import yaml

COLLECTIONS = Path(__file__).resolve().parents[4] / 'collections'
TASK = {'name': 'Who and what runs this', 'ansible.builtin.setup': {'gather_subset': ['!all', 'python', 'user']}, 'delegate_to': 'localhost',
        'vars': {'ansible_connection': 'cmsweb.crab.controller'}}
COPY = dict(TASK, **{'ansible.builtin.copy': {'content': '{{ ansible_facts | to_json }}', 'dest': '{{ answer }}', 'mode': '0600'}})
del COPY['ansible.builtin.setup']


def test_it_is_the_python_and_the_account_of_ansible_whatever_is_given_with_e(tmp_path):
    """As a module and as an action that copies a file before."""
    play = {'hosts': 'crab-vm.example.org', 'gather_facts': False, 'become': True, 'tasks': [TASK, COPY]}
    (tmp_path / 'play.yml').write_text(yaml.safe_dump([play]))
    extra = {'ansible_python_interpreter': '/nonexistent/python', 'ansible_become': True, 'ansible_become_exe': '/nonexistent/sudo',
             'answer': str(tmp_path / 'answer')}
    environment = dict(os.environ, ANSIBLE_COLLECTIONS_PATH=str(COLLECTIONS), ANSIBLE_HOME=str(tmp_path), ANSIBLE_LOCAL_TEMP=str(tmp_path))

    done = subprocess.run([sys.executable, '-m', 'ansible.cli.playbook', '-i', 'crab-vm.example.org,', str(tmp_path / 'play.yml'), '-e', json.dumps(extra)],
                          env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)

    assert done.returncode == 0, done.stdout
    facts = json.loads((tmp_path / 'answer').read_text())
    assert facts['python']['executable'] == sys.executable
    assert facts['user_uid'] == os.geteuid()
