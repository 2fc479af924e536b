# Copyright: (c) 2026, cmsweb.crab maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import pytest

from ansible_collections.cmsweb.crab.plugins.module_utils import _vomsfiles
from ansible_collections.cmsweb.crab.plugins.module_utils._errors import CrabError

CMS = {'alias': 'cms', 'host': 'voms.example.org', 'port': 443, 'dn': '/DC=ch/CN=voms.example.org', 'issuer_dn': '/DC=ch/CN=CA'}


@pytest.fixture
def folders(tmp_path):
    return str(tmp_path / 'vomses'), str(tmp_path / 'vomsdir')


def apply(folders, endpoints=(CMS,), purge=True, check=False):
    return _vomsfiles.apply('cms', list(endpoints), folders[0], folders[1], purge, check)


def test_a_vomses_line_has_five_quoted_fields():
    assert _vomsfiles.vomses_line('cms', CMS) == '"cms" "voms.example.org" "443" "/DC=ch/CN=voms.example.org" "cms"\n'


def test_an_lsc_file_has_the_server_and_its_issuer_under_the_name_that_the_server_gives_itself(tmp_path, folders):
    apply(folders, [dict(CMS, lsc_host='voms-ac.example.org')])

    assert (tmp_path / 'vomsdir' / 'cms' / 'voms-ac.example.org.lsc').read_bytes() == b'/DC=ch/CN=voms.example.org\n/DC=ch/CN=CA\n'
    assert (tmp_path / 'vomses' / 'cms-voms.example.org').read_bytes() == b'"cms" "voms.example.org" "443" "/DC=ch/CN=voms.example.org" "cms"\n'


def test_a_second_run_changes_nothing(folders):
    apply(folders)

    assert apply(folders) == (False, {}, {})


def test_check_mode_on_a_virgin_host_writes_nothing(tmp_path, folders):
    changed, before, after = apply(folders, check=True)

    assert changed is True and len(after) == 2
    assert list(tmp_path.iterdir()) == []


def test_stale_servers_of_the_vo_go_and_other_vos_stay(tmp_path, folders):
    apply(folders)
    (tmp_path / 'vomses' / 'old').write_bytes(b'"cms" "voms2.example.org" "15002" "/CN=voms2" "cms"\n')
    (tmp_path / 'vomses' / 'mixed').write_bytes(b'# kept\n"cms" "voms3.example.org" "15002" "/CN=voms3" "cms"\n"atlas" "a.example.org" "1" "/CN=a" "atlas"\n')
    (tmp_path / 'vomsdir' / 'cms' / 'voms2.example.org.lsc').write_bytes(b'x')

    changed, before, after = apply(folders)

    assert changed is True
    assert sorted(path.name for path in (tmp_path / 'vomses').iterdir()) == ['cms-voms.example.org', 'mixed']
    assert (tmp_path / 'vomses' / 'mixed').read_bytes() == b'# kept\n"atlas" "a.example.org" "1" "/CN=a" "atlas"\n'
    assert [path.name for path in (tmp_path / 'vomsdir' / 'cms').iterdir()] == ['voms.example.org.lsc']


def test_without_purge_the_stale_ones_stay(tmp_path, folders):
    apply(folders)
    (tmp_path / 'vomses' / 'old').write_bytes(b'"cms" "voms2.example.org" "15002" "/CN=voms2" "cms"\n')

    assert apply(folders, purge=False)[0] is False


@pytest.mark.parametrize('field, value, message', [
    ('dn', 'DC=ch/CN=x', 'endpoints[0].dn: DC=ch/CN=x is no DN.'), ('issuer_dn', '', 'endpoints[0].issuer_dn is missing.'),
    ('host', 'a/b', 'endpoints[0].host: a/b has other than letters'), ('port', None, 'endpoints[0].port is missing.'),
    ('dn', '/CN=a"b', 'endpoints[0].dn: /CN=a"b is no DN.'),
])
def test_a_wrong_endpoint_is_named_and_nothing_is_written(tmp_path, folders, field, value, message):
    with pytest.raises(CrabError) as caught:
        apply(folders, [dict(CMS, **{field: value})])

    assert str(caught.value).startswith(message)
    assert list(tmp_path.iterdir()) == []


def test_a_file_in_place_of_the_folder_is_refused(tmp_path, folders):
    (tmp_path / 'vomses').write_bytes(b'')

    with pytest.raises(CrabError, match='is a file, and a folder was expected'):
        apply(folders)


def test_the_endpoints_of_a_host_are_read_in_the_form_that_they_are_written_in(tmp_path):
    vomses, vomsdir = str(tmp_path / 'vomses'), str(tmp_path / 'vomsdir')
    endpoints = [{'alias': 'cms', 'host': 'voms.example.org', 'port': 443, 'dn': '/DC=ch/CN=named-otherwise', 'issuer_dn': '/DC=ch/CN=CA',
                  'lsc_host': 'other.example.org'}]
    _vomsfiles.apply('cms', endpoints, vomses, vomsdir, True, False)
    (tmp_path / 'vomses' / 'atlas').write_text(u'"atlas" "voms.example.org" "443" "/CN=x" "atlas"\n')
    (tmp_path / 'vomses' / 'nolsc').write_text(u'"cms" "gone.example.org" "15002" "/CN=gone" "cms"\n')

    assert _vomsfiles.endpoints_of('cms', vomses, vomsdir) == endpoints


def test_a_host_without_vomses_knows_no_endpoint(tmp_path):
    assert _vomsfiles.endpoints_of('cms', str(tmp_path / 'vomses'), str(tmp_path / 'vomsdir')) == []
