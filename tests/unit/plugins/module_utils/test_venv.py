# Copyright: (c) 2026, cmsweb.crab maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import getpass
import os
import subprocess

import pytest

from ansible_collections.cmsweb.crab.plugins.module_utils import _venv, _venvtexts, _versions
from ansible_collections.cmsweb.crab.plugins.module_utils._errors import CrabError

PINS = ['wmcore==2.4.5.2', 'cherrypy==18.10.0']


def release(root, **changes):
    values = dict(root=str(root), version='v3.260819', user=getpass.getuser(), repository='https://git.example.org/CRABServer.git', requirements=PINS,
                  python='/usr/bin/python3', python_path=[], environment={}, address='127.0.0.1', log_days=30)
    return _venv.Release(**dict(values, **changes))


@pytest.mark.parametrize('changes, said', [
    ({'version': '../etc'}, 'cannot be the name of a folder'),
    ({'version': 'current'}, 'cannot be the name of a folder'),
    ({'version': 'master'}, 'no date in the CRABServer version master'),
    ({'requirements': ['wmcore==2.4.5.2', 'boto3>=1.12']}, 'boto3>=1.12 names no exact version'),
    ({'requirements': ['cherrypy==18.10.0']}, 'wmcore is missing'),
    ({'environment': {'A B': '1'}}, 'A B is no name of a variable'),
    ({'header_key': 'c2hvcnQ='}, 'not the base64 of 16 bytes or more'),
    ({'header_key': '?'}, 'not the base64 of 16 bytes or more'),
])
def test_a_wish_that_cannot_be_met_is_refused_by_name(tmp_path, changes, said):
    with pytest.raises(CrabError) as error:
        release(tmp_path, **changes)

    assert said in str(error.value)


def test_a_virgin_host_lacks_every_part_and_nothing_is_touched(tmp_path):
    root = tmp_path / 'srv'

    gaps = _venv.install(release(root), check=True)

    assert [gap.split(' ')[0] for gap in gaps][-2:] == ['%s/v3.260819/bin/crabserver,' % root, 'current']
    assert 'CRABServer v3.260819 from https://git.example.org/CRABServer.git' in gaps
    assert 'config.py, listening on 127.0.0.1' in gaps
    assert not root.exists()


@pytest.mark.parametrize('said, told', [('exit 3', 'it does not run'), ('echo 3 6', '3.6')])
def test_a_python_that_is_too_old_is_refused_before_anything_is_made(tmp_path, said, told):
    python = tmp_path / 'python3'
    python.write_text(u'#!/bin/sh\n%s\n' % said)
    python.chmod(0o755)

    with pytest.raises(CrabError) as error:
        _venv.install(release(tmp_path / 'srv', python=str(python)), check=False)

    assert '%s is no Python 3.9 or later: %s.' % (python, told) in str(error.value)
    assert not (tmp_path / 'srv').exists()


def test_a_password_in_the_repository_url_is_not_told(tmp_path):
    gaps = _venv.install(release(tmp_path, repository='https://alice:secret@git.example.org/CRABServer.git'), check=True)

    assert 'secret' not in ' '.join(gaps)


def test_other_requirements_are_another_environment_whatever_their_order(tmp_path):
    one = release(tmp_path).virtualenv

    assert release(tmp_path, requirements=PINS[::-1]).virtualenv == one
    assert release(tmp_path, requirements=PINS + ['cx_Oracle==8.3.0']).virtualenv != one
    assert os.path.basename(one).startswith('2.4.5.2-')


def test_an_environment_that_was_interrupted_is_a_gap_until_its_mark_is_there(tmp_path):
    wanted = release(tmp_path)
    os.makedirs(wanted.virtualenv)
    part = _venv.Virtualenv(wanted)

    assert part.gap() == 'virtual environment %s' % wanted.virtualenv
    with open(os.path.join(wanted.virtualenv, _venv.DONE), 'w') as mark:
        mark.write('cherrypy==18.10.0\nwmcore==2.4.5.2\n')
    assert part.gap() is None


def test_the_address_is_mended_in_a_config_that_somebody_edited_and_all_else_is_left(tmp_path):
    wanted = release(tmp_path, address='192.0.2.7')
    path = os.path.join(wanted.tree, 'config', 'crabserver', 'config.py')
    os.makedirs(os.path.dirname(path))
    with open(path, 'w') as target:
        target.write(_venvtexts.config('v3.260819') + "srv.socket_host = '127.0.0.1'\nsrv.thread_pool = 7\n")
    part = _venv.Configuration(wanted)

    assert part.gap() == 'address 192.0.2.7 in config.py'
    assert part._wanted().decode().endswith("srv.socket_host = '192.0.2.7'\nsrv.thread_pool = 7\n")


@pytest.mark.parametrize('version, there, absent', [
    ('v3.250820', ('data.s3 ', 'data.keptLogDays ', 'data.credpath '), ('data.serverhostcert ',)),
    ('v3.260819', ('data.s3 ', 'data.keptLogDays '), ('data.credpath ', 'data.serverhostcert ')),
])
def test_a_new_config_has_the_keys_that_its_release_reads(version, there, absent):
    text = _venvtexts.config(version)

    compile(text, 'config.py', 'exec')
    assert [key for key in there if key not in text] == []
    assert [key for key in absent if key in text] == []


def test_the_launcher_is_valid_and_quotes_what_it_is_given(tmp_path):
    path = tmp_path / 'crabserver'
    path.write_text(u'%s' % _venvtexts.launcher(['/opt/a b'], {'TNS_ADMIN': "/etc/it's; rm", 'N': 3}))

    subprocess.check_call(['bash', '-n', str(path)])
    text = path.read_text()
    assert "PYTHONPATH=$auth:$PYTHONPATH:'/opt/a b'\n" in text
    assert "export N=3\nexport TNS_ADMIN='/etc/it'\"'\"'s; rm'\n" in text


def test_a_frontends_key_of_elsewhere_is_wanted_in_place_of_any_other_and_a_refusal_does_not_tell_it(tmp_path):
    wanted = release(tmp_path, header_key='AAECAwQFBgcICQoLDA0ODxAREhM=')
    path = os.path.join(wanted.tree, 'auth', 'wmcore-auth', 'header-auth-key')
    os.makedirs(os.path.dirname(path))
    os.makedirs(str(tmp_path / 'state/frontend/etc/keys'))
    for place in (path, str(tmp_path / 'state/frontend/etc/keys/authz-headers')):
        with open(place, 'wb') as target:
            target.write(b'x' * 20)
    part = _venv.Secrets(wanted)

    assert part.gap() == 'header key %s' % path
    assert part._wanted() == bytes(bytearray(range(20)))
    with pytest.raises(CrabError) as error:
        release(tmp_path, header_key='c2VjcmV0')
    assert 'c2VjcmV0' not in str(error.value)


def test_a_switch_notes_what_it_replaces_and_is_on_trial_until_confirmed(tmp_path):
    user = getpass.getuser()
    for version in ('v3.250820', 'v3.260819'):
        os.makedirs(str(tmp_path / version / 'config'))

    assert _venv.switch(release(tmp_path, version='v3.250820')) is None
    assert _venv.switch(release(tmp_path)) == 'v3.250820'
    assert _venv.switch(release(tmp_path)) is None

    assert _versions.current(str(tmp_path)) == 'v3.260819'
    record = _versions.read_record(str(tmp_path), 'v3.260819')
    assert (record['replaces'], record['trial'], record['done']) == ('v3.250820', True, 'post')
    assert _versions.confirm(str(tmp_path), 'v3.260819', user, False)
    assert _versions.read_record(str(tmp_path), 'v3.260819')['trial'] is False


def test_a_link_is_made_to_lead_elsewhere_also_over_a_leftover(tmp_path):
    path = str(tmp_path / 'current')
    os.symlink('old', path)
    os.symlink('half', str(tmp_path / '.current.new'))

    _venv.point(path, 'new', getpass.getuser())

    assert os.readlink(path) == 'new'
    assert sorted(os.listdir(str(tmp_path))) == ['current']
