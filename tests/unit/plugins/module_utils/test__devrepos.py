# Copyright: (c) 2026, cmsweb.crab maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import pytest

from ansible_collections.cmsweb.crab.plugins.module_utils import _devrepos
from ansible_collections.cmsweb.crab.plugins.module_utils._errors import CrabError

PACKAGED = b'''\
. /data/srv/x/etc/profile.d/dependencies-setup.sh
export CRABSERVER_ROOT="/data/srv/x";
# PYTHONPATH=comment
[ ! -d /data/srv/x/${PYTHON_LIB_SITE_PACKAGES} ] || export PYTHONPATH="/data/srv/x/${PYTHON_LIB_SITE_PACKAGES}${PYTHONPATH:+:$PYTHONPATH}";
[ ! -d /data/srv/x/x${PYTHON_LIB_SITE_PACKAGES} ] || export PYTHONPATH="/data/srv/x/x${PYTHON_LIB_SITE_PACKAGES}${PYTHONPATH:+:$PYTHONPATH}";
'''
SOURCES = ['/data/user/CRABServer/src/python', '/data/user/WMCore/src/python']


def test_two_lines_are_commented_out_and_ours_is_the_last():
    before, after = PACKAGED.splitlines(), _devrepos.switched(PACKAGED, 'init.sh', SOURCES).splitlines()
    assert after == before[:3] + [b'#cmsweb.crab# ' + line for line in before[3:]] + [
        b'export PYTHONPATH=/data/user/CRABServer/src/python:/data/user/WMCore/src/python${PYTHONPATH:+:$PYTHONPATH}   # cmsweb.crab: own repositories']


@pytest.mark.parametrize('content', [
    PACKAGED, PACKAGED.rstrip(b'\n'), b'', b'x=1', PACKAGED.replace(b'\n', b'\r\n'),
    # The wiki's way, by hand
    PACKAGED.replace(b'[ !', b'#[ !') + b'export PYTHONPATH=/data/user/CRABServer/src/python/:/data/user/WMCore/src/python/:$PYTHONPATH\n'])
def test_a_second_time_changes_nothing_and_the_way_back_gives_every_byte(content):
    once = _devrepos.switched(content, 'init.sh', SOURCES)
    assert once != content and _devrepos.switched(once, 'init.sh', SOURCES) == once
    assert _devrepos.switched(once, 'init.sh') == content
    assert _devrepos.switched(content, 'init.sh') == content


def test_other_folders_replace_ours():
    once = _devrepos.switched(PACKAGED, 'init.sh', SOURCES)
    assert _devrepos.switched(once, 'init.sh', ['/other']) == _devrepos.switched(PACKAGED, 'init.sh', ['/other'])


@pytest.mark.parametrize('content, sources, message', [
    (b'export PYTHONPATH=a:\\\nb\n', SOURCES, 'init.sh: the line that sets PYTHONPATH goes on in the next one.'),
    (PACKAGED, ['/data/a b'], 'path: /data/a b cannot stand in PYTHONPATH.'), (PACKAGED, ['/$(rm)'], 'path: /$(rm) cannot stand in PYTHONPATH.')])
def test_what_cannot_be_done_safely_is_refused(content, sources, message):
    with pytest.raises(CrabError) as caught:
        _devrepos.switched(content, 'init.sh', sources)
    assert caught.value.args[0].startswith(message)


@pytest.mark.parametrize('files, version', [
    ({'cicd/crabserver_pypi/wmcore_requirements.txt': '# WMCore\n# <url> <tag>\nhttps://github.com/dmwm/WMCore 2.4.5.2\n',
      'requirements.txt': 'wmcver==2.3.3'}, '2.4.5.2'),
    ({'requirements.txt': '# Dependency==version\n\nwmcver==1.5.3\n'}, '1.5.3'),
    ({'package/lib/python2.7/site-packages/WMCore/__init__.py': "#!/usr/bin/env python\n__version__ = '1.1.11'\n"}, '1.1.11'), ({}, None)])
def test_version_of_wmcore_is_the_one_that_the_release_names(tmp_path, files, version):
    for name in files:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(files[name].encode('ascii'))
    script = tmp_path / 'package' / 'etc' / 'profile.d' / 'init.sh'
    assert _devrepos.wmcore_version(str(tmp_path), str(script)) == version
