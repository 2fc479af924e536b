# Copyright: (c) 2026, cmsweb.crab maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import pytest

from ansible_collections.cmsweb.crab.plugins.module_utils import _staticconfig
from ansible_collections.cmsweb.crab.plugins.module_utils._errors import CrabError

# The template of Deploy in short, with the line that Deploy appends.
DEPLOYED = b'''\
from WMCore.Configuration import Configuration
import time
conf = Configuration()
main = conf.section_('main')
srv = main.section_('server')
srv.thread_pool = 25
main.port = 8270      # the backend
main.section_('tools').section_('cms_auth').key_file = "%s/auth/wmcore-auth/header-auth-key" % __file__.rsplit('/', 3)[0]
views = conf.section_('views')
data = views.section_('data')
data.serverhostcert = "%s/auth/crabserver/dmwm-service-cert.pem" % __file__.rsplit('/', 3)[0]
data.extconfigurl = 'http://gitlab.example.org/cmsweb-rest-config.json'
data.loggingFile = '%s/CRAB-%s.log' % (__file__.rsplit('/', 4)[0], time.strftime("%Y%m%d"))
data.mode = "cmsweb-dev"
'''


def set_keys(settings, content=DEPLOYED, release=None):
    return _staticconfig.set_keys(content, settings, 'config.py', release)


def test_appended_mode_of_deploy_is_edited_in_place():
    done = set_keys({'data.mode': 'cmsweb-preprod'})
    assert (done['content'], done['changed_keys']) == (DEPLOYED.replace(b'"cmsweb-dev"', b"'cmsweb-preprod'"), ['data.mode'])


def test_the_last_of_several_assignments_is_edited():
    done = set_keys({'main.port': 8271}, DEPLOYED + b'main.port = 1 ; x = 2\n')
    assert done['content'] == DEPLOYED + b'main.port = 8271 ; x = 2\n'


def test_missing_key_is_appended():
    assert set_keys({'srv.socket_host': '127.0.0.1'})['content'] == DEPLOYED + b"srv.socket_host = '127.0.0.1'\n"


def test_file_without_final_newline_gets_one_before_the_new_line():
    assert set_keys({'data.x': 1}, DEPLOYED + b'#')['content'] == DEPLOYED + b'#\ndata.x = 1\n'


@pytest.mark.parametrize('settings', [
    {'data.mode': 'cmsweb-dev', 'main.port': 8270, 'main.server.thread_pool': 25, 'conf.main.port': 8270},
    {'data.serverhostcert': {'expression': "'%s/auth/crabserver/dmwm-service-cert.pem' %  __file__.rsplit('/', 3)[0]"}},
])
def test_same_meaning_in_another_spelling_changes_nothing(settings):
    done = set_keys(settings)
    assert (done['content'], done['changed_keys']) == (DEPLOYED, [])


@pytest.mark.parametrize('later', [b'if main.port:\n    data.mode = 1\n', b'data.mode, x = 1, 2\n', b'data.mode = data.y = 1\n', b'del data.mode\n'])
def test_binding_that_cannot_be_edited_is_overruled_by_a_last_line(later):
    once = set_keys({'data.mode': 'm'}, DEPLOYED + later)
    again = set_keys({'data.mode': 'm'}, once['content'])
    assert (once['content'], again['changed_keys']) == (DEPLOYED + later + b"data.mode = 'm'\n", [])


def test_crlf_tabs_and_bom_stay():
    content = b'\xef\xbb\xbf' + DEPLOYED.replace(b'\n', b'\r\n').replace(b' = ', b'\t=\t')
    done = set_keys({'data.mode': 'm', 'data.new': True}, content)
    assert done['content'] == content.replace(b'"cmsweb-dev"', b"'m'") + b'data.new = True\r\n'


def test_value_over_several_lines_is_replaced_whole():
    content = DEPLOYED + b"data.list = [1,  # one\n    2,\n] # end\ndata.z = \\\n  'a' \\\n  'b'\n"
    done = set_keys({'data.list': ['x'], 'data.z': 'c'}, content)
    assert done['content'] == DEPLOYED + b"data.list = ['x'] # end\ndata.z = \\\n  'c'\n"


def test_text_outside_ascii_brings_the_declaration_that_python_2_needs():
    assert set_keys({'data.x': u'\xe9'})['content'] == b'# -*- coding: utf-8 -*-\n' + DEPLOYED + u"data.x = '\xe9'\n".encode('utf-8')


def test_declared_encoding_is_kept_or_refused():
    latin = b'# coding: latin-1\n' + DEPLOYED
    assert set_keys({'data.x': u'\xe9'}, latin)['content'] == latin + b"data.x = '\xe9'\n"
    with pytest.raises(CrabError) as caught:
        set_keys({'data.x': u'\u2603'}, latin)
    assert caught.value.message == 'settings.data.x: the file declares the encoding latin-1, which has no such character.'


def test_section_call_is_found_by_its_dotted_key():
    done = set_keys({'main.tools.cms_auth.key_file': {'expression': "__file__.rsplit('/', 3)[0] + '/key'"}})
    assert b"section_('cms_auth').key_file = __file__.rsplit('/', 3)[0] + '/key'\n" in done['content']


def test_effective_values_are_returned():
    done = set_keys({'data.mode': 'm', 'data.loggingFile': {'expression': "'%s/x' % __file__.rsplit('/', 4)[0]"}})
    assert done['settings'] == {'data.mode': 'm', 'data.loggingFile': {'expression': "'%s/x' % __file__.rsplit('/', 4)[0]"}}


@pytest.mark.parametrize('expression', [
    "__import__('os').system('x')", 'open("/etc/passwd").read()', "__file__.rsplit('/', x)[0]", "__file__.rsplit('/', 3)[1]", '1 # x', "'a'\n+ 'b'", '',
    'nosuch', "lambda: 1", "{'a': 1}", 5,
])
def test_other_expressions_are_refused(expression):
    with pytest.raises(CrabError) as caught:
        set_keys({'data.x': {'expression': expression}})
    assert caught.value.message.startswith('settings.data.x.expression')


@pytest.mark.parametrize('key, message', [
    ('mode', "settings: 'mode' is no key of config.py."),
    ('data.a-b', "settings: 'data.a-b' is no key of config.py."),
    ('data.class', "settings: 'data.class' is no key of config.py."),
    ('nosuch.x', 'settings.nosuch.x: config.py sets no nosuch.'),
    ('data.nosuch.x', 'settings.data.nosuch.x: config.py has no section data.nosuch.'),
])
def test_wrong_key_is_refused(key, message):
    with pytest.raises(CrabError) as caught:
        set_keys({key: 1})
    assert caught.value.message == message


def test_key_that_no_release_reads_is_refused_with_the_likely_one():
    with pytest.raises(CrabError) as caught:
        set_keys({'data.ketpLogDays': 7}, release='v3.250820')
    assert str(caught.value) == 'settings: no CRABServer release reads data.ketpLogDays. Did you mean data.keptLogDays?'


def test_file_without_a_key_needed_at_start_is_refused():
    with pytest.raises(CrabError) as caught:
        set_keys({'data.delegateDN': '/CN=x'}, release='v3.260819')
    assert str(caught.value) == 'config.py: CRABServer v3.260819 does not start without data.s3_bucket. Add it to settings.'


def test_keys_missed_by_calls_and_typing_errors_of_the_template_are_warned_of():
    done = set_keys({'data.s3_bucket': 'b', 'data.s3': 'CRABServerAuth.s3'}, DEPLOYED + b'data.ketpLogDays = 7\n', release='v3.260819')
    assert done['warnings'] == [
        'data.delegateDN is missing in config.py: calls of CRABServer v3.260819 that need it fail.',
        'data.compatibleClientVersions is missing in config.py: calls of CRABServer v3.260819 that need it fail.',
        'data.ketpLogDays in config.py is read by no CRABServer release; data.keptLogDays is.']


def test_broken_file_is_refused_with_line():
    with pytest.raises(CrabError) as caught:
        set_keys({'data.mode': 'x'}, DEPLOYED + b'data.y = (\n')
    assert 'config.py, line 15, column ' in caught.value.message or 'config.py, line 16, column ' in caught.value.message


def test_all_effective_keys_with_their_lines():
    keys = _staticconfig.effective(DEPLOYED, 'config.py')
    assert keys['data.mode'] == {'value': 'cmsweb-dev', 'line': 14}
    assert keys['data.loggingFile'] == {'value': {'expression': '\'%s/CRAB-%s.log\' % (__file__.rsplit(\'/\', 4)[0], time.strftime("%Y%m%d"))'}, 'line': 13}
    assert keys['main.tools.cms_auth.key_file']['line'] == 8


def test_setting_that_the_release_does_not_read_is_warned_of():
    content = b"data = x.section_('data')\ndata.s3_bucket = 'b'\n"
    done = _staticconfig.set_keys(b'x = 1\n' + content, {'data.mode': 'm', 'data.s3_bucket': 'b'}, 'config.py', 'v3.260407')
    assert 'settings: CRABServer v3.260407 does not read data.mode.' in done['warnings']


@pytest.mark.parametrize('line', [b"data.mode += 'x'\n", b"a, data.mode = 1, 'x'\n", b"del data.mode\n", b"for data.mode in 'ab':\n    pass\n"])
def test_a_key_that_no_plain_assignment_sets_has_its_line_for_a_value(line):
    count = (DEPLOYED + line).splitlines().index(line.splitlines()[0]) + 1
    assert _staticconfig.effective(DEPLOYED + line, 'config.py')['data.mode'] == {'value': {'expression': 'line %d' % count}, 'line': count}
