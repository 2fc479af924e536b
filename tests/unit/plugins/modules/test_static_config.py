# Copyright: (c) 2026, cmsweb.crab maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import os
import stat

from ansible_collections.cmsweb.crab.plugins.modules import static_config, static_config_info

CONFIG = b"from x import conf\nviews = conf.section_('views')\ndata = views.section_('data')\ndata.extconfigurl = 'http://x/'\ndata.mode = \"cmsweb-dev\"\n"


def written(tmp_path):
    path = tmp_path / 'config.py'
    path.write_bytes(CONFIG)
    os.chmod(str(path), 0o644)
    return path


def test_keys_are_set_and_mode_stays(tmp_path, run_module):
    path = written(tmp_path)
    result = run_module(static_config, {'path': str(path), 'settings': {'data.mode': 'cmsweb-preprod'}, 'release': '3.3.1803.patch3'})
    assert (result['changed'], result['changed_keys'], result['settings']) == (True, ['data.mode'], {'data.mode': 'cmsweb-preprod'})
    assert path.read_bytes() == CONFIG.replace(b'"cmsweb-dev"', b"'cmsweb-preprod'")
    assert stat.S_IMODE(os.stat(str(path)).st_mode) == 0o644


def test_second_run_and_check_mode_change_nothing(tmp_path, run_module):
    path = written(tmp_path)
    checked = run_module(static_config, {'path': str(path), 'settings': {'data.mode': 'm'}}, check=True)
    same = run_module(static_config, {'path': str(path), 'settings': {'data.mode': 'cmsweb-dev'}})
    assert (checked['changed'], same['changed'], path.read_bytes()) == (True, False, CONFIG)


def test_check_mode_without_the_file_shows_the_lines(tmp_path, run_module):
    settings = {'data.mode': 'm', 'data.loggingFile': {'expression': "__file__.rsplit('/', 3)[0] + '/x'"}}
    result = run_module(static_config, {'path': str(tmp_path / 'no' / 'config.py'), 'settings': settings}, check=True)
    assert result['changed'] and result['diff']['after'] == "data.loggingFile = __file__.rsplit('/', 3)[0] + '/x'\ndata.mode = 'm'\n"


def test_missing_file_is_refused_outside_check_mode(tmp_path, run_module):
    path = str(tmp_path / 'config.py')
    result = run_module(static_config, {'path': path, 'settings': {'data.mode': 'm'}})
    assert result['msg'] == 'There is no %s. Run the deploy stage first: Deploy makes it.' % path


def test_info_gives_values_and_lines(tmp_path, run_module):
    result = run_module(static_config_info, {'path': str(written(tmp_path))})
    assert (result['settings'], result['lines']) == ({'data.mode': 'cmsweb-dev', 'data.extconfigurl': 'http://x/'}, {'data.mode': 5, 'data.extconfigurl': 4})


def test_info_of_no_file(tmp_path, run_module):
    assert run_module(static_config_info, {'path': str(tmp_path / 'x')})['exists'] is False
