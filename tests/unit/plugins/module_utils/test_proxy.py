# Copyright: (c) 2026, cmsweb.crab maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import calendar

import pytest

from ansible_collections.cmsweb.crab.plugins.module_utils import _proxy
from ansible_collections.cmsweb.crab.plugins.module_utils._errors import CrabError

ALICE = '/DC=org/OU=Users/CN=alice/CN=123456/CN=Alice Example'
# What "openssl asn1parse -strparse" prints of an attribute certificate, the lines that count.
ATTRIBUTES = '''\
  258:d=4  hl=2 l=   1 prim: INTEGER           :01
  263:d=5  hl=2 l=  15 prim: GENERALIZEDTIME   :20261123192437Z
  280:d=5  hl=2 l=  15 prim: GENERALIZEDTIME   :20261201192437Z
  355:d=9  hl=2 l=  30 prim: OCTET STRING      :/cms/Role=NULL/Capability=NULL
  387:d=9  hl=2 l=  42 prim: OCTET STRING      :/cms/integration/Role=production/Capability=NULL
 1441:d=6  hl=2 l=   2 prim: OCTET STRING      [HEX DUMP]:0500
'''


@pytest.mark.parametrize('subject, identity', [
    (ALICE, ALICE), (ALICE + '/CN=1234567', ALICE), (ALICE + '/CN=1234567/CN=89', ALICE), (ALICE + '/CN=proxy/CN=limited proxy', ALICE),
])
def test_the_identity_is_the_person_behind_all_proxies(subject, identity):
    assert _proxy.identity_of(subject) == identity


def test_the_attributes_end_with_the_second_time_and_have_all_groups():
    ends, fqans = _proxy.parse_attributes(ATTRIBUTES)

    assert ends == calendar.timegm((2026, 12, 1, 19, 24, 37))
    assert fqans == ['/cms/Role=NULL/Capability=NULL', '/cms/integration/Role=production/Capability=NULL']


def test_a_proxy_without_attributes_is_read_whole(pki):
    proxy = _proxy.Proxy(pki.proxy('proxy', 'alice'), 'content')

    assert proxy.identity == ALICE
    assert proxy.ac_ends is None and proxy.fqans == [] and proxy.vo is None


def test_the_shortest_link_counts(pki):
    proxy = _proxy.Proxy(pki.proxy('proxy', 'alice'), 'content')

    assert proxy.usable_until(True) == proxy.ends
    proxy.ac_ends = proxy.ends - 100
    assert proxy.usable_until(True) == proxy.ends - 100
    assert proxy.usable_until(False) == proxy.ends


def test_what_is_no_proxy_is_refused_with_what_was_found(pki):
    with pytest.raises(CrabError, match='content is no proxy: it has 1 certificates and 0 keys'):
        _proxy.Proxy(pki.read('alice.pem'), 'content')


def test_a_key_of_another_certificate_is_refused(pki):
    content = pki.proxy('proxy', 'alice').replace(pki.read('proxy.key'), pki.read('host.key'))

    with pytest.raises(CrabError, match='the key does not match the first certificate'):
        _proxy.Proxy(content, 'content')


class Fake:
    ends, ac_ends, vo = 100000.0, 90000.0, 'cms'


@pytest.mark.parametrize('changes, now, message', [
    ({'ac_ends': None}, 0, 'x has no VOMS attributes. Make a new one: voms-proxy-init --voms cms --valid 192:00'),
    ({'vo': 'atlas'}, 0, 'x has attributes of the VO atlas, not of cms.'),
    ({'ends': 900000.0}, 50000, 'x: its VOMS attributes end at 1970-01-02T01:00:00Z, in 11.1 hours, and 24 are wanted.'),
    ({'ac_ends': 900000.0}, 50000, 'x: the proxy ends at 1970-01-02T03:46:40Z, in 13.9 hours, and 24 are wanted.'),
])
def test_a_proxy_that_does_not_serve_is_refused_with_the_cause_and_the_command(changes, now, message):
    proxy = Fake()
    for name, value in changes.items():
        setattr(proxy, name, value)

    with pytest.raises(CrabError) as caught:
        _proxy.refuse_faulty(proxy, 'x', 'cms', 24, True, now)

    assert str(caught.value).startswith(message)


def test_without_the_demand_for_attributes_only_the_chain_counts():
    proxy = Fake()
    proxy.ac_ends = None

    assert _proxy.refuse_faulty(proxy, 'x', 'cms', 24, False, 0) is None


def test_attributes_without_their_times_are_damaged():
    with pytest.raises(CrabError, match='The VOMS attributes of the proxy are damaged'):
        _proxy.parse_attributes('  0:d=0  hl=2 l= 10 prim: OCTET STRING :/cms/Role=NULL')
